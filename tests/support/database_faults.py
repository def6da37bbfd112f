"""Trouble for a database: locked, full, read-only, or frozen. Each lasts as long as its `with` block.

with frozen(server):  # a PostgreSQL that keeps its connections and answers nothing
    assert requests.get(f"{node.url}/health/live").ok
"""

import os
import re
import resource
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from tests.support.postgres import execute
from tests.support.waiting import until

ENTER = "CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING"
DISK_FULL = f"{ENTER} ERRCODE = 'disk_full', MESSAGE = 'could not extend file: No space left on device'; END $$"


@contextmanager
def locked(url: sa.URL) -> Iterator[None]:
    """Somebody else holds the locks: nobody writes on SQLite, nobody reads or writes on PostgreSQL."""
    if url.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(str(url.database), isolation_level=None)) as connection:
            connection.execute("PRAGMA busy_timeout=10000")
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.rollback()
        return
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        tables = ", ".join(_tables(connection))
        connection.execute(sa.text(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE"))
        yield
        connection.rollback()
    engine.dispose()


@contextmanager
def full(url: sa.URL, *pids: int) -> Iterator[None]:
    """Nothing can be written any more.

    On SQLite the processes `pids` (this one without any) may write to no file at all, logs included, as on a full disk.
    On PostgreSQL every insert and update fails as the server reports a full disk.
    """
    if url.get_backend_name() == "sqlite":
        with _files_limited(pids or (os.getpid(),)):
            yield
        return
    _in_one_transaction(url, _fill)
    try:
        yield
    finally:
        _in_one_transaction(url, lambda connection: connection.execute(sa.text("DROP FUNCTION disk_is_full() CASCADE")))


def _fill(connection: sa.Connection) -> None:
    begin = [
        f"CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW" for table in _tables(connection)
    ]
    for statement in (DISK_FULL, *(f"{one} EXECUTE FUNCTION disk_is_full()" for one in begin)):
        connection.execute(sa.text(statement))


def _in_one_transaction(url: sa.URL, change: Callable[[sa.Connection], object]) -> None:
    """Change the schema beneath others who use it: of a deadlock with them this may be the victim, and tries again."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)

    def changed() -> bool:
        try:
            with engine.begin() as connection:
                change(connection)
        except OperationalError:
            return False
        return True

    until(changed)
    engine.dispose()


@contextmanager
def read_only(server: sa.URL) -> Iterator[None]:
    """A PostgreSQL that takes no writes, as one that has become a standby."""
    execute(server, "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
    try:
        yield
    finally:
        # This very session is read-only too.
        execute(server, "SET default_transaction_read_only = off", "ALTER SYSTEM RESET default_transaction_read_only")
        execute(server, "SELECT pg_reload_conf()")


@contextmanager
def frozen(server: sa.URL) -> Iterator[None]:
    """Every process of a PostgreSQL on this machine is stopped: its sockets stay open, and nothing is answered."""
    postmaster = _postmaster(server)
    stopped: set[int] = set()
    try:
        while family := {postmaster, *_children(postmaster)} - stopped:  # a child may have been born meanwhile
            for pid in sorted(family):  # the postmaster first
                _signal(pid, signal.SIGSTOP)
                stopped.add(pid)
        yield
    finally:
        for pid in sorted(stopped, reverse=True):
            _signal(pid, signal.SIGCONT)


def _signal(pid: int, number: signal.Signals) -> None:
    """To a process that may have ended meanwhile: a worker of PostgreSQL ends by itself."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


@contextmanager
def _files_limited(pids: tuple[int, ...]) -> Iterator[None]:
    before = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in pids}
    try:
        for pid, (_, hard) in before.items():
            # Python ignores the signal that comes with it, so that writing fails with EFBIG.
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
        yield
    finally:
        for pid, limits in before.items():
            with suppress(ProcessLookupError):  # it may have ended meanwhile
                resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


def _tables(connection: sa.Connection) -> list[str]:
    return [f'"{name}"' for name in sa.inspect(connection).get_table_names()]


def _postmaster(server: sa.URL) -> int:
    engine = sa.create_engine(server, poolclass=sa.NullPool)
    with engine.connect() as connection:
        folder = connection.scalar(sa.text("SHOW data_directory"))
    engine.dispose()
    return int((Path(str(folder)) / "postmaster.pid").read_text().split()[0])


def _children(parent: int) -> set[int]:
    found = set()
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if re.search(rf"^PPid:\t{parent}$", text, re.MULTILINE):
            found.add(int(status.parent.name))
    return found
