"""Cancelling an order at every moment of its placing, against backends in memory: one test for each row of
docs/cancellation.md.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from canonical.customers.reference import CustomerReference
from canonical.ordering import errors
from canonical.ordering.cancellation import CancellationState
from canonical.ordering.errors import OrderNotFound
from canonical.ordering.events import (
    OrderCancellationAccepted,
    OrderCancellationDenied,
    OrderCancelled,
    OrderCompleted,
    OrderFellOut,
)
from canonical.ordering.order import Order, PaymentStatus
from canonical.ordering.states import State, Trigger
from canonical.processes import place_order
from canonical.processes.ports import ChargeRequest
from canonical.processes.progress import Progress
from canonical.shared.aggregates import Kind
from canonical.shared.errors import BackendRefused, BackendUnavailable, InvalidTransition, OutcomeUnknown
from canonical.shared.ports import AggregateReads
from tests.support.builders import ROUTER, an_order_in
from tests.support.fakes import DeclinesEverything, Journal, KnowsCustomers, NeverLetsGo, NothingInStock, TakesMoney
from tests.unit.processes.placing import Placing, WhileInFlight

REASON = "ordered by mistake"
RELEASED = ["reservation RSV001 of 2 × SKU123 released", "reservation RSV002 of 1 × SKU456 released"]
ORDER_CANCELLED = "order ORD00001 cancelled"


def operations(placing: Placing) -> list[str]:
    return [operation for operation, _ in placing.calls]


def cancelled_during(placing: Placing, call: str) -> Any:
    return placing.carry_out(WhileInFlight(f"{call}#0", placing.cancel))


# --- it is cancelled --------------------------------------------------------------------------------------------------


def test_before_the_process_has_begun_nothing_is_asked_of_anybody() -> None:
    placing = Placing()
    placing.cancel()
    order = placing.carry_out()
    assert placing.calls == []
    assert (order.state, order.payment, order.bss_order_id) == (State.CANCELLED, PaymentStatus.NOT_CHARGED, None)
    assert (placing.asked.state, placing.asked.outcome) == (CancellationState.DONE, "nothing had been done yet")
    assert order.failure is not None
    assert (order.failure.code, order.failure.message, order.failure.step) == (
        "ORDER_CANCELLED",
        REASON,
        "verify-customer",
    )
    assert [entry.trigger for entry in order.timeline] == [
        Trigger.SUBMIT,
        Trigger.CANCEL,
        Trigger.ACCEPT_CANCELLATION,
        Trigger.CONFIRM_CANCELLATION,
    ]


@pytest.mark.parametrize(
    ("call", "calls", "undone"),
    [
        ("reserve-1", ["customer", "reserve", "release"], RELEASED[:1]),
        ("reserve-2", ["customer", "reserve", "reserve", "release", "release"], RELEASED[::-1]),
        (
            "create-order",
            ["customer", "reserve", "reserve", "create", "cancel", "release", "release"],
            [ORDER_CANCELLED, *RELEASED[::-1]],
        ),
    ],
)
def test_while_a_step_before_the_charge_is_in_flight_that_step_is_finished_and_undone_too(
    call: str, calls: list[str], undone: list[str]
) -> None:
    placing = Placing()
    order = cancelled_during(placing, call)
    assert operations(placing) == calls
    assert (order.state, order.payment) == (State.CANCELLED, PaymentStatus.NOT_CHARGED)
    assert order.failure is not None
    assert list(order.failure.undone) == undone
    asked = placing.asked
    assert (asked.state, asked.outcome) == (CancellationState.DONE, "; ".join(undone) or "nothing had been done yet")
    assert asked.effective_at is not None
    assert isinstance(placing.memory.outbox[-1], OrderCancelled)
    assert [event.sequence for event in placing.memory.outbox] == list(range(1, 7))


@dataclass
class MeetsACancellation(KnowsCustomers):
    """While it looks a customer up, `what` happens."""

    what: Callable[[], object] = print

    def customer(self, customer_id: str) -> CustomerReference:
        self.what()
        return super().customer(customer_id)


def test_while_the_customer_is_looked_up_nothing_has_to_be_undone() -> None:
    customers = MeetsACancellation()
    placing = Placing(customers=customers)
    customers.what = placing.cancel
    order = placing.carry_out()
    assert operations(placing) == ["customer"]
    assert (order.state, placing.asked.outcome) == (State.CANCELLED, "nothing had been done yet")
    assert order.failure is not None
    assert order.failure.step == "reserve-1"


@pytest.mark.parametrize("call", ["undo-create-order", "undo-reserve-1"])
def test_while_it_is_being_undone_for_another_reason_it_is_cancelled(call: str) -> None:
    placing = Placing(payments=DeclinesEverything())
    order = cancelled_during(placing, call)
    assert (order.state, order.payment) == (State.CANCELLED, PaymentStatus.DECLINED)
    assert placing.asked.state is CancellationState.DONE


def test_while_a_step_is_in_flight_that_is_then_refused_it_is_cancelled_and_says_so() -> None:
    placing = Placing(payments=DeclinesEverything())
    order = cancelled_during(placing, "charge")
    assert (order.state, order.payment) == (State.CANCELLED, PaymentStatus.DECLINED)
    assert order.failure is not None
    assert (order.failure.code, order.failure.message, order.failure.step) == ("ORDER_CANCELLED", REASON, "charge")
    assert placing.asked.outcome == "; ".join(
        ["the order would have failed: Payment failure", ORDER_CANCELLED, *RELEASED[::-1]]
    )
    assert any(isinstance(event, OrderCancellationAccepted) for event in placing.memory.outbox)


def test_a_refused_reservation_in_flight_is_no_charge() -> None:
    placing = Placing(stock=NothingInStock(lacking=ROUTER.sku))
    order = cancelled_during(placing, "reserve-2")
    assert (order.state, order.payment, order.bss_order_id) == (State.CANCELLED, PaymentStatus.NOT_CHARGED, None)
    assert placing.asked.outcome == f"the order would have failed: Insufficient stock; {RELEASED[0]}"


def test_without_a_reason_it_says_that_it_was_cancelled() -> None:
    placing = Placing()
    placing.cancel(reason=None)
    order = placing.carry_out()
    assert order.failure is not None
    assert order.failure.message == "the order was cancelled"


class BillingIsAway(TakesMoney):
    def charge(self, request: ChargeRequest, key: str) -> str:
        self.calls.append(("charge", key))
        raise BackendUnavailable("billing cannot be reached")


def test_while_a_backend_is_away_it_is_not_waited_for() -> None:
    placing = Placing(payments=BillingIsAway())
    progress = placing.part(Progress())
    assert progress.waiting
    placing.cancel()
    progress = placing.part(progress)
    order = placing.end(progress)
    assert operations(placing).count("charge") == 1
    assert order.state is State.CANCELLED


# --- it is denied -----------------------------------------------------------------------------------------------------


def test_while_the_charge_is_in_flight_it_is_too_late() -> None:
    placing = Placing()
    order = cancelled_during(placing, "charge")
    assert (order.state, order.payment, order.failure) == (State.COMPLETED, PaymentStatus.SUCCESS, None)
    assert [entry.state for entry in order.timeline[-3:]] == [
        State.ASSESSING_CANCELLATION,
        State.FULFILLING,
        State.COMPLETED,
    ]
    asked = placing.asked
    assert (asked.state, asked.milestone, asked.outcome, asked.effective_at) == (
        CancellationState.DENIED,
        "charged",
        "the order is completed: return its products instead",
        None,
    )
    denied, completed = placing.memory.outbox[-2:]
    assert isinstance(denied, OrderCancellationDenied)
    assert isinstance(completed, OrderCompleted)
    assert [event.sequence for event in placing.memory.outbox] == [1, 2, 3, 4, 5, 6]


class ChargesInSilence(TakesMoney):
    """Charges and gives no answer, nor says what it did, until it `hears`."""

    hears = False

    def charge(self, request: ChargeRequest, key: str) -> str:
        charge_id = super().charge(request, key)
        if not self.hears:
            raise OutcomeUnknown("billing gave no answer")
        return charge_id

    def find_charge(self, request: ChargeRequest) -> str | None:
        if not self.hears:
            raise BackendUnavailable("billing cannot be reached")
        return super().find_charge(request)


def test_while_nobody_knows_whether_it_was_charged_that_is_found_out_first() -> None:
    payments = ChargesInSilence()
    placing = Placing(payments=payments)
    progress = placing.part(Progress())
    placing.cancel()
    progress = placing.part(progress)
    assert progress.waiting
    assert placing.kept.state is State.ASSESSING_CANCELLATION
    payments.hears = True
    order = placing.end(placing.part(progress))
    assert order.state is State.COMPLETED
    assert placing.asked.state is CancellationState.DENIED


def test_between_the_charge_and_the_end_it_is_too_late() -> None:
    placing = Placing()
    progress = placing.part(Progress())
    placing.cancel()
    assert placing.end(progress).state is State.COMPLETED
    assert placing.asked.milestone == "charged"


# --- it cannot be undone ----------------------------------------------------------------------------------------------

REFUSED = BackendRefused("inventory refused release", backend="inventory", operation="release", status=409)


def test_what_cannot_be_undone_leaves_the_order_to_a_person_and_the_cancellation_denied() -> None:
    placing = Placing(stock=NeverLetsGo(refusal=REFUSED))
    order = cancelled_during(placing, "create-order")
    assert (order.state, order.payment, order.bss_order_id) == (
        State.FALLOUT,
        PaymentStatus.NOT_CHARGED,
        "ORD00001",
    )
    assert order.failure is not None
    assert (order.failure.code, order.failure.not_undone) == ("ORDER_CANCELLED", tuple(RELEASED[::-1]))
    asked = placing.asked
    assert (asked.state, asked.milestone) == (CancellationState.DENIED, "fallout")
    assert asked.outcome == f"not done: {RELEASED[1]}; {RELEASED[0]}"
    assert isinstance(placing.memory.outbox[-1], OrderFellOut)


def test_an_order_refused_and_cancelled_at_once_that_cannot_be_undone_tells_the_person_of_the_refusal() -> None:
    placing = Placing(stock=NeverLetsGo(refusal=REFUSED), payments=DeclinesEverything())
    order = cancelled_during(placing, "charge")
    assert (order.state, order.payment) == (State.FALLOUT, PaymentStatus.DECLINED)
    assert order.failure is not None
    assert order.failure.code == "PAYMENT_DECLINED"
    assert (placing.asked.state, placing.asked.milestone) == (CancellationState.DENIED, "fallout")


def test_a_cancellation_that_was_denied_stays_so_when_a_person_has_the_order_resumed() -> None:
    """Nothing resumes an order yet; the table says how it would go on."""
    placing = Placing(stock=NeverLetsGo(refusal=REFUSED))
    cancelled_during(placing, "create-order")
    denied = replace(placing.asked)
    order = placing.kept
    order.state = State.FULFILLING
    ended = placing.end(Progress(facts={"create-order": "ORD00001", "charge": "CHG0001"}))
    assert ended.state is State.COMPLETED
    assert placing.asked == denied


# --- when it is asked -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [state for state in State if state not in place_order.CANCELLATION_REQUESTED])
def test_an_order_that_nobody_gave_up_goes_on(state: State) -> None:
    placing = Placing()
    placing.memory.orders[placing.order_id] = an_order_in(state, id=placing.order_id)
    assert placing.process.interruption(placing.order_id) is None


def test_an_order_given_up_is_accepted_once_and_every_further_look_says_the_same() -> None:
    placing = Placing()
    placing.cancel()
    for _ in range(2):
        stop = placing.process.interruption(placing.order_id)
        assert isinstance(stop, errors.OrderWasCancelled)
        assert stop.message == REASON
    assert placing.kept.state is State.CANCELLING
    assert placing.asked.state is CancellationState.ACCEPTED
    accepted = [event for event in placing.memory.outbox if isinstance(event, OrderCancellationAccepted)]
    assert len(accepted) == 1


def test_another_run_of_the_process_does_not_go_on_after_the_order_was_cancelled() -> None:
    placing = Placing()
    placing.cancel()
    placing.carry_out()
    assert isinstance(placing.process.interruption(placing.order_id), errors.OrderWasCancelled)


class OldNews:
    """Reads what was true a moment ago."""

    def state_of(self, kind: Kind[Order], order_id: str) -> State:
        return State.ASSESSING_CANCELLATION


def test_what_was_read_before_the_transaction_does_not_decide() -> None:
    placing = Placing()
    completed = placing.carry_out()
    process = replace(placing.process, reads=cast(AggregateReads, OldNews()))
    assert process.interruption(placing.order_id) is None
    assert placing.kept == completed


def test_an_order_that_is_not_there_cannot_be_asked_about() -> None:
    with pytest.raises(OrderNotFound):
        Placing().process.interruption("none")


def test_a_crash_repeats_the_decision() -> None:
    placing, journal = Placing(), Journal()
    placing.cancel()
    first, again = placing.part(Progress(), journal), placing.part(Progress(), journal)
    assert first == again
    assert placing.end(again).state is State.CANCELLED


# --- it is refused ----------------------------------------------------------------------------------------------------


def test_an_order_that_is_being_cancelled_is_not_cancelled_again() -> None:
    placing = Placing()
    first = placing.cancel()
    with pytest.raises(InvalidTransition):
        placing.cancel()
    placing.process.interruption(placing.order_id)
    with pytest.raises(InvalidTransition):
        placing.cancel()
    assert list(placing.memory.cancellations) == [first.id]


def test_an_order_that_has_ended_is_not_cancelled() -> None:
    for payments in (TakesMoney(), DeclinesEverything()):
        placing = Placing(payments=payments)
        placing.carry_out()
        with pytest.raises(InvalidTransition):
            placing.cancel()


# --- its external identifiers -----------------------------------------------------------------------------------------


def test_they_are_free_again_once_it_is_cancelled() -> None:
    placing = Placing()
    cancelled_during(placing, "create-order")
    assert placing.memory.external_ids == {}
