"""The sort keys of lists in SQL, and the rows after a position."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from adapters.persistence.json_sql import Expression, JsonSql
from adapters.persistence.slices import time_text
from adapters.persistence.sqlite_functions import microseconds
from canonical.shared.criteria import SortBy
from canonical.shared.paging import Mark, Position


@dataclass(frozen=True, slots=True)
class SortOrder:
    """A sort key: `value`, which is sorted as `by` says. A value `in_document` may be missing."""

    value: Expression
    descending: bool
    by: SortBy = SortBy.TEXT
    in_document: JsonSql | None = None

    @property
    def in_column(self) -> bool:
        return self.in_document is None

    def ordered(self, value: Expression) -> Expression:
        """Sort by `value` (this one or a copy) in this direction, missing values last."""
        directed = value.desc() if self.descending else value.asc()
        return directed if self.in_column else directed.nulls_last()

    def mark(self, found: Any) -> Mark:
        """A value as the database gave it, as a mark."""
        if found is None:
            return None
        match self.by:
            case SortBy.NUMBER:
                return str(found) if self.in_document is None else self.in_document.digits(found)
            case SortBy.INSTANT:
                return microseconds(found) if self.in_column else int(found)
            case SortBy.BOOLEAN:
                return bool(found)
            case SortBy.TEXT:
                return str(found)

    def same(self, mark: Mark) -> sa.ColumnElement[bool]:
        return self.value.is_(None) if mark is None else self.value == self._bound(mark)

    def beyond(self, mark: Mark) -> sa.ColumnElement[bool]:
        """That the value comes after the mark."""
        if mark is None:
            return sa.false()
        further = self.value < self._bound(mark) if self.descending else self.value > self._bound(mark)
        return further if self.in_column else sa.or_(further, self.value.is_(None))

    def _bound(self, mark: Mark) -> Expression:
        if self.by is SortBy.NUMBER and self.in_document is not None:
            return self.in_document.number(str(mark))
        if self.by is SortBy.INSTANT:
            assert isinstance(mark, int), "a time is microseconds"
            return sa.literal(time_text(mark)) if self.in_column else sa.literal(mark, sa.BigInteger)
        return sa.literal(mark)


def following(order: Sequence[SortOrder], after: Position) -> sa.ColumnElement[bool]:
    """The condition under which a row comes after a position; the last of `order` is the key."""
    marks = (*after.marks, after.key)
    first = order[0]
    if all(one.in_column and one.descending == first.descending for one in order):
        # As one comparison, which an index serves.
        here = sa.tuple_(*(one.value for one in order))
        there = sa.tuple_(*(one._bound(mark) for one, mark in zip(order, marks, strict=True)))
        return here < there if first.descending else here > there
    condition: sa.ColumnElement[bool] = sa.false()
    for one, mark in reversed([*zip(order, marks, strict=True)]):
        condition = sa.or_(one.beyond(mark), sa.and_(one.same(mark), condition))
    return condition
