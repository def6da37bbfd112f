"""How long the work at hand may still take: said where it begins, obeyed by whoever asks others on its behalf.

It belongs to the context: a thread that helps has to be started in a copy of it (`contextvars.copy_context`).
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic

_until: ContextVar[float] = ContextVar("until", default=math.inf)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What is done inside has so many seconds, or fewer when it already had fewer."""
    before = _until.set(min(_until.get(), monotonic() + seconds))
    try:
        yield
    finally:
        _until.reset(before)


def seconds_left() -> float:
    """Never negative; infinite when nobody set a deadline."""
    return max(0.0, _until.get() - monotonic())
