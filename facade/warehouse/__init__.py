"""The warehouse: history, current state and metrics of everything that happened, in a DuckDB file of its own.

It is a client of the feed (`GET /api/v1/events`), and knows nothing else of the product. DuckDB and pygal are the extra
`warehouse` of the package, so the command line imports what is here only when somebody asks for it.

    tables.py      the tables and views, and the statements that fold a chunk of events into them
    store.py       the file: one transaction for each chunk, with its cursor
    questions.py   queries that cannot change anything
    feed.py        reads the events over HTTP
    following.py   from the feed into the store, also from the beginning
    asking.py      asks the process that owns the file, or the file
    report.py, charts.py   one page for a manager
"""
