"""Engines for the two databases, and transactions that may write."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from adapters.persistence import sqlite_functions
from adapters.persistence.tables import metadata


class Database:
    """One database behind a pool of connections. `url` as SQLAlchemy takes it; `postgresql://` means psycopg 3.

    On SQLite writers take turns: one lock inside the process (waiting on SQLite's own lock sleeps far too long), and
    SQLite's across processes.
    """

    def __init__(self, url: str, *, pool_size: int = 20) -> None:
        self.url = sa.make_url(url)
        if self.url.get_backend_name() == "postgresql":
            self.url = self.url.set(drivername="postgresql+psycopg")
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self._turn = threading.Lock()
        if self.sqlite and self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        self.engine = sa.create_engine(
            self.url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=not self.sqlite
        )
        if self.sqlite:
            prepare_sqlite(self.engine)

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A connection in a transaction that may write. Commit it or lose it."""
        if not self.sqlite:
            with self.engine.connect() as connection:
                yield connection
            return
        with self._turn, self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        with self.engine.connect() as connection:
            yield connection

    def ping(self) -> None:
        """Raises sqlalchemy.exc.SQLAlchemyError when the database cannot be reached."""
        with self.reading() as connection:
            connection.execute(sa.select(1))

    def close(self) -> None:
        self.engine.dispose()


def prepare_sqlite(engine: sa.Engine) -> None:
    """WAL, waiting for the lock, and transactions begun by us: the driver's own begin is deferred and may deadlock."""

    @sa.event.listens_for(engine, "connect")
    def configure(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA busy_timeout=30000")
        sqlite_functions.install(connection)


__all__ = ["Database", "metadata", "prepare_sqlite"]


def insert_once(connection: sa.Connection, table: sa.Table, row: dict[str, Any]) -> bool:
    """Insert unless a row with the same key is there; waits for a concurrent transaction that inserts it."""
    return connection.execute(_insert_once(table, connection.dialect.name), row).first() is not None


@cache
def _insert_once(table: sa.Table, dialect: str) -> sa.Insert:
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    # The row comes back when it was inserted. Rows are not counted: on psycopg SQLAlchemy 2.1 says -1 for an insert.
    return insert(table).on_conflict_do_nothing().returning(*table.primary_key)
