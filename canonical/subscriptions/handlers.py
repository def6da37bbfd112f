"""The handlers of the commands."""

from collections.abc import Sequence
from types import MappingProxyType

from canonical.shared.ports import Clock, Handlers, Identities, UnitOfWork
from canonical.subscriptions.commands import ChangePlan
from canonical.subscriptions.errors import InvalidPlan, SubscriptionTerminated
from canonical.subscriptions.plan_change import PLAN_CHANGES, ChangeKind, PlanChange
from canonical.subscriptions.subscription import Plan, SubscriptionStatus

CHANGE_PLAN = "change-plan"
"""The process that carries a plan change out."""


def change_plan(command: ChangePlan, work: UnitOfWork, clock: Clock, identities: Identities) -> PlanChange:
    """Record the change and schedule its process.

    Raises InvalidPlan with the allowed plans, or SubscriptionTerminated.
    """
    subscription = command.subscription
    kind = kind_of(subscription.plan, command.plan, command.plans)
    if subscription.status is not SubscriptionStatus.ACTIVE:
        raise SubscriptionTerminated(f"subscription {subscription.id} has ended", subscriptionId=subscription.id)
    now = clock.now()
    change = PlanChange(
        id=identities.new_id(),
        owner=command.owner,
        subscription_id=subscription.id,
        customer_id=subscription.customer_id,
        from_plan=subscription.plan,
        to_plan=command.plan,
        kind=kind,
        from_version=subscription.version,
        conditional=command.conditional,
        submitted_at=now,
        changed_at=now,
    )
    change.submit()
    work.repository(PLAN_CHANGES).add(change)
    work.processes.schedule(CHANGE_PLAN, change.id, change.owner)
    return change


def kind_of(current: str, wanted: str, plans: Sequence[Plan]) -> ChangeKind:
    """Raises InvalidPlan. A plan that is not offered any more ranks below all that are."""
    ranks = {plan.name: plan.rank for plan in plans}
    if wanted not in ranks:
        allowed = [plan.name for plan in sorted(plans, key=lambda plan: plan.rank)]
        raise InvalidPlan(f"there is no plan {wanted[:60]}", pointer="/plan", allowed=allowed)
    if wanted == current:
        return ChangeKind.UNCHANGED
    return ChangeKind.UPGRADE if ranks[wanted] > ranks.get(current, 0) else ChangeKind.DOWNGRADE


HANDLERS: Handlers = MappingProxyType({ChangePlan: change_plan})
