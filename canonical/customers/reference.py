"""A customer as CRM knows it."""

from dataclasses import dataclass
from enum import StrEnum


class CustomerStatus(StrEnum):
    VERIFIED = "verified"
    PENDING = "pending"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class CustomerReference:
    id: str
    name: str
    status: CustomerStatus

    @property
    def in_good_standing(self) -> bool:
        return self.status is CustomerStatus.VERIFIED


@dataclass(frozen=True, slots=True)
class CustomerProfile:
    id: str
    name: str
    email: str
    status: CustomerStatus


@dataclass(frozen=True, slots=True)
class BillingAccount:
    """An account by which the customer pays."""

    id: str
    customer_id: str
