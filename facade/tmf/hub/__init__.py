"""Registration for notifications: the hub of every TM Forum API, in both versions.

`handlers` answers, `callbacks` says which addresses may be told, `queries` which notifications can be asked for;
`canonical.listeners` keeps what is registered.
"""
