"""The schema's history (Alembic), and the calls that apply and check it."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from adapters.persistence.database import Database

LOCK_SECONDS = 30
"""For a lock on a table of PostgreSQL; on SQLite's file it is as long."""


OLDEST_POSTGRES = 16
"""The oldest major version of PostgreSQL on which the product is tested and its queries are known to work."""


class DatabaseTooOld(RuntimeError):
    """The server of the database is older than this release needs."""


class SchemaOutOfDate(RuntimeError):
    """The database lacks migrations that this release needs."""


def upgrade(database: Database) -> None:
    """Bring the schema to this release's version. Safe to repeat, and for several nodes at once.

    Raises StoreUnavailable when somebody else keeps a table locked: whoever waits for a table holds up all that come
    after, readers too. Raises DatabaseTooOld before anything is changed.
    """
    config = _config()
    with database.writing() as connection:
        # One at a time: SQLite's transaction is begun to write, PostgreSQL's holds this lock until it ends.
        if not database.sqlite:
            check_server(int(connection.execute(sa.text("SHOW server_version_num")).scalar_one()))
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(622622)"))
            connection.execute(sa.text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


def check_server(version: int) -> None:
    """`version` as PostgreSQL numbers it: 160004 is 16.4. Raises DatabaseTooOld."""
    if version // 10_000 < OLDEST_POSTGRES:
        major, minor = divmod(version, 10_000)
        raise DatabaseTooOld(
            f"the server is PostgreSQL {major}.{minor}, and this release needs {OLDEST_POSTGRES} or newer: "
            "upgrade the server; nothing was changed"
        )


def check(database: Database) -> None:
    """Raises SchemaOutOfDate unless the schema is this release's, and StoreUnavailable."""
    with database.reading() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    wanted = ScriptDirectory.from_config(_config()).get_current_head()
    if found != wanted:
        raise SchemaOutOfDate(
            f"the database is at {found or 'no version'}, needed is {wanted}: run `tmf-facade db upgrade`"
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config
