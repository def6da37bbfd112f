"""Waiting for what has to become true, however busy the machine is.

No test says how long anything may take: tests/bench has the figures. See `tests/unit/test_habits.py`.
"""

from collections.abc import Callable
from time import monotonic, sleep
from typing import TypeVar

T = TypeVar("T")

LONG = 180.0
"""Seconds. A wait ends as soon as what it waits for is there; only what never comes takes this long."""


def until(true: Callable[[], T], told: Callable[[], object] = lambda: "") -> T:
    """What `true` returned once it was neither false nor empty. Fails after `LONG`, with what is `told` then."""
    gives_up = monotonic() + LONG
    while not (found := true()):
        assert monotonic() < gives_up, f"not so after {LONG:.0f} s. {told()}"
        sleep(0.02)
    return found


def let_pass(seconds: float) -> None:
    """Give what must not happen the time to happen. On a busy machine a test notices less then, but never fails."""
    sleep(seconds)
