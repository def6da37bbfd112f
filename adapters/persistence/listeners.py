"""Listeners to notifications, a row each."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapters.persistence.database import Database
from adapters.persistence.encoding import timestamp
from adapters.persistence.tables import listeners
from canonical.listeners.errors import ListenerNotFound
from canonical.listeners.listener import Listener

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
        return [_loaded(row) for row in self._connection.execute(query)]

    def add(self, new: Listener) -> None:
        row = {name: getattr(new, name) for name in Listener.__slots__}
        row |= {"created_at": timestamp(new.created_at), "scopes": " ".join(new.scopes)}
        self._connection.execute(sa.insert(listeners), row)

    def remove(self, listener_id: str) -> None:
        self._connection.execute(sa.delete(listeners).where(listeners.c.id == listener_id))


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
        return _loaded(row)


def _loaded(row: Any) -> Listener:
    kept = {name: getattr(row, name) for name in Listener.__slots__}
    kept |= {"created_at": datetime.fromisoformat(row.created_at), "scopes": tuple(row.scopes.split())}
    return Listener(**kept)
