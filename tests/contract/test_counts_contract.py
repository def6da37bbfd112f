"""How many items a list of the catalog has, on both databases: counted once, and never what it was before a change."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.persistence.database import Database
from adapters.persistence.reads import SqlReads
from adapters.persistence.tables import documents, terms
from adapters.persistence.unit_of_work import SqlUnitOfWork
from canonical.catalog.category import CATEGORIES, CategoryContents
from canonical.catalog.commands import CreateItem, RemoveItem
from canonical.catalog.handlers import create_item, remove_item
from canonical.catalog.item import Definition
from canonical.catalog.lifecycle import LifecycleStatus
from canonical.shared.criteria import Compare, Criterion, Operator, PathStep
from canonical.shared.paging import Slice
from canonical.shared.projection import SearchIndex
from canonical.shared.reader import ALL
from facade.bootstrap.declared import projectors
from facade.identities import SortableIdentities

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
IDENTITIES, PROJECTORS = SortableIdentities(), projectors()
EMPTY = Slice(0, 0)
"""A page of nothing, so that each list is counted."""


class Stopped:
    def now(self) -> datetime:
        return NOON


class Catalog:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.node = SqlReads(database)

    def add(self, name: str, valid_from: datetime | None = None, valid_until: datetime | None = None) -> str:
        definition = Definition(CategoryContents(name), valid_from, valid_until, LifecycleStatus.ACTIVE)
        with self.work() as work:
            made = create_item(CreateItem(CATEGORIES, "qa", definition, name), work, Stopped(), IDENTITIES)
            work.commit()
        return str(made.id)

    def remove(self, version_id: str) -> None:
        with self.work() as work:
            remove_item(RemoveItem(CATEGORIES, version_id, None, whole=True), work, Stopped(), IDENTITIES)
            work.commit()

    def work(self) -> SqlUnitOfWork:
        return SqlUnitOfWork(self.database, PROJECTORS, Stopped())

    def total(self, at: datetime, criterion: Criterion | None = None, part: Slice = EMPTY) -> int:
        return self.node.documents(CATEGORIES, SearchIndex(), ALL, part, criterion, (), at).total

    @contextmanager
    def counts(self) -> Iterator[list[str]]:
        """The statements that count rows."""
        made: list[str] = []

        def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
            if "sum(CASE" in statement:
                made.append(statement)

        sa.event.listen(self.database.engine, "before_cursor_execute", note)
        yield made
        sa.event.remove(self.database.engine, "before_cursor_execute", note)


@pytest.fixture
def catalog(database: Database) -> Catalog:
    """Empty: other tests use the database too."""
    with database.writing() as connection:
        connection.execute(sa.delete(documents))
        connection.execute(sa.delete(terms))
        connection.commit()
    return Catalog(database)


def test_a_list_is_counted_once_for_each_change_of_the_catalog(catalog: Catalog) -> None:
    first = catalog.add("first")
    with catalog.counts() as counts:
        assert [catalog.total(NOON + HOUR) for _ in range(3)] == [1, 1, 1]
        assert len(counts) == 1
        catalog.add("second")
        assert [catalog.total(NOON + HOUR) for _ in range(3)] == [2, 2, 2]
        assert len(counts) == 2
        catalog.remove(first)
        assert [catalog.total(NOON + HOUR) for _ in range(3)] == [1, 1, 1]
        assert len(counts) == 3


def test_what_begins_and_ends_by_itself_is_counted_anew(catalog: Catalog) -> None:
    catalog.add("always")
    catalog.add("later")
    catalog.add("later", NOON + HOUR)
    catalog.add("later", NOON + 3 * HOUR)
    moments = [NOON + half * HOUR / 2 for half in range(8)]
    fresh = [
        SqlReads(catalog.database).documents(CATEGORIES, SearchIndex(), ALL, EMPTY, None, (), at).total
        for at in moments
    ]
    assert [catalog.total(at) for at in moments] == fresh
    assert [catalog.total(at) for at in reversed(moments)] == fresh[::-1]


def test_an_item_that_is_found_from_now_on_is_counted_from_then_on(catalog: Catalog) -> None:
    catalog.add("first")
    with catalog.database.writing() as connection:
        connection.execute(sa.text("UPDATE documents SET shown_from = :at"), {"at": "2026-11-28T14:00:00.000000Z"})
        connection.commit()
    with catalog.counts() as counts:
        found = [catalog.total(NOON + minutes * HOUR / 60) for minutes in (0, 119, 120, 180)]
        assert (found, len(counts)) == ([0, 0, 1, 1], 2)


def test_lists_that_ask_for_something_else_are_counted_apart(catalog: Catalog) -> None:
    catalog.add("first")
    path = (PathStep("name"),)
    for constant, total in (("first", 1), ("second", 0), (1, 0), (True, 0)):
        assert catalog.total(NOON + HOUR, Compare(path, Operator.EQUAL, (constant,))) == total
    assert catalog.total(NOON + HOUR) == 1


def test_a_page_that_shows_everything_is_not_counted(catalog: Catalog) -> None:
    catalog.add("first")
    with catalog.counts() as counts:
        assert catalog.total(NOON + HOUR, part=Slice(0, 10)) == 1
        assert counts == []
