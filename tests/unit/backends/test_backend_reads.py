"""What is read from the backends for others to see: the contracts' examples, and what falls outside of them."""

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import pytest
import yaml

from adapters.backends import billing, crm, order_records, scm, subscriptions
from adapters.backends.answers import read
from adapters.backends.errors import CallFailed
from adapters.backends.operation import BackendOperation
from canonical.customers.balance import OutstandingBalance
from canonical.ordering.errors import OrderNotFound
from canonical.shared.errors import BackendRefused, BackendUnavailable, VersionMismatch
from canonical.subscriptions.errors import SubscriptionNotFound, SubscriptionTerminated
from canonical.subscriptions.ports import PlanMove
from canonical.views.records import InvoiceLine, InvoiceStatus, RecordedItem, RecordStatus, ShipmentStatus, overall
from tests.support.builders import euros
from tests.support.reads import PROFILE, a_shipment, a_subscription
from tests.support.specs import SPECS

MOVE = PlanMove("SUB1122", "C12345", "Premium", "Premium", version=1)
READS = (
    ("crm", crm.GET_PROFILE),
    ("bss", order_records.GET_ORDER),
    ("bss", subscriptions.GET_SUBSCRIPTIONS),
    ("bss", subscriptions.FIND_SUBSCRIPTION),
    ("bss", subscriptions.GET_PLANS),
    ("bss", subscriptions.CHANGE_PLAN),
    ("billing", billing.GET_INVOICE),
    ("billing", billing.GET_OUTSTANDING),
    ("scm", scm.GET_SHIPMENTS),
    ("scm", scm.GET_RECENT_SHIPMENTS),
)


@cache
def contract(backend: str) -> Any:
    return yaml.safe_load((SPECS / "backends" / f"{backend}.yaml").read_text())


def example(backend: str, operation: BackendOperation) -> Any:
    """The contract's own example of a 200."""
    for path in contract(backend)["paths"].values():
        for described in path.values():
            if described["operationId"] == operation.name:
                return described["responses"]["200"]["content"]["application/json"]["example"]
    raise AssertionError(f"{backend} has no {operation.name}")


class Answering:
    """A backend that answers every call with `body`, or raises it."""

    def __init__(self, body: Any) -> None:
        self.body = body
        self.paths: list[str] = []

    def call(
        self,
        operation: BackendOperation,
        path: Any = None,
        *,
        query: Any = None,
        json: Any = None,
        key: Any = None,
        known: Any = None,
    ) -> Any:
        self.paths.append(operation.path.format(**path or {}))
        self.sent = json
        if isinstance(self.body, Exception):
            raise self.body
        return read(self.body, operation.answer)


def refused(status: int) -> BackendRefused:
    return BackendRefused("no", status=status)


def given(backend: str, operation: BackendOperation) -> Any:
    return Answering(example(backend, operation))


def test_a_profile_is_read_as_crm_shows_it() -> None:
    assert crm.HttpCustomers(given("crm", crm.GET_PROFILE)).profile("C12345") == PROFILE


def test_an_order_is_read_as_bss_shows_it() -> None:
    record = order_records.HttpOrderRecords(given("bss", order_records.GET_ORDER)).record("ORD98765")
    assert (record.number, record.status, record.external_id) == ("ORD98765", RecordStatus.CREATED, "web-1")
    assert record.items == (RecordedItem("SKU123", 2, "RSV001"),)
    assert record.created_at == datetime(2026, 7, 1, 10, tzinfo=UTC)


def test_subscriptions_are_read_as_bss_shows_them() -> None:
    bss = subscriptions.HttpSubscriptions(given("bss", subscriptions.GET_SUBSCRIPTIONS))
    assert bss.of_customer("C12345") == (a_subscription(),)
    assert bss.subscription("SUB1122") == a_subscription()


def test_plans_are_read_from_the_lowest_to_the_highest() -> None:
    shown = example("bss", subscriptions.GET_PLANS)
    bss: Any = Answering(list(reversed(shown)))
    assert [plan.name for plan in subscriptions.HttpSubscriptions(bss).plans()] == ["Basic", "Standard", "Premium"]


def test_a_subscription_that_bss_does_not_know_is_not_found() -> None:
    unknown: Any = Answering([])
    with pytest.raises(SubscriptionNotFound, match=r"^Subscription not found$"):
        subscriptions.HttpSubscriptions(unknown).subscription("SUB0000")


@pytest.mark.parametrize(
    ("status", "meant"),
    [(404, SubscriptionNotFound), (409, SubscriptionTerminated), (412, VersionMismatch), (400, BackendRefused)],
)
def test_a_change_that_bss_refuses_is_what_it_means(status: int, meant: type[Exception]) -> None:
    refusing: Any = Answering(refused(status))
    with pytest.raises(meant):
        subscriptions.HttpSubscriptions(refusing).change_plan(replace(MOVE, to_plan="Basic"), "key")


