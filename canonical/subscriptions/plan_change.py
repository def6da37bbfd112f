"""The request to move a subscription to another plan, and its outcome."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from canonical.shared.aggregates import Kind
from canonical.shared.errors import InvalidTransition, NotFound
from canonical.shared.failure import Failure
from canonical.subscriptions.events import (
    PlanChangeEvent,
    PlanChangeFailed,
    PlanChangeFellOut,
    PlanChangeRequested,
    PlanChangeResumed,
    SubscriptionPlanChanged,
    SubscriptionPlanKept,
)
from canonical.subscriptions.subscription import SubscriptionStatus


class ChangeKind(StrEnum):
    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"
    UNCHANGED = "unchanged"


class PlanChangeState(StrEnum):
    ACCEPTED = "ACCEPTED"
    CHANGING = "CHANGING"
    DONE = "DONE"
    FAILED = "FAILED"
    FALLOUT = "FALLOUT"


FOLLOWING = MappingProxyType(
    {
        PlanChangeState.ACCEPTED: frozenset({PlanChangeState.CHANGING}),
        PlanChangeState.CHANGING: frozenset({PlanChangeState.DONE, PlanChangeState.FAILED, PlanChangeState.FALLOUT}),
        PlanChangeState.DONE: frozenset[PlanChangeState](),
        PlanChangeState.FAILED: frozenset[PlanChangeState](),
        PlanChangeState.FALLOUT: frozenset({PlanChangeState.CHANGING}),
    }
)
"""FALLOUT: one system has the new plan, the other has not, and it could not be taken back."""

FINISHED = frozenset({PlanChangeState.DONE, PlanChangeState.FAILED, PlanChangeState.FALLOUT})
"""No process works on it any more, unless a person restarts a FALLOUT."""


@dataclass(slots=True)
class PlanChange:
    """`from_version` is the version of the subscription at the time of the request, `to_version` the version after the
    change in BSS.

    `conditional`: the caller named the version, so a newer one must not be changed. `recorded` counts its events, of
    which `events` are new.
    """

    id: str
    owner: str
    subscription_id: str
    customer_id: str
    from_plan: str
    to_plan: str
    kind: ChangeKind
    from_version: int
    conditional: bool
    submitted_at: datetime
    changed_at: datetime
    state: PlanChangeState = PlanChangeState.ACCEPTED
    to_version: int | None = None
    status: SubscriptionStatus = SubscriptionStatus.ACTIVE
    failure: Failure | None = None
    version: int = 0
    recorded: int = 0
    events: list[PlanChangeEvent] = field(default_factory=list)

    @property
    def finished(self) -> bool:
        return self.state in FINISHED

    @property
    def created_at(self) -> datetime:
        return self.submitted_at

    def submit(self) -> None:
        """It is to be carried out."""
        facts = {"customer_id": self.customer_id, "from_plan": self.from_plan, "to_plan": self.to_plan}
        self._record(PlanChangeRequested, self.submitted_at, **facts)

    def start(self, at: datetime) -> None:
        self._become(PlanChangeState.CHANGING, at)

    def complete(self, to_version: int, status: SubscriptionStatus, at: datetime) -> None:
        """BSS and Billing have the new plan, and BSS shows this subscription. If its version is still the old one, it
        had the plan before: BSS had told of another plan when the change was planned.
        """
        self._become(PlanChangeState.DONE, at)
        if to_version == self.from_version:
            self.kind, self.from_plan = ChangeKind.UNCHANGED, self.to_plan
        self.to_version, self.status = to_version, status
        if self.kind is ChangeKind.UNCHANGED:
            self._record(SubscriptionPlanKept, at, plan=self.to_plan, version=to_version)
        else:
            facts = {"from_plan": self.from_plan, "to_plan": self.to_plan}
            self._record(SubscriptionPlanChanged, at, **facts, version=to_version)

    def fail(self, failure: Failure, at: datetime) -> None:
        """Neither has it, unless something could not be undone."""
        self._become(PlanChangeState.FALLOUT if failure.not_undone else PlanChangeState.FAILED, at)
        self.failure = failure
        self._record(PlanChangeFellOut if failure.not_undone else PlanChangeFailed, at, code=failure.code)

    def resume(self, at: datetime) -> None:
        """What could not be taken back is looked after again."""
        self._become(PlanChangeState.CHANGING, at)
        self._record(PlanChangeResumed, at)

    def _record(self, event: type[PlanChangeEvent], at: datetime, **facts: Any) -> None:
        self.recorded += 1
        about = {"plan_change_id": self.id, "subscription_id": self.subscription_id}
        self.events.append(event(**about, sequence=self.recorded, at=at, **facts))

    def _become(self, state: PlanChangeState, at: datetime) -> None:
        if state not in FOLLOWING[self.state]:
            raise InvalidTransition(
                f"a plan change in state {self.state} cannot become {state}",
                state=self.state.value,
                trigger=state.value,
                allowedActions=[],
            )
        self.state, self.changed_at = state, at


PLAN_CHANGES = Kind(
    "planChange",
    PlanChange,
    missing=lambda change_id: NotFound("Plan change not found", id=change_id),
    reference=lambda change: change.subscription_id,
    recorded=(PlanChangeEvent,),
)
