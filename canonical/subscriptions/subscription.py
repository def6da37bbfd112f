"""A subscription as BSS has it."""

from dataclasses import dataclass
from enum import StrEnum


class SubscriptionStatus(StrEnum):
    ACTIVE = "active"
    TERMINATED = "terminated"


@dataclass(frozen=True, slots=True)
class Subscription:
    """`version` counts its changes in BSS, from 1."""

    id: str
    customer_id: str
    plan: str
    status: SubscriptionStatus
    version: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan that a subscription can be moved to. A higher one has a higher `rank`."""

    name: str
    rank: int
