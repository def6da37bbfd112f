"""Placing an order, against backends in memory."""

from dataclasses import replace
from typing import Any

import pytest

from canonical.customers.reference import CustomerStatus
from canonical.ordering.events import OrderCompleted, OrderFailed, OrderFellOut
from canonical.ordering.order import PaymentStatus
from canonical.ordering.states import State
from canonical.processes.place_order import CHARGE, CREATE, key
from canonical.processes.ports import ChargeRequest, StockRequest
from canonical.processes.progress import Progress
from canonical.processes.saga import run
from canonical.shared.errors import BackendRefused, BackendUnavailable, OutcomeUnknown
from tests.support.builders import ROUTER, a_command, a_line, an_order_in, euros
from tests.support.fakes import (
    DeclinesEverything,
    Journal,
    KnowsCustomers,
    KnowsNobody,
    NeverLetsGo,
    NothingInStock,
    TakesMoney,
)
from tests.unit.processes.placing import Placing


def test_it_verifies_reserves_creates_charges_and_confirms() -> None:
    placing = Placing()
    order = placing.carry_out()
    assert placing.calls == [
        ("customer", None),
        ("reserve", placing.key("reserve-1")),
        ("reserve", placing.key("reserve-2")),
        ("create", placing.key("create-order")),
        ("charge", placing.key("charge")),
    ]
    assert (order.state, order.payment, order.bss_order_id) == (State.COMPLETED, PaymentStatus.SUCCESS, "ORD00001")
    assert order == placing.kept
    assert isinstance(placing.memory.outbox[-1], OrderCompleted)


def test_it_asks_for_what_was_ordered() -> None:
    placing = Placing()
    order = placing.carry_out()
    assert list(placing.stock.held.values()) == [
        StockRequest("SKU123", 2, reference=f"{order.id}:1"),
        StockRequest("SKU456", 1, reference=f"{order.id}:2"),
    ]
    assert placing.bss.reservations == {"a": "RSV001", "b": "RSV002"}, "each with its item"
    assert placing.payments.taken == {"ORD00001": euros("228.80")}


def test_two_lines_of_one_sku_have_reservations_of_their_own() -> None:
    placing = Placing(command=a_command(lines=(a_line(id="a"), a_line(id="b"))))
    placing.carry_out()
    assert len(placing.stock.held) == 2
    assert len({request.reference for request in placing.stock.held.values()}) == 2


def test_keys_are_the_same_for_a_step_and_differ_between_steps_and_orders() -> None:
    one, other = an_order_in(State.FULFILLING, id="one"), an_order_in(State.FULFILLING, id="other")
    assert key(one, "charge") == key(replace(one), "charge") == "one:charge"
    assert len({key(order, step) for order in (one, other) for step in ("charge", "undo-charge")}) == 4


def test_no_two_calls_share_a_key() -> None:
    placing = Placing(payments=DeclinesEverything())
    placing.carry_out()
    keys = [key for _, key in placing.calls if key is not None]
    assert len(keys) == len(set(keys)) == 7


def test_an_unknown_customer_fails_the_order_before_anything_is_reserved() -> None:
    placing = Placing(customers=KnowsNobody())
    order = placing.carry_out()
    assert placing.calls == [("customer", None)]
    assert (order.state, order.payment, order.bss_order_id) == (State.FAILED, PaymentStatus.NOT_CHARGED, None)
    assert order.failure is not None
    assert (order.failure.code, order.failure.step, order.failure.undone) == (
        "CUSTOMER_NOT_FOUND",
        "verify-customer",
        (),
    )
    assert order.failure.details == {"customerId": "C12345"}


@pytest.mark.parametrize("status", [CustomerStatus.PENDING, CustomerStatus.SUSPENDED])
def test_a_customer_not_in_good_standing_fails_the_order(status: CustomerStatus) -> None:
    placing = Placing(customers=KnowsCustomers(status))
    order = placing.carry_out()
    assert placing.calls == [("customer", None)]
    assert order.failure is not None
    assert order.failure.code == "CUSTOMER_NOT_IN_GOOD_STANDING"
    assert order.failure.details == {"customerId": "C12345", "customerStatus": status.value}
    assert order.failure.message == f"customer C12345 is {status.value}"


def test_when_nothing_is_in_stock_nothing_else_is_asked() -> None:
    placing = Placing(stock=NothingInStock())
    order = placing.carry_out()
    assert placing.calls == [("customer", None), ("reserve", placing.key("reserve-1"))]
    assert (order.state, order.payment) == (State.FAILED, PaymentStatus.NOT_CHARGED)
    assert order.failure is not None
    assert order.failure.details == {"sku": "SKU123", "requested": 2, "available": 0, "itemId": "a"}


def test_when_a_later_line_is_short_the_earlier_reservation_is_released() -> None:
    placing = Placing(stock=NothingInStock(lacking=ROUTER.sku))
    order = placing.carry_out()
    assert placing.calls[1:] == [
        ("reserve", placing.key("reserve-1")),
        ("reserve", placing.key("reserve-2")),
        ("release", placing.key("undo-reserve-1")),
    ]
    assert placing.stock.held == {}
    assert order.failure is not None
    assert (order.failure.code, order.failure.step) == ("INSUFFICIENT_STOCK", "reserve-2")
    assert order.failure.undone == ("reservation RSV001 of 2 × SKU123 released",)


