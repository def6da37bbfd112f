"""A limited number of places for threads; each thread waits for one until its deadline."""

from queue import Empty, SimpleQueue
from threading import Lock
from time import monotonic
from types import TracebackType

from canonical.shared.deadline import seconds_left
from canonical.shared.errors import StoreUnavailable

STUCK_SECONDS = 2.0
"""If no place became free for this many seconds, the threads inside hang."""


class Places:
    """A context manager that admits this many threads at once; the others wait until their deadline.

    While the threads inside hang, at most `most_waiting` others wait and the rest fail at once, so that a hanging
    database does not take every thread of the process.
    """

    def __init__(self, places: int, most_waiting: int, stuck_seconds: float = STUCK_SECONDS) -> None:
        self._free: SimpleQueue[None] = SimpleQueue()
        for _ in range(places):
            self._free.put(None)
        self._most_waiting = most_waiting
        self._stuck_seconds = stuck_seconds
        self._waiting = 0
        self._lock = Lock()
        self._left_at = monotonic()

    def __enter__(self) -> None:
        """Raises StoreUnavailable."""
        try:
            self._free.get_nowait()
        except Empty:
            self._wait()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left_at = monotonic()
        self._free.put(None)

    @property
    def are_awaited(self) -> bool:
        """Whether threads wait for a place."""
        return self._waiting > 0

    def _wait(self) -> None:
        with self._lock:
            self._waiting += 1
        while True:
            with self._lock:
                crowded = self._waiting > self._most_waiting and monotonic() - self._left_at >= self._stuck_seconds
                if crowded or not seconds_left():
                    self._waiting -= 1
                    break
            try:
                self._free.get(timeout=min(self._stuck_seconds, seconds_left()))
            except Empty:
                continue
            with self._lock:
                self._waiting -= 1
            return
        raise StoreUnavailable("the database is busy: too many requests wait for it, or one waited too long")
