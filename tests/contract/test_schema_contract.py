"""The migrations make the tables that the code works with, on both databases."""

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from adapters.persistence import migrations
from adapters.persistence.database import Database
from adapters.persistence.migrations import SchemaOutOfDate
from adapters.persistence.tables import metadata
from canonical.shared.errors import StoreUnavailable
from tests.support.database_faults import locked
from tests.support.waiting import LONG


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'below' / 'facade.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def empty(empty_url: str) -> Iterator[Database]:
    database = Database(empty_url, seconds=LONG)
    yield database
    database.close()


def test_a_database_without_a_schema_is_not_worked_with(empty: Database) -> None:
    with pytest.raises(SchemaOutOfDate, match=r"at no version, needed is .* run `tmf-facade db upgrade`"):
        migrations.check(empty)


def test_the_migrations_make_exactly_the_tables_that_the_code_knows(empty: Database) -> None:
    migrations.upgrade(empty)
    migrations.check(empty)
    with empty.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    assert set(sa.inspect(empty.engine).get_table_names()) == {*metadata.tables, "alembic_version"}


def test_an_upgrade_may_be_repeated(empty: Database) -> None:
    for _ in range(2):
        migrations.upgrade(empty)
    migrations.check(empty)


def test_several_nodes_may_upgrade_at_once(empty_url: str) -> None:
    gate = threading.Barrier(3)

    def upgrade(_: int) -> None:
        database = Database(empty_url, seconds=LONG)
        gate.wait()
        migrations.upgrade(database)
        migrations.check(database)
        database.close()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(upgrade, range(3)))


def test_a_file_that_somebody_else_is_making_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "facade.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    done = threading.Timer(0.3, other.execute, ["COMMIT"])
    done.start()
    database = Database(f"sqlite:///{path}", seconds=LONG)
    with database.reading() as connection:
        assert connection.scalar(sa.select(1)) == 1
    database.close()
    done.join()
    other.close()


def test_an_upgrade_leaves_what_is_kept(database: Database) -> None:
    count = sa.text("SELECT count(*) FROM documents WHERE resource = 'offering'")
    with database.reading() as connection:
        before = connection.scalar(count)
    migrations.upgrade(database)
    with database.reading() as connection:
        assert connection.scalar(count) == before > 50


def test_an_upgrade_does_not_wait_for_ever_for_a_table_that_somebody_else_has_locked(
    postgres_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "LOCK_SECONDS", 1)
    with locked(postgres_database.url), pytest.raises(StoreUnavailable):
        migrations.upgrade(postgres_database)
    migrations.upgrade(postgres_database)


def test_an_upgrade_lets_go_of_its_lock(postgres_database: Database) -> None:
    migrations.upgrade(postgres_database)
    with postgres_database.reading() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")) == 0
