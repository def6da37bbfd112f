"""What happened to a plan change: ids and hints, not whole aggregates."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChangeEvent:
    """`sequence` counts the events of one plan change from 1 without gaps."""

    plan_change_id: str
    subscription_id: str
    sequence: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChangeRequested(PlanChangeEvent):
    customer_id: str
    from_plan: str
    to_plan: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionPlanChanged(PlanChangeEvent):
    """BSS and Billing have the new plan. `version` is the subscription's in BSS."""

    from_plan: str
    to_plan: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionPlanKept(PlanChangeEvent):
    """It had that plan already, and Billing was told once more."""

    plan: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChangeFailed(PlanChangeEvent):
    """The subscription is on the plan that it was on."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChangeFellOut(PlanChangeEvent):
    """BSS and Billing have different plans: a person has to look."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChangeResumed(PlanChangeEvent):
    """What could not be taken back is looked after again."""
