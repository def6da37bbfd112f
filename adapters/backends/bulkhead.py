"""How many calls to one backend may be under way at once, so that a slow one cannot take every thread."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock

QUEUE_SHARE = 4
"""One waiting caller is allowed for this many places."""


class NoPlace(Exception):
    """All places are taken: no place became free in time, or too many callers wait already."""


def threads_held(places: int) -> int:
    """How many threads a backend that never answers can hold."""
    return places + places // QUEUE_SHARE


class Bulkhead:
    """Allows `places` concurrent calls.

    A quarter as many wait for a place, and all others are refused at once. Without a limit, waiting callers would use
    up the threads that this bulkhead protects.
    """

    def __init__(self, places: int) -> None:
        self._places = BoundedSemaphore(places)
        self._queue = BoundedSemaphore(places // QUEUE_SHARE) if places >= QUEUE_SHARE else None
        self._lock = Lock()
        self._inside = 0

    @property
    def inside(self) -> int:
        """How many have a place now."""
        return self._inside

    @contextmanager
    def place(self, patience: float) -> Iterator[None]:
        """One place while inside. Raises NoPlace after `patience` seconds at most."""
        if not (self._places.acquire(blocking=False) or self._wait(patience)):
            raise NoPlace
        with self._lock:
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
            self._places.release()

    def _wait(self, patience: float) -> bool:
        if self._queue is None or not self._queue.acquire(blocking=False):
            return False
        try:
            return self._places.acquire(timeout=patience)
        finally:
            self._queue.release()
