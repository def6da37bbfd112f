"""Databases with the schema of an earlier release."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from adapters.persistence import migrations
from adapters.persistence.database import Database
from tests.support.waiting import LONG

BOTH = ("sqlite", "postgresql")
"""The params of a fixture that yields `database_at`."""


@contextmanager
def database_at(revision: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[Database]:
    """A new database of the kind `request.param`, upgraded to this revision only."""
    url = f"sqlite:///{folder / 'facade.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    with closing(Database(url, seconds=LONG)) as database:
        with schema_at(revision, database) as connection:
            connection.commit()
        yield database


@contextmanager
def schema_at(revision: str, database: Database) -> Iterator[sa.Connection]:
    """A connection to the database, which has the schema of this revision; nothing is committed."""
    config = migrations._config()
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        yield connection
