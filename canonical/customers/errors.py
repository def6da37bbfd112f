"""The errors of customers.

NotFound
└── CustomerNotFound           CRM does not know the customer, or the caller may not act for it
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


class CustomerNotInGoodStanding(Conflict):
    """`details`: customerId, customerStatus."""

    code = "CUSTOMER_NOT_IN_GOOD_STANDING"