def test_a_declined_payment_cancels_the_bss_order_and_releases_newest_first() -> None:
    placing = Placing(payments=DeclinesEverything())
    order = placing.carry_out()
    assert placing.calls[4:] == [
        ("charge", placing.key("charge")),
        ("cancel", placing.key("undo-create-order")),
        ("release", placing.key("undo-reserve-2")),
        ("release", placing.key("undo-reserve-1")),
    ]
    assert (order.state, order.payment, order.bss_order_id) == (State.FAILED, PaymentStatus.DECLINED, "ORD00001")
    assert order.failure is not None
    assert order.failure.undone == (
        "order ORD00001 cancelled",
        "reservation RSV002 of 1 × SKU456 released",
        "reservation RSV001 of 2 × SKU123 released",
    )
    assert order.failure.not_undone == ()
    assert isinstance(placing.memory.outbox[-1], OrderFailed)


def test_what_cannot_be_undone_leaves_the_order_to_a_person() -> None:
    refusal = BackendRefused("inventory refused release", backend="inventory", operation="release", status=409)
    placing = Placing(stock=NeverLetsGo(refusal=refusal), payments=DeclinesEverything())
    order = placing.carry_out()
    assert order.state is State.FALLOUT
    assert order.failure is not None
    assert order.failure.undone == ("order ORD00001 cancelled",)
    assert order.failure.not_undone == (
        "reservation RSV002 of 1 × SKU456 released",
        "reservation RSV001 of 2 × SKU123 released",
    )
    assert order.failure.code == "PAYMENT_DECLINED"
    assert isinstance(placing.memory.outbox[-1], OrderFellOut)


class AnswersAreLost(TakesMoney):
    """Charges, and nobody hears of it."""

    def charge(self, request: ChargeRequest, key: str) -> str:
        super().charge(request, key)
        raise OutcomeUnknown("billing gave no answer to charge")


def test_a_charge_whose_answer_was_lost_is_found_and_not_taken_again() -> None:
    placing = Placing(payments=AnswersAreLost())
    order = placing.carry_out()
    assert order.state is State.COMPLETED
    assert [call for call, _ in placing.calls[-2:]] == ["charge", "find_charge"]


class CrmIsAway(KnowsCustomers):
    def customer(self, customer_id: str) -> Any:
        raise BackendUnavailable("crm cannot be reached")


def test_while_a_backend_is_away_the_order_stays_in_progress() -> None:
    placing = Placing(customers=CrmIsAway())
    order = placing.begin()
    progress = run(placing.process.steps(order), Progress(), Journal().recorded)
    assert progress.waiting_for == "crm cannot be reached"
    assert placing.kept.state is State.FULFILLING


def test_to_begin_starts_the_order_once() -> None:
    placing = Placing()
    first, again = placing.begin(), placing.begin()
    assert first.state is again.state is State.FULFILLING
    assert first == again
    assert [event.sequence for event in placing.memory.outbox] == [1, 2, 3]


def test_steps_are_the_same_whenever_they_are_made() -> None:
    placing = Placing()
    order = placing.begin()
    names = [step.name for step in placing.process.steps(order)]
    assert names == ["verify-customer", "reserve-1", "reserve-2", "create-order", "charge"]
    assert names == [step.name for step in placing.process.steps(placing.kept)]


@pytest.mark.parametrize(("refunded", "payment"), [(True, PaymentStatus.REFUNDED), (False, PaymentStatus.SUCCESS)])
def test_a_payment_is_refunded_only_when_billing_gave_it_back(refunded: bool, payment: PaymentStatus) -> None:
    """No step follows the charge yet: what one would leave behind when it is refused."""
    placing = Placing()
    placing.begin()
    refund = ("charge CHG0001 refunded",)
    progress = Progress(
        facts={CREATE: "ORD00001", CHARGE: "CHG0001"},
        refusal={"code": "BACKEND_REFUSED", "message": "no", "details": {}, "step": "ship"},
        undone=refund if refunded else (),
        not_undone=() if refunded else refund,
    )
    ended = placing.end(progress)
    assert (ended.state, ended.payment) == (State.FAILED if refunded else State.FALLOUT, payment)


def test_a_refund_is_named_as_its_step_names_it() -> None:
    placing = Placing()
    *_, charge = placing.process.steps(placing.begin())
    assert charge.effect is not None
    assert charge.effect({CHARGE: "CHG0001"}) == "charge CHG0001 refunded"


# --- its external identifiers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("backends", "state", "held"),
    [
        ({}, State.COMPLETED, True),
        ({"payments": DeclinesEverything()}, State.FAILED, False),
        ({"stock": NeverLetsGo(), "payments": DeclinesEverything()}, State.FALLOUT, True),
    ],
)
def test_they_are_free_again_only_if_the_order_failed(backends: dict[str, Any], state: State, held: bool) -> None:
    placing = Placing(**backends)
    assert placing.carry_out().state is state
    assert bool(placing.memory.external_ids) is held
