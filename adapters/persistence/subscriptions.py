"""Subscriptions to notifications, a row each."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapters.persistence.database import Database
from adapters.persistence.encoding import timestamp
from adapters.persistence.tables import subscriptions
from canonical.notifications.subscription import Subscription
from canonical.shared.errors import SubscriptionNotFound

_LOCKS = 622_623
"""The kind of advisory lock: one for each owner, beside that of migrations."""


class SqlSubscriptionRepository:
    """Subscriptions of one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def of(self, owner: str) -> list[Subscription]:
        """All of a client's, oldest first. Nobody else adds one for it before the transaction ends."""
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCKS, sa.func.hashtext(owner))))
        query = sa.select(subscriptions).where(subscriptions.c.owner == owner).order_by(subscriptions.c.id)
        return [_loaded(row) for row in self._connection.execute(query)]

    def add(self, new: Subscription) -> None:
        row = {name: getattr(new, name) for name in Subscription.__slots__}
        self._connection.execute(sa.insert(subscriptions), {**row, "created_at": timestamp(new.created_at)})

    def remove(self, subscription_id: str) -> None:
        self._connection.execute(sa.delete(subscriptions).where(subscriptions.c.id == subscription_id))


class SqlSubscriptions:
    """Subscriptions as they are read, outside any transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, subscription_id: str, owner: str) -> Subscription:
        """Raises SubscriptionNotFound, for another client's too."""
        mine = (subscriptions.c.id == subscription_id, subscriptions.c.owner == owner)
        with self._database.reading() as connection:
            row = connection.execute(sa.select(subscriptions).where(*mine)).first()
        if row is None:
            raise SubscriptionNotFound("Subscription not found", subscriptionId=subscription_id)
        return _loaded(row)


def _loaded(row: Any) -> Subscription:
    kept = row._asdict()
    return Subscription(**{**kept, "created_at": datetime.fromisoformat(row.created_at)})
