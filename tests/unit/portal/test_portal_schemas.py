"""The canonical API's shapes against its contract."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import orjson
import pytest
import yaml

from canonical.ordering.commands import ItemAction, OrderLine, SubmitOrder
from canonical.ordering.items import RecurringCharge
from canonical.ordering.lines import MAX_QUANTITY
from canonical.ordering.order import Order, PaymentStatus
from canonical.ordering.states import State, StateCategory
from canonical.ordering.wishes import Wishes
from canonical.shared.external_identifier import ExternalIdentifier
from canonical.shared.money import Money
from canonical.shared.reader import Reader
from facade.portal.schemas import STATUS, OrderRequest, order_document
from tests.support.builders import (
    BROADBAND,
    NOON,
    ROUTER,
    a_change,
    a_line,
    a_rejection,
    an_offering,
    an_order,
    an_order_in,
)
from tests.support.specs import SPECS, problems

SPEC = "canonical/v1.yaml"
PORTAL = Reader("portal")
SCHEMAS = yaml.safe_load((SPECS / SPEC).read_text())["components"]["schemas"]


def document(order: Any) -> Any:
    return orjson.loads(orjson.dumps(order_document(order)))


@pytest.mark.parametrize("state", State)
def test_an_order_is_as_the_contract_says_in_every_state(state: State) -> None:
    shown = document(an_order_in(state))
    assert problems(SPEC, "Order", shown) == []
    assert set(shown) <= SCHEMAS["Order"]["properties"].keys(), "nothing is shown that the contract does not name"
    assert (shown["state"], shown["stateCategory"]) == (state.value, an_order_in(state).category.value)


def test_an_order_shows_the_profile_version_that_judged_it_if_it_is_known() -> None:
    assert "profileVersion" not in document(an_order())
    shown = document(an_order(agreed_version="partner-acme@3"))
    assert shown["profileVersion"] == "partner-acme@3"
    assert problems(SPEC, "Order", shown) == []


@pytest.mark.parametrize("payment", PaymentStatus)
def test_every_payment_status_is_in_the_contract(payment: PaymentStatus) -> None:
    assert problems(SPEC, "Order", document(replace(an_order(), payment=payment))) == []


def test_the_enums_of_the_contract_are_those_of_the_core() -> None:
    order, item = SCHEMAS["Order"]["properties"], SCHEMAS["OrderItem"]["properties"]
    assert set(order["state"]["enum"]) == {state.value for state in State}
    assert set(order["stateCategory"]["enum"]) == {category.value for category in StateCategory}
    assert set(order["paymentStatus"]["enum"]) == {payment.value for payment in PaymentStatus}
    assert set(item["action"]["enum"]) == {action.value for action in ItemAction}
    assert set(order["status"]["enum"]) == {*STATUS.values(), "processing"}


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (State.DRAFT, "processing"),
        (State.ACKNOWLEDGED, "processing"),
        (State.FULFILLING, "processing"),
        (State.COMPLETED, "confirmed"),
        (State.CLOSED, "confirmed"),
        (State.FAILED, "failed"),
        (State.FALLOUT, "failed"),
        (State.REJECTED, "failed"),
        (State.ASSESSING_CANCELLATION, "processing"),
        (State.CANCELLING, "processing"),
        (State.CANCELLED, "cancelled"),
    ],
)
def test_the_documents_status_says_in_one_word_how_it_stands(state: State, status: str) -> None:
    assert order_document(an_order_in(state))["status"] == status


def test_an_order_shows_what_was_ordered_and_for_how_much() -> None:
    order = an_order(lines=(a_line(id="1"), a_line(id="2", quantity=1)), offerings=[BROADBAND, ROUTER])
    shown = document(order)
    assert shown["orderId"] is None, "BSS has none yet"
    assert shown["failure"] is None
    assert shown["total"] == {"amount": "228.80", "currency": "EUR"}
    assert shown["items"][0] == {
        "id": "1",
        "action": "ADD",
        "quantity": 2,
        "productId": None,
        "sku": "SKU123",
        "offeringId": "po_broadband_1g",
        "offeringVersion": "1",
        "name": "Broadband 1 Gbit/s",
        "oneTimeCharge": {"amount": "99.80", "currency": "EUR"},
        "recurringCharges": [{"amount": {"amount": "39.90", "currency": "EUR"}, "period": "month"}],
    }
    assert shown["externalIdentifiers"] == [{"owner": "acme", "type": "purchaseOrder", "id": "PO-1"}]


@pytest.mark.parametrize("action", [action for action in ItemAction if action is not ItemAction.ADD])
def test_what_is_done_to_an_installed_product_is_shown_with_the_product_and_without_a_charge(
    action: ItemAction,
) -> None:
    lines = (a_change(id="1", action=action), a_change(id="2", action=action, offering_id=BROADBAND.id))
    shown = document(an_order(lines=lines))
    assert problems(SPEC, "Order", shown) == []
    assert shown["total"] is None
    assert shown["items"][0] == {
        "id": "1",
        "action": action.value,
        "quantity": 1,
        "productId": "PRD1",
        "sku": None,
        "offeringId": None,
        "offeringVersion": None,
        "name": None,
        "oneTimeCharge": None,
        "recurringCharges": [],
    }
    assert (shown["items"][1]["sku"], shown["items"][1]["oneTimeCharge"]) == ("SKU123", None)


@pytest.mark.parametrize("customer", ["C12345", ""])
def test_an_order_rejected_before_it_was_understood_is_as_the_contract_says(customer: str) -> None:
    why = a_rejection(customer_id=customer)
    order = Order.received("id-1", why, NOON)
    order.reject(why, NOON)
    shown = document(order)
    assert problems(SPEC, "Order", shown) == []
    assert (shown["status"], shown["paymentStatus"], shown["customerId"], shown["items"], shown["total"]) == (
        "failed",
        "notCharged",
        customer,
        [],
        None,
    )
    assert (shown["failure"]["code"], shown["failure"]["step"]) == ("INVALID_REQUEST", "validate")


def test_a_draft_is_as_the_contract_says_and_offers_what_may_be_done_with_it() -> None:
    shown = document(an_order(draft=True))
    assert problems(SPEC, "Order", shown) == []
    assert sorted(shown["allowedActions"]) == ["amend", "annotate", "cancel", "submit"]
    assert [entry["trigger"] for entry in shown["timeline"]] == ["draft"]


def test_a_failed_order_says_why_and_what_was_undone() -> None:
    assert document(an_order_in(State.FAILED))["failure"] == {
        "code": "PAYMENT_DECLINED",
        "message": "Payment failure",
        "step": "charge",
        "undone": ["order ORD00001 cancelled", "reservation RSV001 of 2 × SKU123 released"],
        "notUndone": [],
    }


@pytest.mark.parametrize("amount", ["0.00", "-5", "1E+3", "0E-10", "49.90", "1234567890123456789012345678901.5"])
def test_an_amount_is_written_out_in_digits(amount: str) -> None:
    offering = an_offering(
        one_time=Money(Decimal(amount), "EUR"), recurring=(RecurringCharge(Money(Decimal(amount), "EUR"), "month"),)
    )
    assert problems(SPEC, "Order", document(an_order(offerings=[offering]))) == []


def test_an_amount_of_any_quantity_is_written_out_in_digits() -> None:
    dear = an_offering(one_time=Money(Decimal("12345678901234567890.12"), "EUR"))
    shown = document(an_order(lines=(a_line(quantity=MAX_QUANTITY),), offerings=[dear]))
    assert problems(SPEC, "Order", shown) == []


def test_identifiers_that_came_without_owner_and_type_are_shown_as_they_are() -> None:
    shown = document(an_order(external_identifiers=(ExternalIdentifier("", "", "x" * 500),)))
    assert problems(SPEC, "Order", shown) == []


def test_times_are_printed_in_utc_with_milliseconds() -> None:
    shown = document(an_order())
    assert shown["submittedAt"] == shown["timeline"][0]["at"] == "2026-05-03T12:00:00.000Z"


BODY = {
    "customerId": "C12345",
    "items": [{"sku": "SKU123", "quantity": 2}, {"offeringId": "po_tv_basic", "quantity": 1}],
    "externalIdentifiers": [{"owner": "crm", "type": "case", "id": "4711"}],
}


def test_a_request_becomes_a_command_with_numbered_lines() -> None:
    assert problems(SPEC, "PlaceOrder", BODY) == []
    assert OrderRequest().to_command(BODY, PORTAL) == SubmitOrder(
        owner="portal",
        reader=PORTAL,
        customer_id="C12345",
        lines=(
            OrderLine(id="1", quantity=2, sku="SKU123", wishes=Wishes(quantity=2)),
            OrderLine(id="2", quantity=1, offering_id="po_tv_basic", wishes=Wishes(quantity=1)),
        ),
        external_identifiers=(ExternalIdentifier("crm", "case", "4711"),),
    )


def test_the_least_that_is_needed_becomes_a_command() -> None:
    body: dict[str, Any] = {"customerId": "C1", "items": [{}]}
    assert problems(SPEC, "PlaceOrder", body) == []
    assert OrderRequest().to_command(body, PORTAL).lines == (OrderLine(id="1", quantity=1),)


def test_the_schema_knows_exactly_what_the_contract_lets_in() -> None:
    request = OrderRequest()
    assert _names(request) == SCHEMAS["PlaceOrder"]["properties"].keys()
    assert _names(_inner(request, "items")) == SCHEMAS["PlaceOrderItem"]["properties"].keys()
    identifier = _inner(request, "external_identifiers")
    assert _names(identifier) == SCHEMAS["ExternalIdentifier"]["properties"].keys()


def _inner(schema: Any, name: str) -> Any:
    """The schema of the entries of a list."""
    return schema.fields[name].inner.schema


def _names(schema: Any) -> set[str]:
    return {field.data_key or name for name, field in schema.fields.items()}
