"""Delivers notifications to listeners. One node at a time does it; another one takes over if it dies.

In each round the node selects what new events mean for each listener, stores that and the results of earlier tries in
one transaction, and then sends what is due. Something is sent only after it was stored, and is removed only after it
was delivered: after a crash it is sent again, with the same event id.
"""

import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue
from time import monotonic

import structlog
from sqlalchemy.exc import SQLAlchemyError

from adapters.events.duty import Duty
from adapters.events.lanes import Lane
from adapters.events.outcomes import DAY, Outcomes
from adapters.events.places import Places
from adapters.events.selection import Notifies, NotMade, Selection
from adapters.events.served import Result, Served
from adapters.persistence.deliveries import DeliveryTable, Round
from adapters.persistence.encoding import timestamp
from canonical.listeners.delivery import Delivery, DeliveryStatus
from canonical.listeners.listener import Listener
from canonical.listeners.notification import Outcome, Outgoing, SendsNotifications
from canonical.shared.errors import StoreUnavailable

log = structlog.get_logger()

POLL_SECONDS = 0.25
"""Between two rounds if nothing wakes the thread."""
REFRESH_SECONDS = 0.5
"""Between two looks at what owners of listeners have changed."""
FAILED_SECONDS = 1.0
FORGET_SECONDS = 60.0
LEAVING_SECONDS = 2.0
"""At the end, for what is being sent."""
NEVER = float("-inf")


@dataclass(frozen=True)
class DeliverySettings:
    """See `Outcomes`. `threads` send at the same time. Attempts are kept for `keep_seconds`."""

    retry_seconds: float = 3.0 * DAY
    pause_seconds: float = 5.0 * DAY
    threads: int = 32
    keep_seconds: float = 7.0 * DAY


