"""Changing a subscription's plan: in BSS, which owns it, then in Billing, which has to bill by it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from canonical.inventory.asset import ASSETS, Cause, differences
from canonical.inventory.contents import AssetCharacteristic
from canonical.inventory.states import TRANSITIONS, Trigger
from canonical.processes.progress import Facts, Progress, Step, failure_of
from canonical.shared.errors import CanonicalError, ConcurrentChange, VersionMismatch
from canonical.shared.ports import Clock, UnitOfWork
from canonical.subscriptions.errors import SubscriptionNotFound
from canonical.subscriptions.plan_change import PLAN_CHANGES, ChangeKind, PlanChange, PlanChangeState
from canonical.subscriptions.ports import PlanBilling, PlanMove, Subscriptions
from canonical.subscriptions.subscription import Subscription, SubscriptionStatus

CHANGE = "change-plan"
BILL = "bill-plan"
PLAN = "plan"
"""The characteristic of an asset that names the plan of its subscription."""


@dataclass(frozen=True)
class ChangeSubscriptionPlan:
    """The process over one plan change: how it begins, its steps, how it ends."""

    subscriptions: Subscriptions
    billing: PlanBilling
    clock: Clock

    def look(self, change_id: str, work: UnitOfWork) -> PlanChange:
        return work.repository(PLAN_CHANGES).get(change_id)

    def resume(self, change: PlanChange) -> None:
        change.resume(self.clock.now())

    def seconds_ahead(self, change: PlanChange) -> float:
        return 0.0

    def begin(self, change: PlanChange) -> None:
        if change.state is PlanChangeState.ACCEPTED:
            change.start(self.clock.now())

    def steps(self, change: PlanChange) -> list[Step]:
        """A change whose answer was lost is repeated with its key. Reading the subscription does not help, because
        somebody else may have made the same change. But if the old version has the new plan already, no change is
        needed: BSS answered another plan when the change was planned. For the plan that is billed, and for one that was
        taken back, it does not matter who made it so.
        """
        changes = change.kind is not ChangeKind.UNCHANGED
        return [
            Step(
                CHANGE,
                lambda facts: self._change(change),
                find=lambda facts: self._had_the_plan(change),
                undo=(lambda facts: self._change_back(change, facts)) if changes else None,
                taken_back=lambda facts: self._is_back(change, facts),
                effect=lambda facts: f"subscription {change.subscription_id} back on {change.from_plan}",
                manual_result=lambda version: {"version": int(version), "status": change.status.value},
            ),
            Step(
                BILL,
                lambda facts: self.billing.bill(_subscription(change, facts), _key(change, BILL)),
                find=lambda facts: self.billing.is_billed(_subscription(change, facts)) or None,
            ),
        ]

    def interruption(self, change_id: str) -> CanonicalError | None:
        """A plan change cannot be cancelled: to get the old plan back, request another change."""
        return None

    def end(self, change: PlanChange, progress: Progress, work: UnitOfWork) -> None:
        if progress.failure is None:
            known, now = progress.facts[CHANGE], self.clock.now()
            change.complete(known["version"], SubscriptionStatus(known["status"]), now)
            _note_plan(change, work, now)
        else:
            change.fail(failure_of(progress, progress.failure), self.clock.now())

    def _change(self, change: PlanChange) -> dict[str, Any]:
        key = _key(change, CHANGE)
        try:
            changed = self.subscriptions.change_plan(_move(change), key)
        except VersionMismatch as error:
            if change.conditional:
                raise
            text = "somebody else changed the subscription at the same time"
            raise ConcurrentChange(text, **error.details) from error
        return {"version": changed.version, "status": changed.status.value}

    def _had_the_plan(self, change: PlanChange) -> dict[str, Any] | None:
        """The subscription in BSS, if nothing had to be changed. None if a change is due, or was made."""
        try:
            now = self.subscriptions.subscription(change.subscription_id)
        except SubscriptionNotFound:
            return None
        if (now.customer_id, now.plan, now.version) != (change.customer_id, change.to_plan, change.from_version):
            return None
        return {"version": now.version, "status": now.status.value}

    def _change_back(self, change: PlanChange, facts: Facts) -> None:
        if _was_moved(change, facts):
            self.subscriptions.change_plan(_back(change, facts), _key(change, f"undo-{CHANGE}"))

    def _is_back(self, change: PlanChange, facts: Facts) -> bool:
        """Whether the subscription in BSS looks as it does after changing it back."""
        if not _was_moved(change, facts):
            return True
        back = _back(change, facts)
        try:
            now = self.subscriptions.subscription(back.subscription_id)
        except SubscriptionNotFound:
            return False
        return (now.customer_id, now.plan, now.version) == (back.customer_id, back.to_plan, back.new_version)


def _note_plan(change: PlanChange, work: UnitOfWork, at: datetime) -> None:
    """The assets of the subscription have the plan from then on, as the characteristic `plan`."""
    plan = AssetCharacteristic(PLAN, "TEXT", change.to_plan)
    cause = Cause(f"plan change {change.id}", change.owner)
    for asset in work.repository(ASSETS).versions(change.subscription_id):
        others = [one for one in asset.contents.characteristics if one.name != PLAN]
        contents = replace(asset.contents, characteristics=(*others, plan))
        if asset.customer_id == change.customer_id and differences(asset.contents, contents):
            changes = (asset.state, Trigger.MODIFY) in TRANSITIONS
            asset.change(Trigger.MODIFY if changes else Trigger.CORRECT, cause, at, contents)


def _move(change: PlanChange) -> PlanMove:
    plans = change.from_plan, change.to_plan
    return PlanMove(change.subscription_id, change.customer_id, *plans, version=change.from_version)


def _back(change: PlanChange, facts: Facts) -> PlanMove:
    plans = {"from_plan": change.to_plan, "to_plan": change.from_plan}
    return replace(_move(change), **plans, version=facts[CHANGE]["version"])


def _was_moved(change: PlanChange, facts: Facts) -> bool:
    return bool(facts[CHANGE]["version"] != change.from_version)


def _subscription(change: PlanChange, facts: Facts) -> Subscription:
    """As BSS answered."""
    known = facts[CHANGE]
    status = SubscriptionStatus(known["status"])
    return Subscription(change.subscription_id, change.customer_id, change.to_plan, status, known["version"])


def _key(change: PlanChange, step: str) -> str:
    return f"{change.id}:{step}"
