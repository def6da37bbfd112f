"""Waiting for the ends of processes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Endings:
    """Lets threads of this operating system process wait for the end of a process, as soon as it is told here."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: dict[str, list[threading.Event]] = {}

    @contextmanager
    def of(self, subject: str) -> Iterator[threading.Event]:
        """Set when the end of the process on `subject` is told; one that was told earlier does not set it."""
        event = threading.Event()
        with self._lock:
            self._events.setdefault(subject, []).append(event)
        try:
            yield event
        finally:
            with self._lock:
                self._events[subject].remove(event)
                if not self._events[subject]:
                    del self._events[subject]

    def tell(self, subject: str) -> None:
        """The process on `subject` has ended."""
        with self._lock:
            for event in self._events.get(subject, ()):
                event.set()