class NotificationDelivery:
    """A thread, and threads that send. `wake` it when there are new events.

    `counted` are the tries of this node by their outcome: delivered, refused or noAnswer.
    """

    def __init__(
        self,
        table: DeliveryTable,
        duty: Duty,
        notifier: Notifies,
        sender: SendsNotifications,
        settings: DeliverySettings,
    ) -> None:
        self._table = table
        self._duty = duty
        self._sender = sender
        self._settings = settings
        self._selection = Selection(table, notifier)
        self._outcomes = Outcomes(settings.retry_seconds, settings.pause_seconds)
        self._served: dict[str, Served] = {}
        self._results: SimpleQueue[Result] = SimpleQueue()
        self._done = Round()
        self.counted: Counter[str] = Counter()
        self._places = Places(settings.threads)
        self._refreshed = self._forgot = NEVER
        self._woken = threading.Event()
        self._stopped = threading.Event()
        self._to_send: SimpleQueue[tuple[Served, Delivery, bytes] | None] = SimpleQueue()
        self._senders = 0
        self._thread = threading.Thread(target=self._rounds, name="notifications", daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        """Wait a moment for what is being sent, keep the results, and leave the duty to others.

        What a slow listener answers later is not known, so it is sent again.
        """
        self._stopped.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join()
        with suppress(Empty):  # what no thread has begun is sent by the next node
            while (unsent := self._to_send.get_nowait()) is not None:
                self._places.give_back(unsent[0].listener.owner)
        for _ in range(self._senders):
            self._to_send.put(None)
        until = monotonic() + LEAVING_SECONDS
        try:
            if self._duty.held:
                self._collect()
                while self._places.taken and monotonic() < until:
                    self._woken.wait(until - monotonic())
                    self._woken.clear()
                    self._collect()
                self._keep()
            self._duty.leave()
        except (StoreUnavailable, SQLAlchemyError):
            log.exception("this node could not leave its notifications in order; some may be sent twice")

    def _rounds(self) -> None:
        while not self._stopped.is_set():
            try:
                pause = self.round()
            except StoreUnavailable:
                pause = FAILED_SECONDS
            except Exception:
                log.exception("notifications could not be delivered, will try again")
                pause = FAILED_SECONDS
            self._woken.wait(pause)
            self._woken.clear()

    def round(self) -> float:
        """Returns the seconds until the next one, unless something wakes the thread."""
        if not self._duty.held and not self._take_over():
            return self._duty.pause
        self._refresh()
        self._collect()
        more = self._selection.select(self._served.values(), self._done)
        if not self._keep():
            return 0.0
        self._send()
        self._forget()
        return 0.0 if more else self._pause()

    def _take_over(self) -> bool:
        self._served.clear()
        self._done = Round()
        cursor = self._duty.take()
        if cursor is None:
            return False
        self._selection.cursor = cursor
        self._refreshed = NEVER
        log.info("this node delivers notifications from now on", after=cursor)
        return True

    def _refresh(self) -> None:
        """Read which listeners there are, and what their owners have changed, unless something waits to be stored."""
        if self._done or monotonic() - self._refreshed < REFRESH_SECONDS:
            return
        self._refreshed = monotonic()
        found = {listener.id: (listener, status) for listener, status in self._table.listeners()}
        for gone in self._served.keys() - found.keys():
            del self._served[gone]
        for listener_id, (listener, status) in found.items():
            known = self._served.get(listener_id)
            if known is None or known.status.turn != status.turn:
                self._served[listener_id] = self._loaded(listener, status)

    def _loaded(self, listener: Listener, status: DeliveryStatus) -> Served:
        """What comes after its cursor is selected again, so it does not wait now."""
        served = Served(listener, status, Lane(failures=status.failures))
        if not served.is_active and status.failing_since is not None:  # it begins anew when it is resumed
            served.forgive()
            served.changed(self._done)
        if status.replay_after is not None:
            selected = self._selection.cursor if status.cursor is None else status.cursor
            served.move(min(status.replay_after, selected), self._done)
            status.replay_after = None
        waiting = self._table.waiting(listener.id)
        served.lane.add(one for one in waiting if status.cursor is None or one.number <= status.cursor)
        return served

    def _collect(self) -> None:
        """Take up the results of what was sent."""
        while True:
            try:
                result = self._results.get_nowait()
            except Empty:
                return
            self._places.give_back(result.served.listener.owner)
            self._done.attempts.append(result.attempt)
            self.counted[_outcome(result.outcome)] += 1
            served = result.served
            # Otherwise its owner has changed something, or another node had the duty: what waits was read again.
            if self._served.get(served.listener.id) is served:
                self._outcomes.settle(result, self._duty.milliseconds, self._done)
                if result.outcome.gone:
                    del self._served[served.listener.id]

    def _keep(self) -> bool:
        """Store what was done. False: the node has lost the duty, and nothing was stored."""
        if not self._done and not self._duty.needs_beat:
            return True
        begun = monotonic()
        if not self._table.write(self._duty.node, self._duty.milliseconds, self._selection.cursor, self._done):
            log.warning("another node delivers notifications now")
            self._duty.lost()
            return False
        self._duty.beaten(begun)
        new, self._done = self._done.new, Round()
        for one in new:
            if one.listener_id in self._served and not one.dead:
                self._served[one.listener_id].lane.add((one,))
        return True

    def _send(self) -> None:
        """Hand what is due to the threads that send."""
        now = self._duty.milliseconds
        for served in self._places.in_turn(self._served.values()):
            room = self._places.room(served.listener.owner)
            taken = served.lane.take(now, room) if served.is_active and room > 0 else []
            try:
                while taken:
                    self._send_one(served, taken[0])
                    del taken[0]
            except StoreUnavailable:
                for one in taken:
                    served.lane.put_back(one)
                raise

    def _send_one(self, served: Served, one: Delivery) -> None:
        if not served.is_active:  # since it was taken
            served.lane.put_back(one)
            return
        event = self._selection.event(one.number)
        if event is None:
            served.lane.over(one)
            self._done.failed.append(replace(one, problem="the event is not kept any more", dead=True))
            return
        try:
            made = self._selection.made(served, event, self._done)
        except NotMade as fault:
            served.lane.over(one)
            self._done.failed.append(replace(one, problem=fault.PROBLEM, dead=True))
            return
        if not served.is_active:
            served.lane.put_back(one)
            return
        if made is None:  # its client may not see it any more
            served.lane.over(one)
            self._done.delivered.append(one)
            return
        self._places.take(served.listener.owner)
        self._to_send.put((served, replace(one, event_type=made.event_type), made.body))
        if self._senders < min(self._places.taken, self._settings.threads):
            self._senders += 1
            threading.Thread(target=self._deliver_all, name=f"notification {self._senders}", daemon=True).start()

    def _deliver_all(self) -> None:
        """In a thread that ends with the process: no listener can keep it from ending."""
        while (task := self._to_send.get()) is not None and not self._stopped.is_set():
            self._deliver(*task)

    def _deliver(self, served: Served, one: Delivery, body: bytes) -> None:
        address, at = served.address(one.event_type), datetime.now(UTC)
        keys = served.status.keys(self._duty.milliseconds)
        try:
            outcome = self._sender.send(Outgoing(address, one.event_id, body, keys))
        except Exception:
            log.exception("a notification could not be sent", listener=served.listener.id)
            outcome = Outcome(None, "it could not be sent: see the log of the server", "", 0)
        self._results.put(Result(served, one, address, at, outcome))
        self._woken.set()

    def _forget(self) -> None:
        if monotonic() - self._forgot < FORGET_SECONDS:
            return
        self._forgot = monotonic()
        if self._table.forget(timestamp(datetime.now(UTC) - timedelta(seconds=self._settings.keep_seconds))):
            self._forgot = NEVER

    def _pause(self) -> float:
        """Until something is due, or it is time to look."""
        now = self._duty.milliseconds
        due = (served.lane.next_due() for served in self._served.values() if served.is_active)
        soonest = min((one for one in due if one is not None and one > now), default=None)
        longest = min(POLL_SECONDS, self._duty.pause)
        return longest if soonest is None else min(longest, (soonest - now) / 1000 + 0.001)


def _outcome(outcome: Outcome) -> str:
    if outcome.delivered:
        return "delivered"
    return "noAnswer" if outcome.status is None else "refused"
