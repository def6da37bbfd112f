"""Runs a check that may hang for callers that must not."""

import threading
from collections.abc import Callable
from time import monotonic

SECONDS = 1.0


class Probe:
    """The last result of `check`.

    It runs in a separate thread, one at a time, and only on request. `check` returns the problem, or None, which is
    valid for `fresh` seconds. A caller that asks while it runs waits for its result, and gets `late` after a second.
    """

    def __init__(self, check: Callable[[], str | None], late: str, fresh: float = SECONDS) -> None:
        self._check = check
        self._late = late
        self._fresh = fresh
        self._found: str | None = None
        self._until = -1.0
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._began: float | None = None

    def problem(self) -> str | None:
        """What is wrong; None when nothing is."""
        with self._lock:
            if self._began is None and monotonic() >= self._until:
                self._began, self._ended = monotonic(), threading.Event()
                threading.Thread(target=self._run, args=(self._ended,), name="probe", daemon=True).start()
            began, ended = self._began, self._ended
        if began is not None and not ended.wait(max(0.0, began + SECONDS - monotonic())):
            return self._late
        return self._found

    def _run(self, ended: threading.Event) -> None:
        found: str | None = self._late
        try:
            found = self._check()
        finally:
            with self._lock:
                self._found, self._until, self._began = found, monotonic() + self._fresh, None
            ended.set()
