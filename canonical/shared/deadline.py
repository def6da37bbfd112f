"""The deadline of the current work: set where the work begins, and obeyed by every call that it makes.

It belongs to the context: start a helper thread in a copy of it (`contextvars.copy_context`).
"""

import math
from contextvars import ContextVar, Token
from time import monotonic
from types import TracebackType

_until: ContextVar[float] = ContextVar("until", default=math.inf)


class Within:
    """A context manager. Every use of the database enters it, so it is a class: a generator would cost more."""

    __slots__ = ("_before", "_seconds")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._before: Token[float]

    def __enter__(self) -> None:
        self._before = _until.set(min(_until.get(), monotonic() + self._seconds))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _until.reset(self._before)


def within(seconds: float) -> Within:
    """The work inside has this many seconds, or fewer if the deadline before is nearer."""
    return Within(seconds)


def seconds_left() -> float:
    """Never negative; infinite when nobody set a deadline."""
    return max(0.0, _until.get() - monotonic())
