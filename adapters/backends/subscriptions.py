"""Subscriptions: in BSS, which owns them, and in Billing, which bills them by their plan."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from adapters.backends.agreements import AGREEMENTS
from adapters.backends.answers import BackendAnswer, needed, one_of
from adapters.backends.fields import count
from adapters.backends.http import Backend
from adapters.backends.operation import BackendOperation
from canonical.shared.errors import BackendRefused, CanonicalError, VersionMismatch
from canonical.subscriptions.errors import SubscriptionNotFound, SubscriptionTerminated
from canonical.subscriptions.ports import PlanMove
from canonical.subscriptions.subscription import Plan, Subscription, SubscriptionStatus


class SubscriptionAnswer(BackendAnswer):
    id = needed("id")
    customer_id = needed("customerId")
    plan = needed("plan")
    status = one_of(*SubscriptionStatus)
    version = count("version")


class PlanAnswer(BackendAnswer):
    name = needed("name")
    rank = count("rank")


class BilledPlan(BackendAnswer):
    plan = needed("plan")
    version = count("version")


GET_SUBSCRIPTIONS = BackendOperation(
    "getSubscriptions",
    "GET",
    "/subscriptions/{customerId}",
    SubscriptionAnswer(many=True),
    AGREEMENTS["getSubscriptions"],
)
FIND_SUBSCRIPTION = BackendOperation(
    "findSubscription", "GET", "/subscriptions", SubscriptionAnswer(many=True), AGREEMENTS["findSubscription"]
)
GET_PLANS = BackendOperation("getPlans", "GET", "/plans", PlanAnswer(many=True), AGREEMENTS["getPlans"])
CHANGE_PLAN = BackendOperation(
    "changePlan", "PATCH", "/subscriptions/{subscriptionId}", SubscriptionAnswer(), AGREEMENTS["changePlan"]
)
SET_PLAN = BackendOperation("setPlan", "PUT", "/subscriptions/{subscriptionId}", BilledPlan(), AGREEMENTS["setPlan"])
GET_BILLED_PLAN = BackendOperation(
    "getBilledPlan", "GET", "/subscriptions/{subscriptionId}", BilledPlan(), AGREEMENTS["getBilledPlan"]
)

REFUSALS: Mapping[int, Callable[[str], CanonicalError]] = MappingProxyType(
    {
        404: SubscriptionNotFound.named,
        409: lambda id_: SubscriptionTerminated(f"subscription {id_} has ended", subscriptionId=id_),
        412: lambda id_: VersionMismatch("the subscription has been changed since", subscriptionId=id_),
    }
)
"""The error for a refused change, by its status."""


class HttpSubscriptions:
    """Subscriptions in BSS."""

    def __init__(self, bss: Backend) -> None:
        self._bss = bss

    def of_customer(self, customer_id: str) -> tuple[Subscription, ...]:
        answer = self._bss.call(GET_SUBSCRIPTIONS, {"customerId": customer_id})
        return tuple(_subscription(one) for one in answer)

    def subscription(self, subscription_id: str) -> Subscription:
        found = self._bss.call(FIND_SUBSCRIPTION, query={"id": subscription_id})
        if not found:
            raise SubscriptionNotFound.named(subscription_id)
        return _subscription(found[0])

    def plans(self) -> tuple[Plan, ...]:
        return tuple(sorted((Plan(**one) for one in self._bss.call(GET_PLANS)), key=lambda plan: plan.rank))

    def change_plan(self, move: PlanMove, key: str) -> Subscription:
        path, body = {"subscriptionId": move.subscription_id}, {"plan": move.to_plan, "expectedVersion": move.version}
        known = {"customerId": move.customer_id, "newVersion": move.new_version}
        try:
            return _subscription(self._bss.call(CHANGE_PLAN, path, json=body, key=key, known=known))
        except BackendRefused as refused:
            meant = REFUSALS.get(refused.details.get("status", 0))
            if meant is None:
                raise
            raise meant(move.subscription_id) from refused


class HttpPlanBilling:
    """Subscriptions in Billing."""

    def __init__(self, billing: Backend) -> None:
        self._billing = billing

    def bill(self, subscription: Subscription, key: str) -> None:
        self._billing.call(SET_PLAN, {"subscriptionId": subscription.id}, json=_to_be_billed(subscription), key=key)

    def is_billed(self, subscription: Subscription) -> bool:
        path = {"subscriptionId": subscription.id}
        try:
            billed = self._billing.call(GET_BILLED_PLAN, path, known=_to_be_billed(subscription))
        except BackendRefused as refused:
            if refused.details.get("status") == 404:
                return False
            raise
        return bool(billed["version"] >= subscription.version)


def _to_be_billed(subscription: Subscription) -> dict[str, Any]:
    return {"customerId": subscription.customer_id, "plan": subscription.plan, "version": subscription.version}


def _subscription(answer: dict[str, Any]) -> Subscription:
    return Subscription(**answer | {"status": SubscriptionStatus(answer["status"])})
