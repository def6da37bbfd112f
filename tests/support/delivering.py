"""Notifications that a test has delivered, and what their listeners and owners do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from adapters.events.delivery import DeliverySettings, NotificationDelivery
from adapters.events.duty import Duty
from adapters.events.selection import Notifies
from adapters.events.webhooks import WebhookSender
from adapters.persistence.database import Database
from adapters.persistence.deliveries import DeliveryTable
from adapters.persistence.duties import NOTIFICATIONS, DutyTable
from adapters.persistence.listeners import SqlListenerRepository
from adapters.persistence.tables import deliveries, outbox
from canonical.events.recorded import RecordedEvent
from canonical.listeners.delivery import DeliveryStatus
from canonical.listeners.listener import Listener
from canonical.listeners.notification import ListenerUnusable, Notification, SendsNotifications
from canonical.shared import jsontext
from facade.identities import SortableIdentities
from tests.support.notified import a_listener
from tests.support.waiting import LONG

LEASE = 1.0
NODES = iter(f"node-{number}" for number in range(1_000))


class Plain:
    """Tells each listener of each event; one whose query is `unusable` cannot be told."""

    def concerns(self, listener: Listener, subject_type: str) -> bool:
        return True

    def notification(self, listener: Listener, event: RecordedEvent, before: str | None) -> Notification | None:
        if listener.query == "unusable":
            raise ListenerUnusable("its query cannot be used any more")
        body = {"id": event.id, "subject": event.subject, "sequence": event.sequence, "before": before}
        return Notification(event.id, "ProductOrderStateChangeEvent", jsontext.write(body))


def a_delivery(
    database: Database, notifier: Notifies | None = None, sender: SendsNotifications | None = None, **more: Any
) -> NotificationDelivery:
    duty = DutyTable(database, NOTIFICATIONS)
    settings = DeliverySettings(**{"threads": 8, **more})
    sends = sender or WebhookSender(lambda address: True, LONG, lambda name: ())
    return NotificationDelivery(
        DeliveryTable(database, duty, SortableIdentities()),
        Duty(duty, next(NODES), LEASE),
        notifier or Plain(),
        sends,
        settings,
    )


@contextmanager
def delivering(database: Database, **more: Any) -> Iterator[NotificationDelivery]:
    delivery = a_delivery(database, **more)
    delivery.begin()
    try:
        yield delivery
    finally:
        delivery.stop()


def register(database: Database, callback: str, listener_id: str = "l1", **more: Any) -> None:
    with database.writing() as connection:
        SqlListenerRepository(connection).add(a_listener(id=listener_id, callback=callback, **more))
        connection.commit()


def happen(database: Database, *subjects: str) -> None:
    """One event of each of these subjects."""
    with database.writing() as connection:
        for subject in subjects:
            number = connection.scalar(sa.select(sa.func.coalesce(sa.func.max(outbox.c.number), 0))) or 0
            its = sa.select(sa.func.count()).where(outbox.c.subject == subject)
            row = {
                "subject_type": "order",
                "subject": subject,
                "sequence": (connection.scalar(its) or 0) + 1,
                "type": "OrderAnnotated",
                "at": "2026-05-03T12:00:00.000000Z",
                "payload": "{}",
                "number": number + 1,
                "document": jsontext.text({"number": number + 1}),
            }
            connection.execute(sa.insert(outbox), row)
        connection.commit()


def change(database: Database, act: Callable[[SqlListenerRepository, DeliveryStatus], object]) -> None:
    """What the owner of listener `l1` does."""
    with database.writing() as connection:
        repository = SqlListenerRepository(connection)
        status = repository.status("l1")
        act(repository, status)
        repository.keep_status(status)
        connection.commit()


def rows(database: Database, table: sa.Table) -> list[Any]:
    with database.reading() as connection:
        return list(connection.execute(sa.select(table)))


def quiet(database: Database) -> bool:
    return not rows(database, deliveries)
