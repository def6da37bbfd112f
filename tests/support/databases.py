"""Databases with the schema of this release, a new one for each test.

The fixtures are there for all tests: see `tests/conftest.py`.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from adapters.persistence import migrations
from adapters.persistence.database import Database
from canonical.shared.projection import Projection
from facade.bootstrap.catalog import SAMPLE, files_in, load, read_files
from tests.support.postgres import execute, postgres_server, postgres_url
from tests.support.waiting import LONG

__all__ = [
    "BLANK",
    "blank",
    "database",
    "postgres_database",
    "postgres_server",
    "postgres_template",
    "postgres_url",
    "sqlite_database",
    "sqlite_template",
]


def blank(aggregate: Any, carried: dict[str, Any]) -> Projection:
    """A projection for units of work whose documents do not matter."""
    return Projection("x", "{}")


BLANK = {"order": blank, "cancellation": blank}


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the schema and the sample catalog."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    _prepare(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: sa.URL) -> str:
    """The name of a database with the schema and the sample catalog."""
    name = f"template_{uuid4().hex}"
    execute(postgres_server, f"CREATE DATABASE {name}")
    _prepare(postgres_server.set(database=name).render_as_string(hide_password=False))
    return name


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    shutil.copy(sqlite_template, tmp_path / "facade.db")
    database = Database(f"sqlite:///{tmp_path / 'facade.db'}", seconds=LONG)
    yield database
    database.close()


@pytest.fixture
def postgres_database(postgres_server: sa.URL, postgres_template: str) -> Iterator[Database]:
    name = f"test_{uuid4().hex}"
    execute(postgres_server, f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    database = Database(postgres_server.set(database=name).render_as_string(hide_password=False), seconds=LONG)
    yield database
    database.close()
    execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """Both, one after the other."""
    name = "sqlite_database" if request.param == "sqlite" else "postgres_database"
    found: Database = request.getfixturevalue(name)
    return found


def _prepare(url: str) -> None:
    database = Database(url, seconds=LONG)
    migrations.upgrade(database)
    load(database, read_files(files_in(SAMPLE)))
    database.close()
