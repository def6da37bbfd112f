"""How long the work at hand may still take: said where it begins, obeyed by whoever asks others on its behalf.

It belongs to the context: a thread that helps has to be started in a copy of it (`contextvars.copy_context`).
"""

import math
from contextvars import ContextVar, Token
from time import monotonic
from types import TracebackType

_until: ContextVar[float] = ContextVar("until", default=math.inf)


class Within:
    """A context manager that every use of the database enters, and so no generator, which costs more."""

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
    """What is done inside has so many seconds, or fewer when it already had fewer."""
    return Within(seconds)


def seconds_left() -> float:
    """Never negative; infinite when nobody set a deadline."""
    return max(0.0, _until.get() - monotonic())
