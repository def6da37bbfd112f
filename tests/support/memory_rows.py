"""Rows of a store in memory, and which of them a reader finds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from canonical.shared.aggregates import Kind
from canonical.shared.editions import Named
from canonical.shared.paging import Found, Position, Slice
from canonical.shared.projection import Projection
from canonical.shared.reader import Reader


@dataclass
class Row:
    """An aggregate as it is kept."""

    aggregate: Any
    carried: dict[str, Any]
    projection: Projection


Kept = Mapping[tuple[str, str], Row]
"""Rows by kind and id."""


def row_of(kept: Kept, kind: Kind[Any], asked: str | Named, reader: Reader) -> Row:
    known = rows_of(kept, kind, reader)
    if isinstance(asked, Named):
        found = [row for row in known if _is_named(row.aggregate, asked)]
    else:
        by_id = [row for row in known if row.aggregate.id == asked]
        found = by_id or [row for row in known if kind.found_by_reference and kind.reference(row.aggregate) == asked]
    if not found:
        raise kind.missing(asked.reference if isinstance(asked, Named) else asked)
    return found[0]


def _is_named(item: Any, asked: Named) -> bool:
    if item.item_id != asked.reference or asked.edition not in (None, item.edition):
        return False
    return asked.edition is not None or is_shown(item, asked.at)


def is_shown(item: Any, at: datetime) -> bool:
    return item.shown_from is not None and item.shown_from <= at and (item.shown_until is None or at < item.shown_until)


def _sees(reader: Reader, owner: str, customer_id: str) -> bool:
    if not reader.everybody and owner != reader.client:
        return False
    if reader.customers is None or customer_id in reader.customers:
        return True
    return not customer_id and owner == reader.client


def slice_of(rows: list[Row], part: Slice, shown: Callable[[Row], Any]) -> Found[Any]:
    """The slice of rows that stand in their order, newest first."""
    begun = [row for row in rows if part.after is None or row.aggregate.id < part.after.key]
    begun = begun[0 if part.after else part.offset :]
    found = begun[: part.limit]
    last = Position((), found[-1].aggregate.id) if found and len(begun) > part.limit else None
    return Found([shown(row) for row in found], len(rows), last)


def rows_of(kept: Kept, kind: Kind[Any], reader: Reader) -> list[Row]:
    """Newest first."""
    mine = [
        row
        for (name, _), row in kept.items()
        if name == kind.name and _sees(reader, row.aggregate.owner, row.aggregate.customer_id)
    ]
    return sorted(mine, key=lambda row: str(row.aggregate.id), reverse=True)
