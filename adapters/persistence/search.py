"""Pages of documents that meet criteria."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from adapters.persistence.criteria_sql import Compiled, Order, Searchable
from adapters.persistence.database import Database
from adapters.persistence.sqlite_functions import stopping
from adapters.persistence.tables import cancellations, documents, terms
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

CANCELLATIONS = Searchable(
    key=cancellations.c.id,
    document=cancellations.c.document,
    columns={
        ("id",): cancellations.c.id,
        ("state",): cancellations.c.state,
        ("creationDate",): cancellations.c.asked_at,
        ("productOrder", "id"): cancellations.c.order_id,
    },
    terms=terms,
    indexed=frozenset(),
)

Rows = sa.Select[*tuple[Any, ...]]

LONGEST_SECONDS = 0.8
"""For the statements of one search that look into documents, unless it is told otherwise."""
PAGE_CHARACTERS = 4_000_000
"""Of documents in one page."""


@dataclass(frozen=True, slots=True)
class Wanted:
    criterion: Criterion | None
    sort: tuple[SortKey, ...]
    offset: int
    limit: int
    seconds: float = LONGEST_SECONDS


def search(
    database: Database, searchable: Searchable, mine: Sequence[sa.ColumnElement[bool]], wanted: Wanted
) -> tuple[list[tuple[str, str]], int]:
    """The page's keys and documents, and how many there are in all.

    Raises InvalidCommand when it looks into documents for longer than `wanted.seconds`.
    """
    compiled = Compiled(searchable, database.engine.dialect.name)
    conditions = [*mine]
    if wanted.criterion is not None:
        conditions.append(compiled.condition(wanted.criterion))
    counted = _from(sa.select(sa.func.count()), searchable, compiled, conditions)
    order = compiled.order(wanted.sort)
    page = _page(searchable, compiled, conditions, order, wanted)
    with database.reading() as connection, _limited(connection, compiled.reads_documents, wanted.seconds) as allow:
        allow()
        found, cut = _within_budget(connection.execute(page)) if wanted.limit else ([], False)
        last = 0 < len(found) < wanted.limit and not cut
        if last or (wanted.limit and not found and not wanted.offset):
            return found, wanted.offset + len(found)
        allow()
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
def _limited(connection: sa.Connection, by_time: bool, seconds: float) -> Iterator[Callable[[], None]]:
    """Ends statements after so many seconds for all of them; call what it gives before each.

    Raises InvalidCommand then, and for a statement that the database finds too complex.
    """
    if not by_time:
        yield _nothing
        return
    until = time.monotonic() + seconds
    driver: Any = connection.connection.driver_connection
    try:
        if connection.dialect.name == "sqlite":
            with stopping(driver, seconds):
                yield _nothing
        else:
            # Where the server has a compiler it is tempted to use it for a second to save a hundredth.
            connection.execute(sa.text("SET LOCAL jit = off"))
            yield lambda: _allow(connection, until - time.monotonic())
    except DBAPIError as error:
        said = getattr(error.orig, "sqlstate", None) or str(error.orig)
        told = next((message for sign, message in _ENDED.items() if sign in said), None)
        if told is None:
            raise
        raise InvalidCommand(told, pointer="/filter") from error


def _allow(connection: sa.Connection, seconds: float) -> None:
    # 0 is no limit.
    connection.execute(sa.text(f"SET LOCAL statement_timeout = {max(1, int(seconds * 1000))}"))


def _nothing() -> None:
    pass


_TOO_LONG = "the query takes too long: ask for an id, a state, a time or a party as well"
_TOO_COMPLEX = "the query is too complex: leave conditions out"
_ENDED = {
    "interrupted": _TOO_LONG,
    "user-defined function raised exception": _TOO_LONG,
    "57014": _TOO_LONG,
    "parser stack overflow": _TOO_COMPLEX,
    "Expression tree is too large": _TOO_COMPLEX,
    "54001": _TOO_COMPLEX,
    "2201B": _TOO_COMPLEX,
}
"""What SQLite says and PostgreSQL's codes (cancelled, too complex, a regular expression it cannot take) when they give
up, and what the caller is told."""
