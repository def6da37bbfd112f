"""The errors of customers.

NotFound
├── CustomerNotFound           CRM does not know the customer, or the caller may not act for it
└── BillingAccountNotFound     Billing does not know the account, or it is another customer's
Conflict
└── CustomerNotInGoodStanding  pending or suspended in CRM
"""

from typing import Self

from canonical.shared.errors import Conflict, NotFound


class CustomerNotFound(NotFound):
    """CRM does not know the customer, or the caller may not act for it. The caller cannot tell the two apart."""

    code = "CUSTOMER_NOT_FOUND"

    @classmethod
    def named(cls, customer_id: str, pointer: str | None = None) -> Self:
        return cls("Customer not found", pointer=pointer, customerId=customer_id)


class BillingAccountNotFound(NotFound):
    """Billing does not know the account, or it is another customer's. Nobody can tell the two apart. `details`:
    billingAccountId; itemId if it is the account of one item of an order.
    """

    code = "BILLING_ACCOUNT_NOT_FOUND"

    @classmethod
    def named(cls, account_id: str, **details: str) -> Self:
        return cls(f"the customer has no billing account {account_id[:64]}", billingAccountId=account_id, **details)


class CustomerNotInGoodStanding(Conflict):
    """`details`: customerId, customerStatus."""

    code = "CUSTOMER_NOT_IN_GOOD_STANDING"
