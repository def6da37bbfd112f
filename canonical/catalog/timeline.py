"""The versions of one item in time: which one counts when, and which one is found by the item's id."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from itertools import count

from canonical.catalog.errors import VersionsOverlap
from canonical.catalog.item import Item
from canonical.catalog.lifecycle import LifecycleStatus

LONGEST_NUMBER = 9
"""Digits of a number that the next version follows."""
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def succeed(new: Item, versions: Iterable[Item], at: datetime) -> None:
    """End what is valid before `new`, which was just published, when that begins.

    A version whose validity is over before it could begin ends nothing.
    """
    begin = _begin(new)
    for other in versions:
        if other.id != new.id and other.is_published and _counts(new) and _begin(other) <= begin < _end(other):
            other.end(begin, at)


def require_apart(item: Item, versions: Iterable[Item]) -> None:
    """Raises VersionsOverlap for another published version that is valid while `item` is: only one counts at a time."""
    for other in versions:
        if other.id == item.id or not other.is_published:
            continue
        if max(_begin(item), _begin(other)) < min(_end(item), _end(other)):
            begin = _begin(other)
            raise VersionsOverlap(
                f"version {other.edition} is valid from {begin.isoformat()} on: let this one end by then",
                pointer="/valid_until",
                version=other.edition,
            )


def show(versions: Sequence[Item]) -> None:
    """Set for each version when it is found by the item's id.

    A published one is, from when it begins to count, the first already from its publication on, until the next one
    begins. One that never counts, because it was published after its end, is found as long as there are only such. As
    long as none is published, it is the newest draft.
    """
    published = [one for one in versions if one.is_published]
    counting = [one for one in published if _counts(one)] or published
    shown = sorted(counting, key=_since) or [max(versions, key=_newest)] if versions else []
    for one in versions:
        one.shown_from = one.shown_until = None
    for index, one in enumerate(shown):
        first = one.published_at or one.created_at
        one.shown_from = _begin(one) if index else first
        one.shown_until = _begin(shown[index + 1]) if index + 1 < len(shown) else None


def next_edition(versions: Collection[Item]) -> str:
    """One more than the greatest number before the first dot, as in "2.0"."""
    taken = {one.edition for one in versions}
    begins = (one.split(".")[0] for one in taken)
    greatest = max((int(each) for each in begins if each.isdecimal() and len(each) <= LONGEST_NUMBER), default=0)
    return next(edition for number in count(greatest + 1) if (edition := f"{number}.0") not in taken)


def _begin(item: Item) -> datetime:
    return item.counts_from or _FIRST


def _end(item: Item) -> datetime:
    return item.valid_until or _LAST


def _counts(item: Item) -> bool:
    return _begin(item) < _end(item)


def _since(item: Item) -> tuple[datetime, datetime]:
    """Of two that begin together, the one that was published later takes over."""
    return _begin(item), item.published_at or _FIRST


def _newest(item: Item) -> tuple[bool, datetime, str]:
    return item.state is not LifecycleStatus.REJECTED, item.created_at, item.id
