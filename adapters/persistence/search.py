"""Pages of documents that meet criteria."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from adapters.persistence.counts import Count, RememberedCounts, counted_at, turns
from adapters.persistence.criteria_sql import Compiled, Searchable
from adapters.persistence.database import Database
from adapters.persistence.slices import Rows, sliced
from adapters.persistence.sorting import SortOrder, following
from adapters.persistence.sqlite_functions import stopping
from adapters.persistence.tables import documents
from adapters.persistence.visibility import shown_at
from canonical.shared.criteria import Criterion, SortKey
from canonical.shared.errors import InvalidCommand
from canonical.shared.paging import Found, Position, Slice
from canonical.shared.projection import Listed, SearchIndex

LONGEST_SECONDS = 0.8
"""The default in seconds for the statements of one search that read documents."""
PAGE_CHARACTERS = 4_000_000
"""The characters of all documents in one page."""


@dataclass(frozen=True, slots=True)
class Search:
    criterion: Criterion | None
    sort: tuple[SortKey, ...]
    part: Slice
    seconds: float = LONGEST_SECONDS


@dataclass(frozen=True, slots=True)
class Moment:
    """Only versions that their references lead to `at` this moment are listed. `asked` names the list in `counts`."""

    at: str
    asked: str
    counts: RememberedCounts


def search(
    database: Database,
    resource: str,
    index: SearchIndex,
    mine: Sequence[sa.ColumnElement[bool]],
    wanted: Search,
    moment: Moment | None = None,
) -> Found[Listed]:
    """Raises InvalidCommand if reading documents takes longer than `wanted.seconds`."""
    compiled = Compiled(Searchable.of(resource, index), database.engine.dialect.name)
    conditions = [documents.c.resource == resource, *mine]
    if wanted.criterion is not None:
        conditions.append(compiled.condition(wanted.criterion))
    order, part = compiled.order(wanted.sort), wanted.part
    shown = () if moment is None else shown_at(sa.literal(moment.at))
    page = _page(compiled, resource, [*conditions, *shown], order, part)
    with database.reading() as connection, _limited(connection, compiled.reads_documents, wanted.seconds) as allow:
        allow()
        rows, more = _within_budget(connection.execute(page), part.limit) if part.limit else ([], True)
        members = [Listed(*row[:5]) for row in rows]
        if not more and part.after is None and (members or not part.offset):
            return Found(members, part.offset + len(members))
        allow()
        total = _total(connection, compiled, conditions, moment)
    return Found(members, total, _position(rows[-1], order) if rows and more else None)


def _total(
    connection: sa.Connection,
    compiled: Compiled,
    conditions: Sequence[sa.ColumnElement[bool]],
    moment: Moment | None,
) -> int:
    if moment is None:
        return connection.scalar(_from(sa.select(sa.func.count()), compiled, conditions)) or 0
    now = turns(connection)
    known = moment.counts.find(moment.asked, now, moment.at)
    if known is not None:
        return known
    total, *later = connection.execute(_from(counted_at(moment.at), compiled, conditions)).one()
    until = min((one for one in later if one is not None), default=None)
    moment.counts.keep(moment.asked, Count(now, moment.at, until, total))
    return int(total)


def every(
    connection: sa.Connection,
    resource: str,
    index: SearchIndex,
    mine: Sequence[sa.ColumnElement[bool]],
    criterion: Criterion | None,
) -> Rows:
    """All documents that meet the criterion, by their references."""
    compiled = Compiled(Searchable.of(resource, index), connection.dialect.name)
    conditions = [documents.c.resource == resource, *mine]
    if criterion is not None:
        conditions.append(compiled.condition(criterion))
    reference: sa.ColumnElement[Any] = documents.c.reference
    by = reference if connection.dialect.name == "sqlite" else reference.collate("C")
    return _from(sa.select(compiled.text.label("document")), compiled, conditions).order_by(by, documents.c.id)


def _within_budget(rows: Iterable[Any], limit: int) -> tuple[list[Any], bool]:
    """At most `limit` rows and PAGE_CHARACTERS of documents, but at least one row; and whether there are more.

    So large orders do not add up to gigabytes; the next link continues after the last row.
    """
    found: list[Any] = []
    left = PAGE_CHARACTERS
    for row in rows:
        left -= len(row[1])
        if len(found) == limit or (found and left < 0):
            return found, True
        found.append(row)
    return found, False


def _position(row: Any, order: Sequence[SortOrder]) -> Position:
    key, _, _, _, _, *values = row
    return Position(tuple(one.mark(value) for one, value in zip(order[:-1], values, strict=True)), key)


def _page(
    compiled: Compiled,
    resource: str,
    conditions: Sequence[sa.ColumnElement[bool]],
    order: Sequence[SortOrder],
    part: Slice,
) -> Rows:
    """Id, document and the values sorted by. Skips over ids, by an index where there is one, and fetches documents
    for the page only.
    """
    values = [one.value.label(f"by_{index}") for index, one in enumerate(order)]
    ids = _from(sa.select(documents.c.id.label("key"), *values), compiled, conditions)
    ids = ids.order_by(*(one.ordered(one.value) for one in order))
    chosen = sliced(ids, part, lambda after: following(order, after)).subquery()
    sorted_by = [chosen.c[f"by_{index}"] for index in range(len(order))]
    listed = (documents.c.id, compiled.text, documents.c.reference, documents.c.edition, documents.c.version)
    whole = sa.select(*listed, *sorted_by[:-1])
    whole = whole.join(chosen, sa.and_(documents.c.resource == resource, chosen.c.key == documents.c.id))
    return whole.order_by(*(one.ordered(value) for one, value in zip(order, sorted_by, strict=True)))


def _from(select: Rows, compiled: Compiled, conditions: Sequence[sa.ColumnElement[bool]]) -> Rows:
    tables: sa.FromClause = documents
    if compiled.joined is not None:
        tables = tables.join(compiled.joined, sa.true())
    return select.select_from(tables).where(*conditions)


@contextmanager
def _limited(connection: sa.Connection, by_time: bool, seconds: float) -> Iterator[Callable[[], None]]:
    """Limits all statements together to so many seconds; call the returned function before each.

    Raises InvalidCommand at the limit, and for a statement that is too complex for the database.
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
            # A server with a JIT compiler may spend a second on compiling to save a hundredth.
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


_TOO_LONG = "the query takes too long: filter by an id, a state, a time or a party as well"
_TOO_COMPLEX = "the query is too complex: remove conditions"
_ENDED = {
    "interrupted": _TOO_LONG,
    "user-defined function raised exception": _TOO_LONG,
    "57014": _TOO_LONG,
    "parser stack overflow": _TOO_COMPLEX,
    "Expression tree is too large": _TOO_COMPLEX,
    "54001": _TOO_COMPLEX,
    "2201B": _TOO_COMPLEX,
}
"""The messages of SQLite and codes of PostgreSQL (cancelled, too complex, unusable regular expression) for a stopped
statement, and the error for the caller.
"""
