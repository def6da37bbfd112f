"""Plan changes, ready made; BSS and Billing in memory, which fail as told."""

from dataclasses import dataclass, field, replace
from typing import Any

from canonical.shared.errors import CanonicalError, VersionMismatch
from canonical.subscriptions.errors import SubscriptionNotFound
from canonical.subscriptions.plan_change import ChangeKind, PlanChange
from canonical.subscriptions.ports import PlanMove
from canonical.subscriptions.subscription import Plan, Subscription
from tests.support.builders import NOON
from tests.support.reads import a_subscription

PLANS = (Plan("Basic", 1), Plan("Standard", 2), Plan("Premium", 3))
CHANGE_ID = "0197a000-0000-7000-8000-000000000001"


def a_plan_change(**changes: Any) -> PlanChange:
    change = PlanChange(
        id=CHANGE_ID,
        owner="portal",
        subscription_id="SUB1122",
        customer_id="C12345",
        from_plan="Premium",
        to_plan="Basic",
        kind=ChangeKind.DOWNGRADE,
        from_version=1,
        conditional=False,
        submitted_at=NOON,
        changed_at=NOON,
    )
    return replace(change, **changes)


@dataclass
class HasSubscriptions:
    """BSS. `faults` are raised one by one, the next call's first; `lost` ones after the call has acted."""

    known: Subscription = field(default_factory=a_subscription)
    faults: list[CanonicalError] = field(default_factory=list)
    lost: list[CanonicalError] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    _answers: dict[str, Subscription] = field(default_factory=dict)

    def subscription(self, subscription_id: str) -> Subscription:
        if subscription_id != self.known.id:
            raise SubscriptionNotFound("Subscription not found")
        return self.known

    def of_customer(self, customer_id: str) -> tuple[Subscription, ...]:
        return (self.known,)

    def plans(self) -> tuple[Plan, ...]:
        return PLANS

    def change_plan(self, move: PlanMove, key: str) -> Subscription:
        self.keys.append(key)
        if self.faults:
            raise self.faults.pop(0)
        if key in self._answers:
            return self._answers[key]
        if move.version != self.known.version:
            raise VersionMismatch("changed since", version=self.known.version)
        if move.to_plan != self.known.plan:
            self.known = replace(self.known, plan=move.to_plan, version=move.version + 1)
        self._answers[key] = self.known
        if self.lost:
            raise self.lost.pop(0)
        return self.known


@dataclass
class BillsPlans:
    """Billing. `faults` are raised one by one, the next call's first; `lost` ones after the call has acted."""

    faults: list[CanonicalError] = field(default_factory=list)
    lost: list[CanonicalError] = field(default_factory=list)
    billed: list[tuple[str, int]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    def bill(self, subscription: Subscription, key: str) -> None:
        self.keys.append(key)
        if self.faults:
            raise self.faults.pop(0)
        if (subscription.plan, subscription.version) not in self.billed:
            self.billed.append((subscription.plan, subscription.version))
        if self.lost:
            raise self.lost.pop(0)

    def is_billed(self, subscription: Subscription) -> bool:
        return any(version >= subscription.version for _, version in self.billed)
