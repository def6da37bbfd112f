"""What owners of listeners, and operators, read about deliveries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapters.persistence.database import Database
from adapters.persistence.deliveries import REPORTS, loaded_delivery
from adapters.persistence.duties import milliseconds_of_deliveries
from adapters.persistence.event_stream import head
from adapters.persistence.listeners import loaded_listener, loaded_status
from adapters.persistence.tables import deliveries, delivery_attempts, listeners, outbox
from canonical.listeners.delivery import Attempt, Delivery, DeliveryState
from canonical.listeners.errors import ListenerNotFound
from canonical.listeners.ports import ListenerReport


@dataclass(frozen=True, slots=True)
class DeliveryBacklog:
    """Of one listener: what waits, its dead letters, and when the oldest event that waits happened."""

    listener_id: str
    owner: str
    paused: bool
    failing: bool
    waiting: int
    dead: int
    oldest: datetime | None


class SqlDeliveryReads:
    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> Sequence[ListenerReport]:
        """Of all clients, for operators."""
        return self._reports()

    def of(self, owner: str) -> Sequence[ListenerReport]:
        return self._reports(listeners.c.owner == owner)

    def find(self, listener_id: str, owner: str) -> ListenerReport:
        found = self._reports(listeners.c.owner == owner, listeners.c.id == listener_id)
        if not found:
            raise ListenerNotFound("Listener not found", listenerId=listener_id)
        return found[0]

    def deliveries(self, listener_id: str, dead: bool, limit: int) -> Sequence[Delivery]:
        which = (deliveries.c.listener_id == listener_id, deliveries.c.dead.is_(dead))
        query = sa.select(deliveries).where(*which).order_by(deliveries.c.number).limit(limit)
        with self._database.reading() as connection:
            return [loaded_delivery(row) for row in connection.execute(query)]

    def attempts(self, listener_id: str, limit: int) -> Sequence[Attempt]:
        query = sa.select(delivery_attempts).where(delivery_attempts.c.listener_id == listener_id)
        newest = query.order_by(delivery_attempts.c.position.desc()).limit(limit)
        with self._database.reading() as connection:
            return [
                Attempt(**{name: getattr(row, name) for name in Attempt.__slots__})
                for row in connection.execute(newest)
            ]

    def milliseconds(self) -> int:
        with self._database.reading() as connection:
            return milliseconds_of_deliveries(connection)

    def backlogs(self) -> Sequence[DeliveryBacklog]:
        """Of every listener that has something waiting or dead, or is paused."""
        with self._database.reading() as connection:
            counted = _counted(connection, sa.true())
            found = list(connection.execute(REPORTS))
            return [
                DeliveryBacklog(
                    row.id,
                    row.owner,
                    row.state == DeliveryState.PAUSED,
                    row.failing_since is not None,
                    *counted.get(row.id, (0, 0)),
                    _oldest(connection, row.id) if counted.get(row.id, (0, 0))[0] else None,
                )
                for row in found
                if row.id in counted or row.state == DeliveryState.PAUSED
            ]

    def _reports(self, *which: sa.ColumnElement[bool]) -> list[ListenerReport]:
        with self._database.reading() as connection:
            found = list(connection.execute(REPORTS.where(*which).order_by(listeners.c.id)))
            counted = _counted(connection, deliveries.c.listener_id.in_([row.id for row in found]))
            last = head(connection)
        return [
            ListenerReport(
                loaded_listener(row),
                loaded_status(row),
                *counted.get(row.id, (0, 0)),
                behind=0 if row.cursor is None else max(0, last - row.cursor),
            )
            for row in found
        ]


def _counted(connection: sa.Connection, which: sa.ColumnElement[bool]) -> dict[str, tuple[int, int]]:
    """How many notifications wait and how many are dead, by listener."""
    query = sa.select(deliveries.c.listener_id, deliveries.c.dead, sa.func.count()).where(which)
    counted: dict[str, list[int]] = {}
    for listener_id, dead, count in connection.execute(query.group_by(deliveries.c.listener_id, deliveries.c.dead)):
        counted.setdefault(listener_id, [0, 0])[bool(dead)] = count
    return {listener_id: (waiting, dead) for listener_id, (waiting, dead) in counted.items()}


def _oldest(connection: sa.Connection, listener_id: str) -> datetime | None:
    """When the oldest event that waits for the listener happened."""
    first = sa.select(sa.func.min(deliveries.c.number)).where(
        deliveries.c.listener_id == listener_id, deliveries.c.dead.is_(False)
    )
    at: Any = connection.scalar(sa.select(outbox.c.at).where(outbox.c.number == first.scalar_subquery()))
    return None if at is None else datetime.fromisoformat(at)
