"""What new events mean for each listener.

Listeners that are up to date share one cursor. A listener without room, one that is paused, a new one and one that
asked for a replay go on by a cursor of their own until they are up to date: they cost the others nothing.
"""

from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

import structlog

from adapters.events.served import Served
from adapters.persistence.deliveries import DeliveryTable, Round
from canonical.events.recorded import RecordedEvent
from canonical.listeners.delivery import Delivery
from canonical.listeners.listener import Listener
from canonical.listeners.notification import ListenerUnusable, Notification

log = structlog.get_logger()

MOST_EVENTS = 200
"""Events that are taken up in one round."""
MOST_REMEMBERED = 2_000
T = TypeVar("T")


class Notifies(Protocol):
    def concerns(self, listener: Listener, subject_type: str) -> bool: ...

    def notification(self, listener: Listener, event: RecordedEvent, before: str | None) -> Notification | None:
        """Raises ListenerUnusable."""
        ...


class NotMade(Exception):
    """The notification of one event could not be made: a fault of ours. The others go on."""

    PROBLEM = "the notification could not be made: see the log of the server"


class Selection:
    """`cursor` is that of the listeners that are up to date."""

    def __init__(self, table: DeliveryTable, notifier: Notifies) -> None:
        self.cursor = 0
        self._table = table
        self._notifier = notifier
        self._events: OrderedDict[int, RecordedEvent] = OrderedDict()
        self._before: OrderedDict[int, str | None] = OrderedDict()

    def select(self, everybody: Collection[Served], done: Round) -> bool:
        """Take up new events. Returns whether there are more."""
        followers = [served for served in everybody if served.status.cursor is None]
        more = self._go_on(followers, done) if any(one.is_active for one in followers) else self._skip(followers, done)
        behind = [self._catch_up(served, done) for served in everybody]
        return more or any(behind)

    def made(self, served: Served, event: RecordedEvent, done: Round) -> Notification | None:
        """The notification of an event; None for nothing. A listener that cannot be used is paused. Raises NotMade."""
        before = self._document_before(event)
        try:
            return self._notifier.notification(served.listener, event, before)
        except ListenerUnusable as error:
            served.halt(str(error), done)
            return None
        except Exception as error:
            log.exception("a notification could not be made", listener=served.listener.id, event_id=event.id)
            raise NotMade from error

    def event(self, number: int) -> RecordedEvent | None:
        """The event with this number, if it is still kept."""
        return self._events.get(number) or self._table.event(number)

    def _go_on(self, followers: Sequence[Served], done: Round) -> bool:
        """One batch for the listeners that are up to date."""
        events = self._table.events_after(self.cursor, MOST_EVENTS)
        for event in events:
            _remember(self._events, event.number, event)
        new: list[Delivery] = []
        for served in followers if events else ():
            if served.is_active and served.lane.room >= len(events):
                new += self._select_for(served, events, done)
            else:
                served.move(self.cursor, done)
        done.new += new
        if events:
            self.cursor = events[-1].number
        return len(events) == MOST_EVENTS

    def _skip(self, followers: Sequence[Served], done: Round) -> bool:
        """Nobody wants the new events now, so they are not read."""
        head = self._table.head()
        if head > self.cursor:
            for served in followers:
                served.move(self.cursor, done)
            self.cursor = head
        return False

    def _catch_up(self, served: Served, done: Round) -> bool:
        """One batch for a listener that is behind. Returns whether it can go on at once."""
        cursor = served.status.cursor
        if cursor is None or cursor > self.cursor or not served.is_active or not served.lane.room:
            return False
        events = self._table.events_after(cursor, min(MOST_EVENTS, served.lane.room))
        due = [event for event in events if event.number <= self.cursor]
        new = self._select_for(served, due, done)
        if served.is_active:
            done.new += new
            last = due[-1].number if due else self.cursor
            served.move(None if last >= self.cursor else last, done)
        return served.status.cursor is not None

    def _select_for(self, served: Served, events: Sequence[RecordedEvent], done: Round) -> list[Delivery]:
        """What the listener is to be sent, which the caller stores with the new cursor.

        A listener that is paused meanwhile has what comes before stored at once, with a cursor of its own.
        """
        new: list[Delivery] = []
        for event in events:
            if not self._notifier.concerns(served.listener, event.subject_type):
                continue
            try:
                made = self.made(served, event, done)
            except NotMade as fault:
                one = Delivery(served.listener.id, event.number, event.subject, event.id, event.type)
                new.append(replace(one, problem=fault.PROBLEM, dead=True))
                continue
            if not served.is_active:
                done.new += new
                served.move(event.number - 1, done)
                return []
            if made is not None:
                one = Delivery(served.listener.id, event.number, event.subject, made.event_id, made.event_type)
                new.append(one)
        return new

    def _document_before(self, event: RecordedEvent) -> str | None:
        if event.number not in self._before:
            _remember(self._before, event.number, self._table.before(event))
        return self._before[event.number]


def _remember(known: OrderedDict[int, T], number: int, value: T) -> None:
    """Keep what was just read: the notification is made again when it is sent."""
    known[number] = value
    while len(known) > MOST_REMEMBERED:
        known.popitem(last=False)
