"""The errors of subscriptions and plan changes.

InvalidCommand
└── InvalidPlan             the plan does not exist
NotFound
└── SubscriptionNotFound    BSS does not know the subscription, or the caller may not act for its customer
Conflict
└── SubscriptionTerminated  the subscription has ended and cannot be changed
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
