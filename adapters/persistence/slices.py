"""Slices of lists, as SQL."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from adapters.persistence.sqlite_functions import EPOCH
from canonical.shared.paging import Position, Slice

Rows = sa.Select[*tuple[Any, ...]]


def sliced(rows: Rows, part: Slice, after: Callable[[Position], sa.ColumnElement[bool]]) -> Rows:
    """The rows of a slice, and one more if more follow. `after`: the condition under which a row follows a position."""
    begun = rows.offset(part.offset) if part.after is None else rows.where(after(part.after))
    return begun.limit(part.limit + 1)


def time_text(microseconds: int) -> str:
    """A time as the columns store it; a time outside their range sorts before or after all of them."""
    try:
        return (EPOCH + timedelta(microseconds=microseconds)).isoformat(timespec="microseconds") + "Z"
    except OverflowError:
        return "0" if microseconds < 0 else "~"
