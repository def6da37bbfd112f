"""Composite answers of the canonical API: golden documents, and the contract."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import orjson
import pytest
import yaml

from canonical.customers.errors import CustomerNotFound
from canonical.ordering.commands import ItemAction
from canonical.ordering.errors import OrderNotFound
from canonical.ordering.order import Order
from canonical.ordering.states import State
from canonical.shared.aggregates import Kind
from canonical.shared.ports import AggregateReads
from canonical.shared.reader import ALL, Reader
from canonical.subscriptions.plan_change import ChangeKind, PlanChange
from canonical.subscriptions.subscription import SubscriptionStatus
from canonical.views.customer_context import ContextPart, CustomerContexts
from canonical.views.order_snapshot import OrderSnapshots, SnapshotPart
from canonical.views.records import RecordedItem, RecordStatus, ShipmentStatus
from facade.contract.violations import ContractViolation
from facade.portal.customer import context_document
from facade.portal.parts import included
from facade.portal.snapshot import PAYMENTS, STATUS, snapshot_document
from facade.portal.subscriptions import changed_document, subscription_document
from tests.support.builders import NOON, a_line, an_order, an_order_in
from tests.support.golden import REQUEST, require_as_agreed
from tests.support.reads import (
    AWAY,
    BALANCE,
    PROFILE,
    AsksInTurn,
    Says,
    a_record,
    a_shipment,
    a_subscription,
    an_invoice,
)
from tests.support.specs import SPECS, problems
from tests.support.subscriptions import PLANS, a_plan_change

SPEC = "canonical/v1.yaml"
SCHEMAS = yaml.safe_load((SPECS / SPEC).read_text())["components"]["schemas"]
GOLDEN = Path(__file__).parents[3] / "fixtures" / "golden" / "portal"
EVERYTHING = frozenset(SnapshotPart)


class HasOrder:
    """One order, or none."""

    def __init__(self, order: Any = None) -> None:
        self.order_kept = order

    def aggregate(self, kind: Kind[Order], order_id: str, reader: Reader) -> Any:
        if self.order_kept is None:
            raise OrderNotFound("Order not found", orderId=order_id)
        return self.order_kept


def completed() -> Any:
    order = an_order_in(State.COMPLETED, lines=(a_line(),))
    order.bss_order_id = "ORD00001"
    return order


def snapshot(
    order: Any = None,
    wanted: frozenset[SnapshotPart] = EVERYTHING,
    *,
    record: Any = None,
    invoice: Any = None,
    shipments: Any = None,
) -> Any:
    record = record or a_record(external_id=order.id if order else "web-1")
    asked = OrderSnapshots(
        cast(AggregateReads, HasOrder(order)),
        Says(record),
        Says(invoice or an_invoice()),
        Says(shipments or (a_shipment(),)),
        AsksInTurn(),
    )
    return shown(snapshot_document(asked.snapshot("ORD00001", ALL, wanted)))


def context(wanted: frozenset[ContextPart] = frozenset(ContextPart), profile: Any = PROFILE) -> Any:
    asked = CustomerContexts(
        Says(profile), Says((a_subscription(),)), Says((BALANCE,)), Says((a_shipment(),)), AsksInTurn()
    )
    return shown(context_document(asked.context("C12345", wanted)))


def done() -> PlanChange:
    change = a_plan_change()
    change.start(NOON)
    change.complete(2, SubscriptionStatus.ACTIVE, NOON)
    return change


def shown(document: Any) -> Any:
    return orjson.loads(orjson.dumps(document))


GOLDEN_ANSWERS: dict[str, tuple[str, Callable[[], Any]]] = {
    "10-order-snapshot": ("OrderSnapshot", lambda: snapshot(completed())),
    "11-order-snapshot-without-scm": ("OrderSnapshot", lambda: snapshot(completed(), shipments=AWAY)),
    "12-order-in-progress": ("OrderSnapshot", lambda: snapshot(an_order())),
    "13-order-of-another-channel": ("OrderSnapshot", snapshot),
    "20-customer-context": ("CustomerContext", context),
    "21-customer-context-without-crm": ("CustomerContext", lambda: context(profile=AWAY)),
    "30-change-plan": ("ChangedSubscription", lambda: shown(changed_document(done()))),
    "31-subscription": ("Subscription", lambda: shown(subscription_document(a_subscription(), PLANS, None))),
    "32-subscription-being-changed": (
        "Subscription",
        lambda: shown(subscription_document(a_subscription(), PLANS, a_plan_change())),
    ),
}


@pytest.mark.parametrize("name", GOLDEN_ANSWERS)
def test_an_answer_is_as_its_golden_file_and_as_the_contract(name: str) -> None:
    schema, make = GOLDEN_ANSWERS[name]
    document = make()
    require_as_agreed(GOLDEN / f"{name}{REQUEST}", document)
    assert problems(SPEC, schema, document) == []
    assert document.keys() <= SCHEMAS[schema]["properties"].keys()


def test_the_contract_knows_every_kind_of_change() -> None:
    for enum in (
        SCHEMAS["Subscription"]["properties"]["pendingChange"]["properties"]["kind"]["enum"],
        SCHEMAS["ChangedSubscription"]["properties"]["change"]["properties"]["kind"]["enum"],
    ):
        assert set(enum) == {kind.value for kind in ChangeKind}


@pytest.mark.parametrize("state", State)
def test_a_snapshot_is_as_the_contract_says_in_every_state(state: State) -> None:
    assert problems(SPEC, "OrderSnapshot", snapshot(an_order_in(state))) == []


def test_a_part_that_is_not_wanted_is_absent() -> None:
    parts = {"orderDetails", "invoiceDetails", "shipmentStatus", "shipments"}
    assert not parts & snapshot(completed(), frozenset()).keys()
    assert parts & snapshot(completed(), frozenset({SnapshotPart.SHIPMENTS})).keys() == {
        "shipmentStatus",
        "shipments",
    }
    assert context(frozenset()).keys() == {"customerId", "unavailable"}


def test_what_is_done_to_an_installed_product_is_shown_without_an_offering() -> None:
    line = a_line(action=ItemAction.DISCONNECT, offering_id=None, product_id="PRD1", quantity=1)
    order = an_order_in(State.COMPLETED, lines=(line,))
    order.bss_order_id = "ORD00001"
    document = snapshot(order, record=a_record(external_id=order.id, items=(RecordedItem(None, 1, None),)))
    assert problems(SPEC, "OrderSnapshot", document) == []
    [item] = document["orderDetails"]["items"]
    assert (item["productId"], item["sku"], item["reservationId"], document["total"]) == ("PRD1", None, None, None)


def test_an_order_that_ended_without_a_number_has_nothing_and_says_so() -> None:
    order = an_order_in(State.FAILED)
    order.bss_order_id = None
    document = snapshot(order)
    assert (document["orderDetails"], document["invoiceDetails"], document["shipmentStatus"]) == (None, None, None)
    assert (document["shipments"], document["unavailable"]) == ([], [])


def test_items_that_bss_has_otherwise_have_no_reservation() -> None:
    one_more = a_record().items * 2
    for items in (one_more, (), (a_record().items[0].__class__("SKU999", 2, "RSV9"),)):
        details = snapshot(completed(), record=a_record(items=items))["orderDetails"]
        assert [item["reservationId"] for item in details["items"]] == [None]


def test_a_disagreement_with_bss_is_shown() -> None:
    order = completed()
    document = snapshot(order, record=a_record(external_id=order.id, status=RecordStatus.CANCELLED))
    assert document["orderDetails"]["differences"] == [{"field": "status", "ours": "created", "bss": "cancelled"}]


def test_an_order_of_ours_that_bss_denies_is_still_shown() -> None:
    document = snapshot(completed(), record=OrderNotFound("Order not found"))
    assert document["orderDetails"] is None
    assert document["unavailable"][0]["code"] == "ORDER_NOT_FOUND"


def test_a_shipment_that_has_not_left_is_as_the_contract_says() -> None:
    waiting = a_shipment(ShipmentStatus.PREPARING, carrier=None, tracking=None, shipped_at=None)
    assert problems(SPEC, "OrderSnapshot", snapshot(completed(), shipments=(waiting,))) == []


@pytest.mark.parametrize("status", STATUS)
@pytest.mark.parametrize("paid", PAYMENTS)
def test_an_order_of_another_channel_is_as_the_contract_says(status: RecordStatus, paid: Any) -> None:
    document = snapshot(record=a_record(status=status), invoice=an_invoice(status=paid))
    assert problems(SPEC, "OrderSnapshot", document) == []
    assert document["status"] in SCHEMAS["Order"]["properties"]["status"]["enum"]
    assert document["paymentStatus"] in SCHEMAS["Order"]["properties"]["paymentStatus"]["enum"]


def test_the_words_for_records_are_translated_whole() -> None:
    assert set(STATUS) == set(RecordStatus)
    assert set(PAYMENTS) == {*an_invoice().status.__class__}


def test_an_unknown_customer_is_not_found_whatever_is_wanted() -> None:
    with pytest.raises(CustomerNotFound):
        context(frozenset({ContextPart.BALANCES}), CustomerNotFound("Customer not found"))


@pytest.mark.parametrize(
    ("query", "parts"),
    [
        ({}, EVERYTHING),
        ({"include": "none"}, frozenset()),
        ({"include": ""}, frozenset()),
        ({"include": "shipments, shipments"}, frozenset({SnapshotPart.SHIPMENTS})),
        ({"include": "invoiceDetails,none"}, frozenset({SnapshotPart.INVOICE})),
    ],
)
def test_include_names_the_parts(query: dict[str, str], parts: frozenset[SnapshotPart]) -> None:
    assert included(query, SnapshotPart) == parts


def test_an_unknown_part_is_refused_with_those_there_are() -> None:
    with pytest.raises(ContractViolation) as refused:
        included({"include": "shipments,everything"}, SnapshotPart)
    [violation] = refused.value.violations
    assert violation.as_document()["allowed"] == ["invoiceDetails", "orderDetails", "shipments", "none"]
