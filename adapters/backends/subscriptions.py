"""Subscriptions: in BSS, which owns them, and in Billing, which bills them by their plan."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from adapters.backends.answers import Answer, needed, one_of
from adapters.backends.fields import count
from adapters.backends.http import Backend, Operation
from canonical.shared.errors import (
    BackendRefused,
    CanonicalError,
    SubscriptionNotFound,
    SubscriptionTerminated,
    VersionMismatch,
)
from canonical.subscriptions.subscription import Plan, Subscription, SubscriptionStatus


class SubscriptionAnswer(Answer):
    id = needed("id")
    customer_id = needed("customerId")
    plan = needed("plan")
    status = one_of(*SubscriptionStatus)
    version = count("version")


class PlanAnswer(Answer):
    name = needed("name")
    rank = count("rank")


class BilledPlan(Answer):
    plan = needed("plan")
    version = count("version")


GET_SUBSCRIPTIONS = Operation(
    "getSubscriptions",
    "GET",
    "/subscriptions/{customerId}",
    SubscriptionAnswer(many=True),
    {"customer_id": "customerId"},
)
FIND_SUBSCRIPTION = Operation("findSubscription", "GET", "/subscriptions", SubscriptionAnswer(many=True), {"id": "id"})
GET_PLANS = Operation("getPlans", "GET", "/plans", PlanAnswer(many=True))
CHANGE_PLAN = Operation(
    "changePlan", "PATCH", "/subscriptions/{subscriptionId}", SubscriptionAnswer(), {"id": "subscriptionId"}
)
SET_PLAN = Operation("setPlan", "PUT", "/subscriptions/{subscriptionId}", BilledPlan())

REFUSALS: Mapping[int, Callable[[str], CanonicalError]] = MappingProxyType(
    {
        404: SubscriptionNotFound.named,
        409: lambda id_: SubscriptionTerminated(f"subscription {id_} has ended", subscriptionId=id_),
        412: lambda id_: VersionMismatch("the subscription has been changed since", subscriptionId=id_),
    }
)
"""What a refused change means, by its status."""


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

    def change_plan(self, subscription_id: str, plan: str, version: int, key: str) -> Subscription:
        body = {"plan": plan, "expectedVersion": version}
        try:
            return _subscription(self._bss.call(CHANGE_PLAN, {"subscriptionId": subscription_id}, json=body, key=key))
        except BackendRefused as refused:
            meant = REFUSALS.get(refused.details.get("status", 0))
            if meant is None:
                raise
            raise meant(subscription_id) from refused


class HttpPlanBilling:
    """Subscriptions in Billing."""

    def __init__(self, billing: Backend) -> None:
        self._billing = billing

    def bill(self, subscription: Subscription, key: str) -> None:
        body = {"customerId": subscription.customer_id, "plan": subscription.plan, "version": subscription.version}
        self._billing.call(SET_PLAN, {"subscriptionId": subscription.id}, json=body, key=key)


def _subscription(answer: dict[str, Any]) -> Subscription:
    return Subscription(**answer | {"status": SubscriptionStatus(answer["status"])})
