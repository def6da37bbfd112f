"""The versions of one item in time: which one counts when, and which one is found by the item's id."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from canonical.catalog.errors import VersionsOverlap
from canonical.catalog.item import Item
from canonical.catalog.lifecycle import OFFERED, LifecycleStatus

_FIRST = datetime.min.replace(tzinfo=UTC)


def succeed(new: Item, versions: Iterable[Item], at: datetime) -> None:
    """End what counts before `new`, which was just published, so that two never count at once.

    Raises VersionsOverlap for a version that counts from later on, while `new` would still count.
    """
    begin = new.counts_from or at
    for other in versions:
        if other.id == new.id or other.state not in OFFERED:
            continue
        other_begin = other.counts_from or at
        if other_begin <= begin:
            if other.valid_until is None or other.valid_until > begin:
                other.end(begin, at)
        elif new.valid_until is None or new.valid_until > other_begin:
            raise VersionsOverlap(
                f"version {other.edition} counts from {other_begin.isoformat()} on: let this one end by then",
                pointer="/valid_until",
                version=other.edition,
            )


def show(versions: Sequence[Item]) -> None:
    """Set for each version when it is found by the item's id.

    A published one is, from when it begins to count, the first already from its publication on, until the next one
    begins. As long as none is published, it is the newest draft.
    """
    published = sorted((one for one in versions if one.is_published), key=lambda one: (_begin(one), one.published_at))
    shown = published or [max(versions, key=_newest)] if versions else []
    for one in versions:
        one.shown_from = one.shown_until = None
    for index, one in enumerate(shown):
        first = one.published_at or one.created_at
        one.shown_from = _begin(one) if index else first
        one.shown_until = _begin(shown[index + 1]) if index + 1 < len(shown) else None


def next_edition(versions: Iterable[Item]) -> str:
    """One more than the greatest number before the first dot, as in "2.0"."""
    numbers = (one.edition.split(".")[0] for one in versions)
    return f"{max((int(number) for number in numbers if number.isdecimal()), default=0) + 1}.0"


def _begin(item: Item) -> datetime:
    return item.counts_from or _FIRST


def _newest(item: Item) -> tuple[bool, datetime, str]:
    return item.state is not LifecycleStatus.REJECTED, item.created_at, item.id
