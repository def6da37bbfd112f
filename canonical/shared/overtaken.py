"""Work that somebody else overtook: done anew, on what is there then."""

from collections.abc import Callable
from typing import TypeVar

from canonical.shared.errors import ConcurrentChange

TRIES = 5

Made = TypeVar("Made")


def unless_overtaken(act: Callable[[], Made]) -> Made:
    """What `act` comes to. While it raises ConcurrentChange it is tried again, `TRIES` times in all.

    `act` has to begin anew each time: with a unit of work of its own, and with nothing that it read before.
    """
    for _ in range(TRIES - 1):
        try:
            return act()
        except ConcurrentChange:
            continue
    return act()
