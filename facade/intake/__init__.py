"""Requests that change something are taken in here: once for each key, with their evidence, in one commit.

`once` holds what is the same for all; the others are named for what is asked for.
"""

from facade.intake.cancellations import CancellationIntake
from facade.intake.changes import Asked, OrderChanges, Plan
from facade.intake.decisions import DecisionIntake
from facade.intake.listeners import ListenerIntake, Wish
from facade.intake.once import Accepted, Request
from facade.intake.orders import EdgeUnitOfWork, OrderIntake, Translation
from facade.intake.plan_changes import PlanChangeIntake

__all__ = [
    "Accepted",
    "Asked",
    "CancellationIntake",
    "DecisionIntake",
    "EdgeUnitOfWork",
    "ListenerIntake",
    "OrderChanges",
    "OrderIntake",
    "Plan",
    "PlanChangeIntake",
    "Request",
    "Translation",
    "Wish",
]
