"""A SQLite file that is removed or replaced while the product has it open."""

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.persistence.database import Database
from adapters.persistence.tables import nodes
from canonical.shared.errors import StoreOutcomeUnknown, StoreUnavailable
from tests.support.waiting import LONG

Loss = Callable[[Path], None]


def file_of(database: Database) -> Path:
    return Path(str(database.url.database))


def aside(path: Path) -> Path:
    return path.with_name(f"{path.name}.aside")


def removed(path: Path) -> None:
    path.rename(aside(path))


def replaced(path: Path) -> None:
    removed(path)
    shutil.copy(aside(path), path)


def without_log(path: Path) -> None:
    removed(path.with_name(f"{path.name}-wal"))


def add(database: Database, node: str, before_commit: Callable[[], None] = lambda: None) -> None:
    with database.writing() as connection:
        connection.execute(sa.insert(nodes), {"id": node, "beats": 0})
        before_commit()
        connection.commit()


def kept(database: Database) -> list[str]:
    with database.reading() as connection:
        return list(connection.scalars(sa.select(nodes.c.id).order_by(nodes.c.id)))


@pytest.mark.parametrize("loss", [removed, replaced])
def test_nothing_is_kept_or_read_where_nobody_will_look_for_it(sqlite_database: Database, loss: Loss) -> None:
    add(sqlite_database, "a")
    loss(file_of(sqlite_database))
    for use in (lambda: add(sqlite_database, "b"), lambda: kept(sqlite_database)):
        with pytest.raises(StoreUnavailable, match="replaced or removed"):
            use()


@pytest.mark.parametrize("loss", [removed, replaced, without_log])
def test_a_commit_that_loses_its_file_is_of_unknown_outcome(sqlite_database: Database, loss: Loss) -> None:
    add(sqlite_database, "a")
    with pytest.raises(StoreOutcomeUnknown):
        add(sqlite_database, "b", before_commit=lambda: loss(file_of(sqlite_database)))


def test_a_file_that_is_put_back_is_used_again(sqlite_database: Database) -> None:
    path = file_of(sqlite_database)
    add(sqlite_database, "a")
    removed(path)
    with pytest.raises(StoreUnavailable):
        add(sqlite_database, "b")
    assert not path.exists(), "a file that is missed is not made anew"
    aside(path).rename(path)
    add(sqlite_database, "c")
    assert kept(sqlite_database) == ["a", "c"]


def test_files_are_kept_although_every_connection_was_closed(sqlite_database: Database) -> None:
    add(sqlite_database, "a")
    sqlite_database.engine.dispose()
    add(sqlite_database, "b")
    assert kept(sqlite_database) == ["a", "b"]


def test_a_file_that_is_made_anew_between_two_starts_is_no_trouble(sqlite_database: Database) -> None:
    path = file_of(sqlite_database)
    add(sqlite_database, "a")
    sqlite_database.close()
    replaced(path)
    with closing(Database(f"sqlite:///{path}", seconds=LONG)) as again:
        assert kept(again) == ["a"]


def test_connections_that_come_later_do_not_open_another_file(sqlite_database: Database) -> None:
    path = file_of(sqlite_database)
    with sqlite_database.reading() as first:
        assert first.scalar(sa.select(sa.func.count()).select_from(nodes)) == 0
        replaced(path)
        with pytest.raises(StoreUnavailable):  # the first connection is in use, so another one would be opened
            kept(sqlite_database)
