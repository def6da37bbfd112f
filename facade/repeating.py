"""Work that is done anew when somebody else changed the same thing at the same moment."""

from collections.abc import Callable
from typing import TypeVar

from canonical.shared.errors import ConcurrentChange

TRIES = 5

T = TypeVar("T")


def repeatedly(act: Callable[[], T]) -> T:
    """What `act` gives, on what others left. Raises ConcurrentChange when that was in vain every time."""
    for _ in range(TRIES - 1):
        try:
            return act()
        except ConcurrentChange:
            continue
    return act()
