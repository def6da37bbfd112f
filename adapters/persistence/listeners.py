"""Listeners to notifications, a row each."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapters.persistence.database import Database, insert_once
from adapters.persistence.duties import milliseconds_of_deliveries
from adapters.persistence.encoding import timestamp
from adapters.persistence.event_stream import head
from adapters.persistence.tables import deliveries, delivery_attempts, delivery_status, listeners
from canonical.listeners.delivery import Addressing, DeliveryState, DeliveryStatus, new_secret
from canonical.listeners.errors import ListenerNotFound
from canonical.listeners.listener import Listener
from canonical.shared import jsontext

OWNERS = ("state", "reason", "addressing", "replay_after", "secret", "previous")
"""What owners of listeners change."""
_LOCKS = 622_623
"""The kind of advisory lock: one for each owner, beside that of migrations."""


class SqlListenerRepository:
    """Listeners of one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def of(self, owner: str) -> list[Listener]:
        """All of a client's, oldest first. Nobody else adds one for it before the transaction ends."""
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCKS, sa.func.hashtext(owner))))
        query = sa.select(listeners).where(listeners.c.owner == owner).order_by(listeners.c.id)
        return [loaded_listener(row) for row in self._connection.execute(query)]

    def add(self, new: Listener) -> None:
        row = {name: getattr(new, name) for name in Listener.__slots__}
        row |= {"created_at": timestamp(new.created_at), "scopes": " ".join(new.scopes)}
        self._connection.execute(sa.insert(listeners), row)
        self._begin(new.id)

    def remove(self, listener_id: str) -> None:
        self._connection.execute(sa.delete(listeners).where(listeners.c.id == listener_id))
        for table in (delivery_status, deliveries, delivery_attempts):
            self._connection.execute(sa.delete(table).where(table.c.listener_id == listener_id))

    def status(self, listener_id: str) -> DeliveryStatus:
        query = sa.select(delivery_status).where(delivery_status.c.listener_id == listener_id)
        found = self._connection.execute(query.with_for_update()).first()
        if found is None:  # a process of the release before registered it
            self._begin(listener_id)
            found = self._connection.execute(query.with_for_update()).one()
        return loaded_status(found)

    def _begin(self, listener_id: str) -> None:
        """Deliver events from now on, unless another transaction has begun it already."""
        status = DeliveryStatus(listener_id, new_secret(), cursor=head(self._connection))
        row = _status_row(status, DeliveryStatus.__slots__)
        insert_once(self._connection, delivery_status, row)

    def keep_status(self, status: DeliveryStatus) -> None:
        """A change by the owner. The node that delivers notices it by `turn`."""
        values = _status_row(status, OWNERS) | {"turn": status.turn + 1}
        its = delivery_status.c.listener_id == status.listener_id
        self._connection.execute(sa.update(delivery_status).where(its).values(values))

    def drop_waiting(self, listener_id: str, after: int) -> None:
        """What waits with greater numbers: it will be selected again."""
        waiting = (deliveries.c.listener_id == listener_id, deliveries.c.number > after)
        self._connection.execute(sa.delete(deliveries).where(*waiting))

    def revive(self, listener_id: str, event_ids: Collection[str] | None) -> int:
        """Have dead letters delivered, all or these. Returns how many."""
        dead = [deliveries.c.listener_id == listener_id, deliveries.c.dead.is_(True)]
        if event_ids is not None:
            dead.append(deliveries.c.event_id.in_(sorted(event_ids)))
        values = {"dead": False, "tries": 0, "due": 0}
        return self._connection.execute(sa.update(deliveries).where(*dead).values(values)).rowcount

    def delivery_milliseconds(self) -> int:
        return milliseconds_of_deliveries(self._connection)


class SqlListeners:
    """Listeners as they are read, outside any transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, listener_id: str, owner: str) -> Listener:
        """Raises ListenerNotFound, for another client's too."""
        mine = (listeners.c.id == listener_id, listeners.c.owner == owner)
        with self._database.reading() as connection:
            row = connection.execute(sa.select(listeners).where(*mine)).first()
        if row is None:
            raise ListenerNotFound("Listener not found", listenerId=listener_id)
        return loaded_listener(row)


def loaded_listener(row: Any) -> Listener:
    kept = {name: getattr(row, name) for name in Listener.__slots__}
    kept |= {"created_at": datetime.fromisoformat(row.created_at), "scopes": tuple(row.scopes.split())}
    return Listener(**kept)


def loaded_status(row: Any) -> DeliveryStatus:
    kept = {name: getattr(row, name) for name in DeliveryStatus.__slots__}
    kept |= {"state": DeliveryState(row.state), "addressing": Addressing(row.addressing)}
    kept["previous"] = tuple((secret, until) for secret, until in jsontext.read_kept(row.previous))
    return DeliveryStatus(**kept)


def _status_row(status: DeliveryStatus, names: Iterable[str]) -> dict[str, Any]:
    row = {name: getattr(status, name) for name in names}
    return row | {"previous": jsontext.text(row["previous"])}
