"""Documents of one moment: copied to a file of ours in one transaction, so that it is over soon."""

import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import IO, Any

import sqlalchemy as sa

from adapters.persistence.database import Database
from adapters.persistence.encoding import timestamp
from adapters.persistence.search import every
from adapters.persistence.visibility import is_visible, shown_at
from canonical.processes.signs_of_life import at_work
from canonical.shared.aggregates import Kind
from canonical.shared.criteria import Criterion
from canonical.shared.projection import SearchIndex

SECONDS = 300.0
AT_ONCE = 500
Asked = tuple[Kind[Any], SearchIndex, Criterion | None]


class SqlSnapshots:
    def __init__(self, database: Database) -> None:
        self._database = database

    def documents(self, asked: Sequence[Asked], at: datetime) -> Iterator[tuple[int, str]]:
        """The documents that each asks for, those of one after those of the other, by their references: the number of
        what asked for it, and the text. Of versions those that are found by their references at the moment.
        """
        with tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n") as copy:
            self._copy(asked, at, copy)
            copy.seek(0)
            for line in copy:
                number, _, text = line.partition(" ")
                yield int(number), text.rstrip("\n")

    def _copy(self, asked: Sequence[Asked], at: datetime, copy: IO[str]) -> None:
        with self._database.reading(SECONDS) as connection:
            connection.exec_driver_sql(
                "BEGIN" if self._database.sqlite else "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
            )
            options = connection.execution_options(stream_results=True, yield_per=AT_ONCE)
            for number, (kind, index, criterion) in enumerate(asked):
                mine = [*shown_at(sa.literal(timestamp(at))), is_visible()]
                for row in options.execute(every(options, kind.name, index, mine, criterion)):
                    copy.write(f"{number} {row.document}\n")
                at_work()
            connection.rollback()
