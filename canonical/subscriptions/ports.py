"""Who owns the subscriptions."""

from typing import Protocol

from canonical.subscriptions.subscription import Subscription


class CustomerSubscriptions(Protocol):
    def of_customer(self, customer_id: str) -> tuple[Subscription, ...]:
        """A customer who is not known there has none. Raises BackendError."""
        ...
