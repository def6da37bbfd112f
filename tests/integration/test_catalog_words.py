"""The same words find the same items in the same order on both databases."""

import random
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.persistence import migrations
from adapters.persistence.database import Database
from adapters.persistence.reads import SqlReads
from adapters.persistence.unit_of_work import SqlUnitOfWork
from canonical.catalog.category import CATEGORIES, CategoryContents
from canonical.catalog.commands import CreateItem
from canonical.catalog.handlers import create_item
from canonical.catalog.item import Definition
from canonical.catalog.words import having, words_of
from canonical.shared.paging import Slice
from canonical.shared.projection import SearchIndex
from canonical.shared.reader import ALL
from facade.clock import SystemClock
from facade.identities import new_id
from tests.support.postgres import new_database

QUERIES = 1_000
ITEMS = 300
SYLLABLES = (
    "fi",
    "bre",
    "Zür",
    "ich",
    "Straße",
    "10",
    "5",
    "ΣΊ",
    "συ",
    "φος",
    "é",
    "É",
    "ﬁ",
    "東京",
    "I",
    "ı",
    "_",
    "x",
)
BETWEEN = (" ", "/", ".", "-", "_", "", "’", "\u0301", "\u200b", '"', "*", "%", "\\")


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory, postgres_server: sa.URL) -> Iterator[list[SqlReads]]:
    folder: Path = tmp_path_factory.mktemp("words")
    with ExitStack() as stack:
        addresses = [f"sqlite:///{folder}/words.db", stack.enter_context(new_database(postgres_server))]
        databases = [Database(address, seconds=60) for address in addresses]
        items = [(f"{number:036d}", made_up(random.Random(number), 6)) for number in range(ITEMS)]
        for database in databases:
            stack.callback(database.close)
            migrations.upgrade(database)
            fill(database, items)
        yield [SqlReads(database, search_seconds=60) for database in databases]


class Numbered:
    def __init__(self, number: str) -> None:
        self._number = number

    def new_id(self) -> str:
        return self._number


def fill(database: Database, items: list[tuple[str, str]]) -> None:
    with SqlUnitOfWork(database, {}, SystemClock()) as work:
        for number, name in items:
            definition = Definition(CategoryContents(name))
            create_item(CreateItem(CATEGORIES, "test", definition, new_id()), work, SystemClock(), Numbered(number))
        work.commit()


def made_up(chance: random.Random, most: int) -> str:
    return "".join(chance.choice(SYLLABLES) + chance.choice(BETWEEN) for _ in range(chance.randint(1, most)))


def test_a_thousand_queries_find_the_same(stores: list[SqlReads]) -> None:
    chance, at, hits = random.Random(620), datetime.now(UTC), 0
    index = SearchIndex(of_aggregates=True)
    for _ in range(QUERIES):
        text = made_up(chance, 3)
        if not words_of(text):
            continue
        found = [
            [one.contents.name for one in reads.found(CATEGORIES, index, ALL, Slice(0, 200), having(text), at).members]
            for reads in stores
        ]
        assert found[0] == found[1], text
        hits += len(found[0])
        for name in found[0]:
            asked = words_of(text)
            assert all(any(word.startswith(one) for word in words_of(name)) for one in asked), (text, name)
    assert hits > QUERIES
