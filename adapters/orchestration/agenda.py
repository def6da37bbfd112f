"""The processes of this node, and the threads that run them, at once or after a pause."""

import heapq
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from time import monotonic

Key = tuple[str, str]
"""A process and its subject."""

CarryOn = Callable[["Entry"], float | None]
"""Makes one run. Returns the seconds until the next one, or None if this node no longer has the process."""


@dataclass(eq=False)
class Entry:
    """One process of this node. `touched` is when its run last made progress, in monotonic seconds."""

    process: str
    subject: str
    running: bool = False
    again: bool = False
    ticket: int = 0
    touched: float = field(default_factory=monotonic)

    @property
    def key(self) -> Key:
        return self.process, self.subject

    def touch(self) -> None:
        self.touched = monotonic()


class Agenda:
    """Runs each process in one thread at a time, and at most `at_once` processes together.

    Pauses are measured by the monotonic clock. `carry_on` and `freed` must not raise. `freed` is called when there is
    room for another process.
    """

    def __init__(self, carry_on: CarryOn, at_once: int, freed: Callable[[], None] = lambda: None) -> None:
        self._carry_on = carry_on
        self._at_once = at_once
        self._freed = freed
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="process")
        self._changed = threading.Condition()
        self._in_hand: dict[Key, Entry] = {}
        self._paused: list[tuple[float, int, Key]] = []
        self._tickets = self._running = 0
        self._stopped = False
        self._timer = threading.Thread(target=self._keep_time, name="process-timer", daemon=True)

    def begin(self) -> None:
        self._timer.start()

    def stop(self) -> None:
        """Start no further run, and wait for the running ones."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        if self._timer.is_alive():
            self._timer.join()
        self._pool.shutdown(cancel_futures=True)

    def add(self, process: str, subject: str) -> None:
        """Run the process now, or once more if it is running at this moment."""
        with self._changed:
            entry = self._in_hand.setdefault((process, subject), Entry(process, subject))
            if entry.running:
                entry.again = True
            else:
                self._submit(entry)

    def holds(self, process: str, subject: str) -> bool:
        with self._changed:
            return (process, subject) in self._in_hand

    def runs(self, process: str, subject: str) -> bool:
        """Whether a run of it is at work, or about to begin."""
        with self._changed:
            entry = self._in_hand.get((process, subject))
            return entry is not None and entry.running

    @property
    def running(self) -> int:
        """How many processes run at this moment, or are about to."""
        return self._running

    @property
    def room(self) -> int:
        """How many more processes could run at this moment."""
        return max(0, self._at_once - self.running)

    def replace_hanging(self, seconds: float) -> list[Key]:
        """Start another run for each process whose run made no progress for so long. The old run loses its turn."""
        since = monotonic() - seconds
        with self._changed:
            hanging = [key for key, entry in self._in_hand.items() if entry.running and entry.touched < since]
            for key in hanging:
                self._in_hand[key] = Entry(*key)
                self._running -= 1
                self._submit(self._in_hand[key])
            return hanging

    def _submit(self, entry: Entry) -> None:
        """With the lock held. Ends a pause of the entry."""
        self._tickets += 1
        self._running += 1
        entry.ticket, entry.running, entry.again = self._tickets, True, False
        entry.touch()
        if not self._stopped:
            self._pool.submit(self._run, entry)

    def _run(self, entry: Entry) -> None:
        entry.touch()
        pause = self._carry_on(entry)
        with self._changed:
            if self._in_hand.get(entry.key) is not entry:
                return
            entry.running = False
            self._running -= 1
            if entry.again:
                self._submit(entry)
                return
            if pause is None:
                del self._in_hand[entry.key]
            else:
                heapq.heappush(self._paused, (monotonic() + pause, entry.ticket, entry.key))
                self._changed.notify()
        self._freed()

    def _keep_time(self) -> None:
        with self._changed:
            while not self._stopped:
                now = monotonic()
                while self._paused and self._paused[0][0] <= now:
                    _, ticket, key = heapq.heappop(self._paused)
                    entry = self._in_hand.get(key)
                    if entry is not None and entry.ticket == ticket and not entry.running:
                        self._submit(entry)
                self._changed.wait(self._paused[0][0] - now if self._paused else None)
