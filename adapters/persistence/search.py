"""Pages of documents that meet criteria."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from adapters.persistence.criteria_sql import Compiled, Order, Searchable
from adapters.persistence.database import Database
from adapters.persistence.tables import documents, terms
from adapters.persistence.terms import PRODUCT_ORDER_TERMS
from canonical.shared.criteria import Criterion, SortKey
from canonical.shared.errors import InvalidCommand

PRODUCT_ORDERS = Searchable(
    key=documents.c.order_id,
    document=documents.c.document,
    columns={
        ("id",): documents.c.order_id,
        ("state",): documents.c.state,
        ("creationDate",): documents.c.ordered_at,
    },
    terms=terms,
    indexed=PRODUCT_ORDER_TERMS,
)

Rows = sa.Select[*tuple[Any, ...]]

LONGEST_SECONDS = 10.0
"""For one statement that looks into documents."""
PAGE_CHARACTERS = 4_000_000
"""Of documents in one page."""
_STEPS = 20_000
"""Of SQLite's machine, between looks at the clock: some milliseconds."""


@dataclass(frozen=True, slots=True)
class Wanted:
    criterion: Criterion | None
    sort: tuple[SortKey, ...]
    offset: int
    limit: int


def search(
    database: Database, searchable: Searchable, mine: Sequence[sa.ColumnElement[bool]], wanted: Wanted
) -> tuple[list[tuple[str, str]], int]:
    """The page's keys and documents, and how many there are in all. Raises InvalidCommand when it takes too long."""
    compiled = Compiled(searchable, database.engine.dialect.name)
    conditions = [*mine]
    if wanted.criterion is not None:
        conditions.append(compiled.condition(wanted.criterion))
    counted = _from(sa.select(sa.func.count()), searchable, compiled, conditions)
    order = compiled.order(wanted.sort)
    page = _page(searchable, compiled, conditions, order, wanted)
    with database.reading() as connection, _limited(connection, compiled.reads_documents):
        found, cut = _within_budget(connection.execute(page)) if wanted.limit else ([], False)
        last = 0 < len(found) < wanted.limit and not cut
        if last or (wanted.limit and not found and not wanted.offset):
            return found, wanted.offset + len(found)
        return found, connection.scalar(counted) or 0


def _within_budget(rows: Iterable[Any]) -> tuple[list[tuple[str, str]], bool]:
    """The rows up to PAGE_CHARACTERS of documents, one at least, and whether there were more.

    Large orders must not add up to gigabytes; the next link goes on after the last one shown.
    """
    found: list[tuple[str, str]] = []
    left = PAGE_CHARACTERS
    for key, document in rows:
        left -= len(document)
        if found and left < 0:
            return found, True
        found.append((key, document))
    return found, False


def _page(
    searchable: Searchable,
    compiled: Compiled,
    conditions: Sequence[sa.ColumnElement[bool]],
    order: Sequence[Order],
    wanted: Wanted,
) -> Rows:
    """Skips over keys, by an index where there is one, and fetches documents for the page only."""
    values = [key.value.label(f"by_{index}") for index, key in enumerate(order)]
    keys = _from(sa.select(searchable.key.label("key"), *values), searchable, compiled, conditions)
    chosen = (
        keys.order_by(*(key.ordered(key.value) for key in order)).offset(wanted.offset).limit(wanted.limit).subquery()
    )
    whole = sa.select(searchable.key, searchable.document).join(chosen, chosen.c.key == searchable.key)
    return whole.order_by(*(key.ordered(chosen.c[f"by_{index}"]) for index, key in enumerate(order)))


def _from(
    select: Rows, searchable: Searchable, compiled: Compiled, conditions: Sequence[sa.ColumnElement[bool]]
) -> Rows:
    tables: sa.FromClause = searchable.key.table
    if compiled.joined is not None:
        tables = tables.join(compiled.joined, sa.true())
    return select.select_from(tables).where(*conditions)


@contextmanager
def _limited(connection: sa.Connection, by_time: bool) -> Iterator[None]:
    """Ends statements after `LONGEST_SECONDS`. Raises InvalidCommand then."""
    if not by_time:
        yield
        return
    driver: Any = connection.connection.driver_connection
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        until = time.monotonic() + 2 * LONGEST_SECONDS
        driver.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
    else:
        connection.execute(sa.text(f"SET LOCAL statement_timeout = {int(LONGEST_SECONDS * 1000)}"))
    try:
        yield
    except OperationalError as error:
        if "interrupted" in str(error.orig) or "statement timeout" in str(error.orig):
            message = "the query takes too long: ask for an id, a state, a time or a party as well"
            raise InvalidCommand(message, pointer="/filter") from error
        raise
    finally:
        if sqlite:
            driver.set_progress_handler(None, 0)
