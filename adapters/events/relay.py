"""Publishes events to a streaming platform. One node at a time does it; another one takes over if it dies.

The cursor moves after the broker has acknowledged an event: after a crash the event is published again, with the same
id. An event waits until those before it of the same subject are acknowledged, so none overtakes one that was refused.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from time import monotonic

import structlog
from sqlalchemy.exc import SQLAlchemyError

from adapters.events.duty import Duty
from adapters.persistence.duties import DutyTable
from canonical.events.ports import EventPublisher, EventStream, NotPublished, StreamMessage, Wanted
from canonical.events.recorded import RecordedEvent
from canonical.shared.errors import StoreUnavailable

log = structlog.get_logger()

BATCH = 500
GATHER_SECONDS = 0.05
"""Events that are recorded within this time are published together, so that the cursor is not stored for each."""
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 0.5, 30.0
DOUBLINGS = 10
FAILED_SECONDS = 1.0
WANTED = Wanted(documents=False)


class EventRelay:
    """A thread. `wake` it when there are new events.

    `published` and `failures` count events and failed attempts of this node. `problem` says why its last attempt
    failed; it is None after a success, and while another node publishes.
    """

    def __init__(
        self,
        stream: EventStream,
        table: DutyTable,
        duty: Duty,
        publisher: EventPublisher,
        message_of: Callable[[RecordedEvent], StreamMessage],
    ) -> None:
        self._stream = stream
        self._table = table
        self._duty = duty
        self._publisher = publisher
        self._message_of = message_of
        self._cursor = 0
        self._failed_in_a_row = 0
        self.published = 0
        self.failures = 0
        self.problem: str | None = None
        self._woken = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._rounds, name="stream", daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        """Wait for what is being published, and leave the duty to others."""
        self._stopped.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join()
        try:
            self._duty.leave()
        except (StoreUnavailable, SQLAlchemyError):
            log.exception("this node could not leave the stream to others; they wait for a lease")
        self._publisher.close()

    def round(self) -> float:
        """Publish what is next. Returns the seconds until the next round, unless something wakes the thread."""
        if not self._duty.held and not self._take_over():
            return self._duty.pause
        events = self._stream.after(self._cursor, BATCH, WANTED)
        try:
            self._publish(events)
        except NotPublished as error:
            if not self._failed_in_a_row:
                told = {"reason": str(error), "cause": repr(error.__cause__)}
                log.warning("events could not be published, will try again", **told)
            pause = self._failed(str(error))
            self._duty.leave()  # another node may reach the broker
            return pause
        return 0.0 if len(events) == BATCH else self._duty.pause

    def _take_over(self) -> bool:
        cursor = self._duty.take()
        if cursor is None:
            self.problem = None
            return False
        self._cursor = cursor
        if not self._failed_in_a_row:
            log.info("this node publishes events from now on", after=cursor)
        return True

    def _publish(self, events: Sequence[RecordedEvent]) -> None:
        """Publish and move the cursor, as long as this node has the duty. Raises NotPublished."""
        for wave in waves(events):
            if self._stopped.is_set() or (self._duty.needs_beat and not self._kept(self._cursor)):
                return
            self._publisher.publish([self._message_of(event) for event in wave])
            self.published += len(wave)
        if events:
            self._succeeded()
        if events or self._duty.needs_beat:
            self._kept(events[-1].number if events else self._cursor)

    def _kept(self, cursor: int) -> bool:
        """Store the cursor. False: another node publishes now."""
        begun = monotonic()
        if not self._table.advance(self._duty.node, self._duty.milliseconds, cursor):
            log.warning("another node publishes events now")
            self._duty.lost()
            return False
        self._duty.beaten(begun)
        self._cursor = cursor
        return True

    def _succeeded(self) -> None:
        if self._failed_in_a_row:
            log.info("events are published again")
        self._failed_in_a_row, self.problem = 0, None

    def _failed(self, problem: str) -> float:
        """Returns after how many seconds to try again."""
        self.failures += 1
        doubled: int = 2 ** min(self._failed_in_a_row, DOUBLINGS)
        longest = min(LAST_RETRY_SECONDS, FIRST_RETRY_SECONDS * doubled)
        self._failed_in_a_row += 1
        self.problem = problem
        return longest * random.uniform(0.5, 1)  # noqa: S311 - so that nodes do not try at the same time

    def _rounds(self) -> None:
        while not self._stopped.is_set():
            self._woken.clear()
            try:
                pause = self.round()
            except StoreUnavailable:
                pause = FAILED_SECONDS
            except Exception as error:
                log.exception("events could not be published, will try again")
                pause = self._failed(f"events could not be made or sent: {type(error).__name__}")
            if self.problem is None:
                self._woken.wait(pause)
                self._stopped.wait(GATHER_SECONDS)
            else:
                self._stopped.wait(pause)  # new events do not make a broker come back


def waves(events: Iterable[RecordedEvent]) -> list[list[RecordedEvent]]:
    """The events in parts, each with at most one event of a subject. Its next event is in the next part."""
    seen: Counter[str] = Counter()
    found: list[list[RecordedEvent]] = []
    for event in events:
        if seen[event.subject] == len(found):
            found.append([])
        found[seen[event.subject]].append(event)
        seen[event.subject] += 1
    return found
