"""What can be agreed with a partner about its orders, beside ids and words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from canonical.ordering.errors import PriceDiffers


class Prices(StrEnum):
    """What becomes of the prices of an order and its items that the partner sends."""

    MUST_EQUAL = "mustEqual"
    """They are kept, and must be those of the catalog."""
    CARRY = "carry"
    """They are kept, and compared with nothing."""
    IGNORE = "ignore"
    """They are left out."""


LATE = ("agreement", "payment", "productOfferingQualification", "quote")
"""Attributes of an order that only document it, so they may change after its work began if that is agreed."""


PROMOTABLE = ("salesChannel", "agreement", "billingAccount", "category", "priority")
"""What an extension of an order can be promoted to. Each API declares where it stands (`promotable` of a resource)."""

ORDER_ATTRIBUTES = frozenset(
    {
        *("agreement", "billingAccount", "cancellationDate", "cancellationReason", "category", "channel"),
        *("completionDate", "creationDate", "description", "expectedCompletionDate", "externalId", "href", "id"),
        *("note", "notificationContact", "orderDate", "orderRelationship", "orderTotalPrice", "payment", "priority"),
        *("productOfferingQualification", "productOrderErrorMessage", "productOrderItem"),
        *("productOrderJeopardyAlert", "productOrderMilestone", "quote", "relatedParty", "requestedCompletionDate"),
        *("requestedInitialState", "requestedStartDate", "state"),
    }
)
"""What the contracts of TMF622 declare of an order, v4 or v5: no extension has these names."""


@dataclass(frozen=True)
class Context:
    """What is added to a new order that does not state it. `currency` is that of amounts without one, and
    `billing_accounts` are those of customers.
    """

    sales_channel: str | None = None
    agreement: str | None = None
    currency: str | None = None
    billing_accounts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


NO_CONTEXT = Context()


@dataclass(frozen=True)
class OrderPolicies:
    """`late`: the attributes of LATE that may change late. `context` is added to new orders."""

    prices: Prices = Prices.MUST_EQUAL
    late: frozenset[str] = frozenset()
    context: Context = NO_CONTEXT

    @property
    def tolerated(self) -> tuple[str, ...]:
        """The codes of rules that orders may break by these policies."""
        return (PriceDiffers.code,) if self.prices is Prices.CARRY else ()


NO_POLICIES = OrderPolicies()
