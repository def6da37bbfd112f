"""What the portal reads from the backends, and plans changed in them: the simulated ones, or yours.

As in test_backends.py, BACKENDS_UNDER_TEST is the address of yours.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from adapters.backends.registry import Backends
from canonical.customers.errors import BillingAccountNotFound
from canonical.customers.reference import BillingAccount, CustomerStatus
from canonical.ordering.errors import OrderNotFound
from canonical.shared.errors import VersionMismatch
from canonical.subscriptions.errors import SubscriptionNotFound, SubscriptionTerminated
from canonical.subscriptions.ports import PlanMove
from canonical.subscriptions.subscription import Subscription, SubscriptionStatus
from tests.support.backends_under_test import Target, backends, target

__all__ = ["backends", "target"]


def test_an_order_is_read_with_its_invoice_and_shipments(target: Target, backends: Backends) -> None:
    known = target.has("orderShipped")
    record = backends.order_records.record(known["number"])
    assert (record.number, record.customer_id) == (known["number"], known["customer"])
    assert record.items
    invoice = backends.invoices.invoice(known["number"])
    assert invoice is not None
    assert (invoice.number, invoice.total.currency) == (known["invoice"], target.known["currency"])
    assert [shipment.id for shipment in backends.shipments.of_order(known["number"])] == known["shipments"]


def test_of_an_unknown_order_bss_says_so_and_the_others_have_nothing(target: Target, backends: Backends) -> None:
    number = target.has("orderUnknown")
    with pytest.raises(OrderNotFound, match=r"^Order not found$"):
        backends.order_records.record(number)
    assert backends.invoices.invoice(number) is None
    assert backends.shipments.of_order(number) == ()


def test_all_is_read_that_a_customers_context_shows(target: Target, backends: Backends) -> None:
    known, id_ = target.has("customer"), target.has("customer")["id"]
    profile = backends.profiles.profile(id_)
    assert (profile.id, profile.name, profile.status) == (id_, known["name"], CustomerStatus(known["status"]))
    assert all(subscription.customer_id == id_ for subscription in backends.subscriptions.of_customer(id_))
    balances = backends.balances.outstanding(id_)
    assert len({balance.amount.currency for balance in balances}) == len(balances)
    assert isinstance(backends.shipments.recent(id_), tuple)


def test_what_a_customer_owes_is_read_from_billing(target: Target, backends: Backends) -> None:
    balances = backends.balances.outstanding(target.has("customerWhoOwes"))
    assert balances
    assert all(balance.amount.amount > 0 and balance.open_invoices > 0 for balance in balances)


def test_a_billing_account_is_read_with_its_customer(target: Target, backends: Backends) -> None:
    known = target.has("billingAccount")
    assert backends.accounts.missing is None
    assert backends.accounts.account(known["id"]) == BillingAccount(known["id"], known["customer"])


def test_an_unknown_billing_account_is_not_found(target: Target, backends: Backends) -> None:
    unknown = target.has("billingAccountUnknown")
    with pytest.raises(BillingAccountNotFound) as refused:
        backends.accounts.account(unknown)
    assert refused.value.details == {"billingAccountId": unknown}


def test_a_plan_is_changed_in_bss_and_billing_and_back_each_effect_once(target: Target, backends: Backends) -> None:
    before = backends.subscriptions.subscription(target.has("subscription"))
    assert before in backends.subscriptions.of_customer(before.customer_id)
    plans = [plan.name for plan in backends.subscriptions.plans()]
    other = next(plan for plan in plans if plan != before.plan)
    suite = f"suite-{uuid4()}"

    def twice(plan: str, version: int, key: str) -> Subscription:
        to_other = PlanMove(before.id, before.customer_id, before.plan if plan == other else other, plan, version)
        changed = backends.subscriptions.change_plan(to_other, f"{key}:change-plan")
        assert backends.subscriptions.change_plan(to_other, f"{key}:change-plan") == changed
        for _ in range(2):
            backends.plan_billing.bill(changed, f"{key}:bill-plan")
            assert backends.plan_billing.is_billed(changed)
        assert not backends.plan_billing.is_billed(replace(changed, version=changed.version + 1))
        return changed

    changed = twice(other, before.version, suite)
    assert (changed.plan, changed.version) == (other, before.version + 1)
    late = PlanMove(before.id, before.customer_id, other, before.plan, before.version)
    with pytest.raises(VersionMismatch):
        backends.subscriptions.change_plan(late, f"{suite}:late")
    back = twice(before.plan, changed.version, f"{suite}:back")
    assert backends.subscriptions.subscription(before.id) == back
    assert (back.plan, back.version) == (before.plan, before.version + 2)
    if target.simulation is not None:
        effects = [*target.simulation.ledger("bss", id=before.id), *target.simulation.ledger("billing", id=before.id)]
        assert [(effect["operation"], effect["data"]["plan"]) for effect in effects] == [
            (operation, plan) for operation in ("changePlan", "setPlan") for plan in (other, before.plan)
        ]


def test_a_subscription_that_has_ended_is_not_changed(target: Target, backends: Backends) -> None:
    ended = backends.subscriptions.subscription(target.has("subscriptionTerminated"))
    assert ended.status is SubscriptionStatus.TERMINATED
    other = next(plan.name for plan in backends.subscriptions.plans() if plan.name != ended.plan)
    move = PlanMove(ended.id, ended.customer_id, ended.plan, other, ended.version)
    with pytest.raises(SubscriptionTerminated):
        backends.subscriptions.change_plan(move, f"suite-{uuid4()}")


def test_an_unknown_subscription_is_neither_found_nor_changed(target: Target, backends: Backends) -> None:
    unknown: Any = target.has("subscriptionUnknown")
    plan = backends.subscriptions.plans()[0].name
    calls: tuple[Callable[[], Any], ...] = (
        lambda: backends.subscriptions.subscription(unknown),
        lambda: backends.subscriptions.change_plan(PlanMove(unknown, "C1", plan, plan, 1), f"suite-{uuid4()}"),
    )
    for call in calls:
        with pytest.raises(SubscriptionNotFound, match=r"^Subscription not found$"):
            call()
