"""What new events mean for each listener.

Listeners that are up to date share one cursor. A listener without room, one that is paused, a new one and one that
asked for a replay go on by a cursor of their own until they are up to date: they cost the others nothing.
"""

from collections import OrderedDict
from collections.abc import Collection, Sequence
from typing import Protocol

from adapters.events.served import Served
from adapters.persistence.deliveries import Change, DeliveryTable, Round
from canonical.events.recorded import RecordedEvent
from canonical.listeners.delivery import Delivery
from canonical.listeners.listener import Listener
from canonical.listeners.notification import ListenerUnusable, Notification

MOST_EVENTS = 200
"""Events that are taken up in one round."""
MOST_REMEMBERED = 2_000


class Notifies(Protocol):
    def concerns(self, listener: Listener, subject_type: str) -> bool: ...

    def notification(self, listener: Listener, event: RecordedEvent, before: str | None) -> Notification | None:
        """Raises ListenerUnusable."""
        ...


class Selection:
    """`cursor` is that of the listeners that are up to date."""

    def __init__(self, table: DeliveryTable, notifier: Notifies) -> None:
        self.cursor = 0
        self._table = table
        self._notifier = notifier
        self._changes: OrderedDict[int, Change] = OrderedDict()

    def select(self, everybody: Collection[Served], done: Round) -> bool:
        """Take up new events. Returns whether there are more."""
        changes = self._table.changes_after(self.cursor, MOST_EVENTS)
        self._remember(changes)
        for served in everybody:
            if served.status.cursor is not None or not changes:
                continue
            if served.is_active and served.lane.room >= len(changes):
                self._select_for(served, changes, done)
            else:
                served.move(self.cursor, done)
        if changes:
            self.cursor = changes[-1].event.number
        behind = [self._catch_up(served, done) for served in everybody]
        return any(behind) or len(changes) == MOST_EVENTS

    def made(self, served: Served, change: Change, done: Round) -> Notification | None:
        """The notification of an event; None for nothing. A listener that cannot be used is paused."""
        try:
            return self._notifier.notification(served.listener, change.event, change.before)
        except ListenerUnusable as error:
            served.halt(str(error), done)
            return None

    def change(self, number: int) -> Change | None:
        """The event with this number, if it is still kept."""
        return self._changes.get(number) or self._table.change(number)

    def _catch_up(self, served: Served, done: Round) -> bool:
        """One batch for a listener that is behind. Returns whether it can go on at once."""
        cursor = served.status.cursor
        if cursor is None or cursor > self.cursor or not served.is_active or not served.lane.room:
            return False
        changes = self._table.changes_after(cursor, min(MOST_EVENTS, served.lane.room))
        due = [change for change in changes if change.event.number <= self.cursor]
        if self._select_for(served, due, done):
            last = due[-1].event.number if due else self.cursor
            served.move(None if last >= self.cursor else last, done)
        return served.status.cursor is not None

    def _select_for(self, served: Served, changes: Sequence[Change], done: Round) -> bool:
        """Whether all of them were selected. Otherwise the listener is paused before the first that was not."""
        for change in changes:
            event = change.event
            if not self._notifier.concerns(served.listener, event.subject_type):
                continue
            made = self.made(served, change, done)
            if not served.is_active:
                served.move(event.number - 1, done)
                return False
            if made is not None:
                new = Delivery(served.listener.id, event.number, event.subject, made.event_id, made.event_type)
                done.new.append(new)
        return True

    def _remember(self, changes: Sequence[Change]) -> None:
        """What was selected is made again when it is sent: events that were just read are not read again."""
        for change in changes:
            self._changes[change.event.number] = change
        while len(self._changes) > MOST_REMEMBERED:
            self._changes.popitem(last=False)
