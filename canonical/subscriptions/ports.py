"""The systems that own and bill the subscriptions.

Every call that changes something takes `key`, its idempotency key: the same key never acts twice. Such calls raise
BackendUnavailable (it did not act) and OutcomeUnknown as well.
"""

from dataclasses import dataclass
from typing import Protocol

from canonical.subscriptions.subscription import Plan, Subscription


@dataclass(frozen=True, slots=True)
class PlanMove:
    """A subscription of this customer, in this `version`, from one plan to another."""

    subscription_id: str
    customer_id: str
    from_plan: str
    to_plan: str
    version: int

    @property
    def new_version(self) -> int:
        """Moving to the plan that it has changes nothing."""
        return self.version + (self.from_plan != self.to_plan)


class CustomerSubscriptions(Protocol):
    def of_customer(self, customer_id: str) -> tuple[Subscription, ...]:
        """A customer who is not known there has none. Raises BackendError."""
        ...


class Subscriptions(CustomerSubscriptions, Protocol):
    """BSS, which owns them."""

    def subscription(self, subscription_id: str) -> Subscription:
        """Raises SubscriptionNotFound or BackendError."""
        ...

    def plans(self) -> tuple[Plan, ...]:
        """All there are, lowest first. Raises BackendError."""
        ...

    def change_plan(self, move: PlanMove, key: str) -> Subscription:
        """As it is now. Raises VersionMismatch when it is not in that version any more, or SubscriptionTerminated."""
        ...


class PlanBilling(Protocol):
    """Billing, which has to know the plan."""

    def bill(self, subscription: Subscription, key: str) -> None:
        """Bill the subscription by its plan. Billing keeps a later version if it has one."""
        ...

    def is_billed(self, subscription: Subscription) -> bool:
        """Whether Billing has its plan, or the plan of a later version."""
        ...
