"""Repeats work after a concurrent change, on the new state."""

from collections.abc import Callable
from typing import TypeVar

from canonical.shared.errors import ConcurrentChange

TRIES = 5

Made = TypeVar("Made")


def unless_overtaken(act: Callable[[], Made]) -> Made:
    """The result of `act`.

    If it raises ConcurrentChange, it is tried again, `TRIES` times in all. Each time `act` must start from the
    beginning, with a new unit of work and without anything that it read before.
    """
    for _ in range(TRIES - 1):
        try:
            return act()
        except ConcurrentChange:
            continue
    return act()
