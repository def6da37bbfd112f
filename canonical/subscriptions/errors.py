"""What can go wrong with subscriptions and the change of their plans.

InvalidCommand
└── InvalidPlan             no plan that a subscription can be moved to
NotFound
└── SubscriptionNotFound    BSS does not know the subscription, or it is not for the caller
Conflict
└── SubscriptionTerminated  it has ended, so nothing of it is changed any more
"""

from typing import Self

from canonical.shared.errors import Conflict, InvalidCommand, NotFound


class InvalidPlan(InvalidCommand):
    """`details`: allowed."""

    code = "INVALID_PLAN"


class SubscriptionNotFound(NotFound):
    """BSS does not know the subscription, or it is of a customer whom the caller may not act for."""

    code = "SUBSCRIPTION_NOT_FOUND"

    @classmethod
    def named(cls, subscription_id: str) -> Self:
        return cls("Subscription not found", subscriptionId=subscription_id)


class SubscriptionTerminated(Conflict):
    code = "SUBSCRIPTION_TERMINATED"
