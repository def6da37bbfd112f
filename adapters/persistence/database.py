"""Engines for the two databases, and transactions that may write."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError

from adapters.persistence import sqlite_functions
from adapters.persistence.places import Places
from adapters.persistence.postgres import create_engine
from adapters.persistence.prepared import Prepared
from adapters.persistence.sqlite_files import OpenedFiles
from adapters.persistence.trouble import TranslatedErrors
from canonical.shared.deadline import seconds_left, within

SECONDS = 5.0
"""The default for one use of a database."""
USUAL = 0.8
"""The share of its seconds that a use has left at its start, unless it waited or has a near deadline."""
MOST_WAITING = 12
BUSY_SECONDS = 30
"""For a lock on SQLite's file, where there is no deadline."""
TRANSLATED_ERRORS = TranslatedErrors()
LONGEST_COURTESY = 0.1
"""Seconds that one use waits while others wait for their turn, if it lets them go first."""
_SQLITE_POOL = (20, 20)
_POSTGRES_POOL = (10, 0)
"""The connections that stay open, and how many more there may be. PostgreSQL has 100 for all clients. A thread without
a place waits until another one ends its transaction, so no thread may take a second connection while it holds one.
"""
_ADDRESSES = "postgresql://user:password@host/name or sqlite:////folder/file.db"


class UnusableAddress(ValueError):
    """Not the address of a supported database. The message does not repeat it, because it may contain a password."""


def address(text: str) -> sa.URL:
    """The address as SQLAlchemy takes it; `postgresql://` means psycopg 3. Raises UnusableAddress."""
    try:
        url = sa.make_url(text)
    except (ArgumentError, ValueError):
        raise UnusableAddress(f"it is not an address of a database; use {_ADDRESSES}") from None
    match url.get_backend_name():
        case "sqlite" if url.database in (None, "", ":memory:") or url.query.get("mode") == "memory":
            raise UnusableAddress(f"SQLite in memory would lose all data; use {_ADDRESSES}")
        case "sqlite":
            return url
        case "postgresql":
            return url.set(drivername="postgresql+psycopg")
        case other:
            raise UnusableAddress(f"{other} is not supported; use {_ADDRESSES}")


class Database:
    """One database behind a pool of connections. Raises UnusableAddress.

    Each use ends within `seconds`, or by the deadline of the work at hand where that is nearer: finding a place,
    connecting, waiting for locks and answers. While the database hangs, at most `most_waiting` threads wait for it.

    On SQLite writers take turns: one place inside the process (waiting on SQLite's own lock sleeps far too long), and
    SQLite's across processes.
    """

    def __init__(self, url: str, seconds: float = SECONDS, most_waiting: int = MOST_WAITING) -> None:
        self.url = address(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self._seconds = seconds
        kept, more = _SQLITE_POOL if self.sqlite else _POSTGRES_POOL
        # The connection used last is taken first: its caches are warm, and connections from a burst stay unused.
        pool = {"pool_size": kept, "max_overflow": more, "pool_use_lifo": True}
        self._places = Places(kept + more, most_waiting)
        self._turn = Places(1, most_waiting)
        self._files = OpenedFiles(str(self.url.database)) if self.sqlite else None
        if self._files:
            self.engine = _sqlite(self.url, pool, self._files, seconds)
        else:
            self.engine = create_engine(self.url, seconds, pool)

    @contextmanager
    def writing(self, seconds: float | None = None) -> Iterator[sa.Connection]:
        """A connection in a transaction that may write. Without a commit it is rolled back. Raises StoreUnavailable.

        `seconds`: for one that does more than others.
        """
        if self._files is None:
            with self.reading(seconds) as connection:
                yield connection
            return
        with within(seconds or self._seconds), TRANSLATED_ERRORS, self._turn, self._connected() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            self._files.check_kept()

    def let_others_write(self) -> None:
        """For whoever writes all the time: wait while other threads wait for their turn, but not for long."""
        until = time.monotonic() + LONGEST_COURTESY
        while self._turn.are_awaited and time.monotonic() < until:
            time.sleep(0.001)

    @contextmanager
    def reading(self, seconds: float | None = None) -> Iterator[sa.Connection]:
        """Raises StoreUnavailable."""
        with within(seconds or self._seconds), TRANSLATED_ERRORS, self._connected() as connection:
            yield connection

    def close(self) -> None:
        self.engine.dispose()
        if self._files is not None:
            self._files.close()

    @contextmanager
    def _connected(self) -> Iterator[sa.Connection]:
        if self._files is not None:
            self._files.check()
        with self._places, self.engine.connect() as connection:
            left = seconds_left()
            if self._files is None or left >= USUAL * self._seconds:
                yield connection
                return
            driver: Any = connection.connection.driver_connection
            _wait_for_locks(driver, left)
            try:
                yield connection
            finally:
                _wait_for_locks(driver, self._seconds)


def _wait_for_locks(connection: sqlite3.Connection, seconds: float) -> None:
    connection.execute(f"PRAGMA busy_timeout={int(1000 * min(BUSY_SECONDS, seconds))}")


def _share_file(connection: sqlite3.Connection, seconds: float) -> None:
    """Have a new connection use the write-ahead log, where readers do not wait, and wait for others to end writing."""
    _wait_for_locks(connection, seconds_left())
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous=NORMAL")
    _wait_for_locks(connection, seconds)


def _write_ahead(connection: sqlite3.Connection) -> None:
    """SQLite 3 refuses this at once, despite its timeout, while another connection does the same. It is needed only
    once.
    """
    until = time.monotonic() + min(BUSY_SECONDS, seconds_left())
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                raise
            time.sleep(0.01)
        else:
            return


def _sqlite(url: sa.URL, pool: dict[str, Any], files: OpenedFiles, seconds: float) -> sa.Engine:
    """We begin transactions ourselves: the driver's own begin is deferred and may deadlock."""
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, **pool)

    @sa.event.listens_for(engine, "connect")
    def configure(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        _share_file(connection, seconds)
        files.opened()
        sqlite_functions.install(connection)

    return engine


def insert_once(connection: sa.Connection, table: sa.Table, row: dict[str, Any]) -> bool:
    """Insert a whole row unless one with its key is there; waits for a concurrent transaction that inserts it."""
    return _insert_once(table, connection.dialect.name).execute(connection, row).first() is not None


@cache
def _insert_once(table: sa.Table, dialect: str) -> Prepared:
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    # The row comes back when it was inserted. Rows are not counted: on psycopg SQLAlchemy 2.1 says -1 for an insert.
    return Prepared(insert(table).on_conflict_do_nothing().returning(*table.primary_key))
