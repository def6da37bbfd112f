"""Turns of requests for one subject, inside this server process."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from weakref import WeakValueDictionary

from canonical.shared.deadline import seconds_left
from canonical.shared.errors import ConcurrentChange

PATIENCE = 5.0
"""Seconds to wait for a turn: a client that patches one resource in a loop gets 409 and does not use up all threads."""


class Turns:
    """Admits one thread at a time for each name."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._known: WeakValueDictionary[str, Lock] = WeakValueDictionary()

    @contextmanager
    def turn(self, name: str) -> Iterator[None]:
        """Raises ConcurrentChange if the turn does not come in time."""
        with self._guard:
            lock = self._known.setdefault(name, Lock())
        if not lock.acquire(timeout=min(PATIENCE, seconds_left())):
            raise ConcurrentChange(f"other requests keep changing {name}: try again")
        try:
            yield
        finally:
            lock.release()
