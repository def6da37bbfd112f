"""How a long step of a process shows that it is at work, and learns that it should stop."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


def _nothing() -> None:
    pass


_told: ContextVar[Callable[[], None]] = ContextVar("told", default=_nothing)


@contextmanager
def telling(told: Callable[[], None]) -> Iterator[None]:
    """What is done inside tells `told` that it is at work; what that raises stops it."""
    before = _told.set(told)
    try:
        yield
    finally:
        _told.reset(before)


def at_work() -> None:
    """Say so from time to time in a step that takes longer than a call. Raises what stops the run."""
    _told.get()()
