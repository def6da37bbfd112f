"""How many items of the catalog lists have, remembered until that may be another number.

A list of 100,000 items is counted in some 100 ms. The number changes with a change of the catalog, which takes a turn,
or when a version begins or ends to be found, at a moment that nobody writes: the count tells the next such moment.
"""

from dataclasses import dataclass
from threading import Lock

import sqlalchemy as sa

from adapters.persistence.prepared import Prepared
from adapters.persistence.slices import Rows
from adapters.persistence.tables import documents, publications
from adapters.persistence.visibility import shown_at

MOST = 1_000
"""Lists whose counts one process remembers."""
_TURNS = Prepared(sa.select(publications.c.turns))


@dataclass(frozen=True, slots=True)
class Count:
    """`total` is so from the moment `since` until before `until`, as long as the catalog has had so many turns."""

    turns: int
    since: str
    until: str | None
    total: int

    def is_so(self, turns: int, at: str) -> bool:
        return self.turns == turns and self.since <= at and (self.until is None or at < self.until)


class RememberedCounts:
    """`asked` names a list: who asks for what."""

    def __init__(self) -> None:
        self._known: dict[str, Count] = {}
        self._lock = Lock()

    def find(self, asked: str, turns: int, at: str) -> int | None:
        known = self._known.get(asked)
        return known.total if known is not None and known.is_so(turns, at) else None

    def keep(self, asked: str, count: Count) -> None:
        with self._lock:
            self._known.pop(asked, None)
            if len(self._known) >= MOST:
                del self._known[next(iter(self._known))]
            self._known[asked] = count


def turns(connection: sa.Connection) -> int:
    """Read before the count: a change meanwhile makes a later reader count again."""
    return int(_TURNS.execute(connection, {}).scalar_one())


def counted_at(at: str) -> Rows:
    """Of the rows that are selected from: how many are found at the moment, and when that may be another number."""
    begin, end = documents.c.shown_from, documents.c.shown_until
    total = sa.func.coalesce(sa.func.sum(sa.case((sa.and_(*shown_at(sa.literal(at))), 1), else_=0)), 0)
    later = [sa.func.min(sa.case((moment > at, moment))) for moment in (begin, end)]
    return sa.select(total, *later)
