"""What keeps subscriptions."""

from typing import Protocol

from canonical.notifications.subscription import Subscription


class SubscriptionRepository(Protocol):
    """Subscriptions of one transaction."""

    def of(self, owner: str) -> list[Subscription]:
        """All of a client's, oldest first. Nobody else adds one for it before the transaction ends."""
        ...

    def add(self, new: Subscription) -> None: ...

    def remove(self, subscription_id: str) -> None: ...


class Subscriptions(Protocol):
    """Subscriptions as they are read, outside any transaction."""

    def find(self, subscription_id: str, owner: str) -> Subscription:
        """Raises SubscriptionNotFound, for another client's too."""
        ...
