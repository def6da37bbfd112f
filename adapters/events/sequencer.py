"""The background work of each node that keeps the stream of events: number what was committed, and tell who follows it.

Any node numbers events, one at a time (see `adapters.persistence.event_numbers`), so none has to be chosen, and none
has to take over from another.
"""

import threading
from collections.abc import Callable

import structlog

from adapters.persistence.event_numbers import EventNumbers, Numbering
from canonical.shared.errors import StoreUnavailable

log = structlog.get_logger()

POLL_SECONDS = 0.25
"""Between two looks at what others have written."""
GATHER_SECONDS = 0.01
"""Commits within this time are numbered together."""
BUSY_SECONDS = 0.02
FAILED_SECONDS = 1.0


class Sequencer:
    """A thread. `wake` it after a commit of this node that recorded events. `problem`: why the last round failed.

    `tend` is called in each round, to delete old events.
    """

    def __init__(self, numbers: EventNumbers, tend: Callable[[], None] = lambda: None) -> None:
        self._numbers = numbers
        self._tend = tend
        self.problem: str | None = None
        self._head = 0
        self._followers: tuple[Callable[[], None], ...] = ()
        self._woken = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._rounds, name="sequencer", daemon=True)

    @property
    def head(self) -> int:
        """The last number that this node knows of."""
        return self._head

    def begin(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join()

    def wake(self) -> None:
        self._woken.set()

    def subscribe(self, follower: Callable[[], None]) -> None:
        """Call `follower` in this thread whenever there are new numbers. It must be quick and not raise."""
        self._followers += (follower,)

    def round(self) -> float:
        """Returns after how many seconds to look again, unless it is woken."""
        done = self._numbers.give()
        self._advance(self._numbers.head())
        self._tend()
        return {Numbering.DONE: POLL_SECONDS, Numbering.MORE: 0.0, Numbering.BUSY: BUSY_SECONDS}[done]

    def _rounds(self) -> None:
        pause = 0.0
        while not self._stopped.is_set():
            if self._woken.wait(pause):
                self._stopped.wait(GATHER_SECONDS)
            self._woken.clear()
            try:
                pause = self.round()
                self.problem = None
            except StoreUnavailable as error:
                pause = self._failed(error)
            except Exception as error:  # whatever it is, the thread goes on
                log.exception("events could not be numbered, or old ones not deleted; will try again")
                pause = self._failed(error)

    def _failed(self, error: Exception) -> float:
        """Returns after how many seconds to try again."""
        self.problem = f"events could not be numbered, or old ones not deleted: {type(error).__name__}"
        self._stopped.wait(FAILED_SECONDS)
        return 0.0

    def _advance(self, head: int) -> None:
        if head <= self._head:
            return
        self._head = head
        for follower in self._followers:
            follower()