def test_a_change_names_the_version_that_it_expects_and_is_billed_in_the_one_it_made() -> None:
    bss: Any = Answering(example("bss", subscriptions.FIND_SUBSCRIPTION)[0])
    changed = subscriptions.HttpSubscriptions(bss).change_plan(MOVE, "key")
    assert (changed, bss.sent) == (a_subscription(), {"plan": "Premium", "expectedVersion": 1})
    billing_: Any = Answering(example("billing", subscriptions.SET_PLAN))
    subscriptions.HttpPlanBilling(billing_).bill(changed, "key")
    assert billing_.sent == {"customerId": "C12345", "plan": "Premium", "version": 1}


def test_an_invoice_is_read_as_billing_shows_it() -> None:
    invoice = billing.HttpInvoices(given("billing", billing.GET_INVOICE)).invoice("ORD98765")
    assert invoice is not None
    assert (invoice.number, invoice.total, invoice.due_date) == ("INV4567", euros("199.97"), date(2026, 7, 31))
    assert (invoice.status, invoice.lines) == (InvoiceStatus.PAID, (InvoiceLine("SKU123", 2),))


def test_balances_are_read_as_billing_shows_them() -> None:
    invoices = billing.HttpInvoices(given("billing", billing.GET_OUTSTANDING))
    assert invoices.outstanding("C12345") == (OutstandingBalance(euros("49.90"), date(2026, 8, 15), 1),)


def test_shipments_are_read_as_scm_shows_them() -> None:
    left = datetime(2026, 7, 2, 8, 30, tzinfo=UTC)
    expected = (a_shipment(order_number="ORD98765", shipped_at=left),)
    backend = given("scm", scm.GET_SHIPMENTS)
    assert scm.HttpShipments(backend).of_order("ORD98765") == expected
    assert scm.HttpShipments(backend).recent("C12345") == expected
    assert backend.paths == ["/shipments/ORD98765", "/shipments/recent/C12345"]


def test_what_is_not_known_before_it_left_is_none() -> None:
    waiting = {"shipmentId": "SHIP1", "orderId": "ORD1", "status": "preparing", "estimatedDelivery": "2026-07-05"}
    [shipment] = scm.HttpShipments(Answering([waiting])).of_order("ORD1")  # type: ignore[arg-type]
    assert (shipment.carrier, shipment.tracking, shipment.shipped_at) == (None, None, None)


def test_not_found_is_what_each_owner_means_by_it() -> None:
    unknown: Any = Answering(refused(404))
    with pytest.raises(OrderNotFound):
        order_records.HttpOrderRecords(unknown).record("ORD1")
    assert billing.HttpInvoices(unknown).invoice("ORD1") is None
    assert scm.HttpShipments(unknown).of_order("ORD1") == ()


@pytest.mark.parametrize("error", [refused(400), refused(403), BackendUnavailable("away")])
def test_any_other_trouble_is_passed_on(error: Exception) -> None:
    troubled: Any = Answering(error)
    for ask in (
        order_records.HttpOrderRecords(troubled).record,
        billing.HttpInvoices(troubled).invoice,
        scm.HttpShipments(troubled).of_order,
    ):
        with pytest.raises(type(error)):
            ask("ORD1")


@pytest.mark.parametrize(("backend", "operation"), READS, ids=lambda value: getattr(value, "name", value))
def test_an_answer_that_lacks_a_needed_field_is_outside_the_contract(backend: str, operation: BackendOperation) -> None:
    body = example(backend, operation)
    whole = body[0] if isinstance(body, list) else body
    strange: tuple[Any, ...] = ({}, None, "", -1, ["x"])
    for name in operation.answer.fields:
        field = operation.answer.fields[name]
        if not field.required:
            continue
        for value in strange:
            broken = whole | {field.data_key or name: value}
            with pytest.raises(CallFailed):
                read([broken] if operation.answer.many else broken, operation.answer)


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"])
def test_a_time_that_is_none_in_utc_is_outside_the_contract(time: str) -> None:
    with pytest.raises(CallFailed):
        read(example("bss", order_records.GET_ORDER) | {"createdAt": time}, order_records.GET_ORDER.answer)
    with pytest.raises(CallFailed):
        read([example("scm", scm.GET_SHIPMENTS)[0] | {"shippedAt": time}], scm.GET_SHIPMENTS.answer)


def test_more_recent_shipments_than_ten_are_not_shown() -> None:
    many: Any = Answering(example("scm", scm.GET_RECENT_SHIPMENTS) * 30)
    assert len(scm.HttpShipments(many).recent("C12345")) == 10


@pytest.mark.parametrize("amount", [49.9, "NaN", "1e3", "-1", "1.2345", "1\n", "１", ""])
def test_an_amount_is_a_decimal_text(amount: Any) -> None:
    with pytest.raises(CallFailed):
        read(example("billing", billing.GET_INVOICE) | {"total": amount}, billing.GET_INVOICE.answer)


@pytest.mark.parametrize(
    ("statuses", "word"),
    [
        ((), None),
        (("in transit",), "in transit"),
        (("delivered", "preparing", "in transit"), "preparing"),
        (("delivered", "in transit"), "in transit"),
        (("cancelled", "delivered"), "delivered"),
        (("cancelled", "cancelled"), "cancelled"),
    ],
)
def test_several_shipments_are_as_far_as_the_least_advanced(statuses: tuple[str, ...], word: str | None) -> None:
    assert overall(tuple(a_shipment(ShipmentStatus(status)) for status in statuses)) == word
