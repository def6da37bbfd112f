"""The order aggregate."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from canonical.ordering.commands import ItemAction
from canonical.ordering.events import (
    OrderCancellationAccepted,
    OrderCancellationDenied,
    OrderCancellationRequested,
    OrderCancelled,
    OrderCompleted,
    OrderFailed,
    OrderFellOut,
    OrderFulfilmentStarted,
    OrderSubmitted,
    OrderValidated,
)
from canonical.ordering.order import DENIALS, MAX_LINES, MAX_QUANTITY, Failure, Order, PaymentStatus
from canonical.ordering.states import FINISHED, TRANSITIONS, State, StateCategory, Trigger
from canonical.shared.errors import InvalidCommand, InvalidTransition, UnsupportedAction
from canonical.shared.money import Money, total
from tests.support.builders import (
    BROADBAND,
    CANCELLATION_ID,
    NOON,
    ROUTER,
    a_command,
    a_failure,
    a_line,
    an_order,
    an_order_being_cancelled_from,
    an_order_in,
    euros,
)

LATER = NOON + timedelta(minutes=1)
MUCH_LATER = NOON + timedelta(hours=1)


def a_started_order() -> Order:
    order = an_order()
    order.start(LATER)
    return order


def fail(order: Order) -> None:
    order.fail(a_failure(), PaymentStatus.DECLINED, "ORD00001", MUCH_LATER)


def fall_out(order: Order) -> None:
    order.fall_out(a_failure(not_undone=("x",)), PaymentStatus.DECLINED, "ORD00001", MUCH_LATER)


def complete(order: Order) -> None:
    order.complete("ORD00001", MUCH_LATER)


def request_cancellation(order: Order) -> None:
    order.request_cancellation(CANCELLATION_ID, MUCH_LATER)


def cancel(order: Order) -> None:
    order.cancel(given_up(), PaymentStatus.NOT_CHARGED, "ORD00001", MUCH_LATER)


def given_up() -> Failure:
    return a_failure(code="ORDER_CANCELLED", message="ordered by mistake")


def test_a_submitted_order_is_acknowledged_and_remembers_what_was_asked() -> None:
    command = a_command(requested_start=LATER, requested_completion=MUCH_LATER)
    order = Order.submit("id-1", command, [BROADBAND], NOON)
    assert (order.id, order.owner, order.customer_id) == ("id-1", "partner-acme", "C12345")
    assert (order.state, order.category, order.payment) == (
        State.ACKNOWLEDGED,
        StateCategory.IN_PROGRESS,
        PaymentStatus.PENDING,
    )
    assert order.external_identifiers == command.external_identifiers
    assert (order.requested_start, order.requested_completion) == (LATER, MUCH_LATER)
    assert order.submitted_at == order.changed_at == NOON
    assert [(entry.at, entry.state, entry.trigger) for entry in order.timeline] == [
        (NOON, State.ACKNOWLEDGED, Trigger.SUBMIT)
    ]
    assert order.events == [OrderSubmitted(order_id="id-1", sequence=1, at=NOON, customer_id="C12345")]
    assert order.version == 0, "not stored yet"
    assert (order.bss_order_id, order.failure) == (None, None)
    assert not order.finished


def test_its_items_are_the_lines_with_the_offerings_as_they_were() -> None:
    order = an_order(lines=(a_line(id="a"), a_line(id="b", quantity=1)), offerings=[BROADBAND, ROUTER])
    assert [(item.id, item.action, item.quantity, item.offering) for item in order.items] == [
        ("a", ItemAction.ADD, 2, BROADBAND),
        ("b", ItemAction.ADD, 1, ROUTER),
    ]


def test_its_amount_is_the_one_time_charges_times_the_quantities() -> None:
    order = an_order(lines=(a_line(id="a", quantity=3), a_line(id="b", quantity=1)), offerings=[BROADBAND, ROUTER])
    assert [item.one_time_charge for item in order.items] == [euros("149.70"), euros("129.00")]
    assert order.amount == euros("278.70")


def test_money_stays_exact_for_the_largest_quantity() -> None:
    assert an_order(lines=(a_line(quantity=MAX_QUANTITY),)).amount.amount * 10 == 499 * MAX_QUANTITY


@pytest.mark.parametrize("quantity", [0, -1, MAX_QUANTITY + 1, 2**63])
def test_a_quantity_out_of_all_proportion_is_refused(quantity: int) -> None:
    with pytest.raises(InvalidCommand) as refused:
        an_order(lines=(a_line(quantity=quantity),))
    assert refused.value.pointer == "/lines/0/quantity"


def test_an_order_has_a_bounded_number_of_lines() -> None:
    with pytest.raises(InvalidCommand) as refused:
        an_order(lines=tuple(a_line(id=str(number)) for number in range(MAX_LINES + 1)))
    assert refused.value.pointer == "/lines"


def test_lines_in_different_currencies_are_refused_when_submitted() -> None:
    dollars = replace(ROUTER, one_time=Money(Decimal("10.00"), "USD"))
    with pytest.raises(InvalidCommand) as refused:
        an_order(lines=(a_line(id="a"), a_line(id="b")), offerings=[BROADBAND, dollars])
    assert refused.value.details == {"currencies": ["EUR", "USD"]}


def test_an_order_without_lines_is_refused() -> None:
    with pytest.raises(InvalidCommand) as refused:
        an_order(lines=())
    assert refused.value.pointer == "/lines"


def test_a_line_id_used_twice_is_refused_where_it_is_used_again() -> None:
    with pytest.raises(InvalidCommand) as refused:
        an_order(lines=(a_line(id="a"), a_line(id="b"), a_line(id="a")))
    assert refused.value.pointer == "/lines/2/id"
    assert refused.value.details == {"duplicateOf": 0}


@pytest.mark.parametrize("quantity", [0, -1, -(10**20)])
def test_a_quantity_below_one_is_refused(quantity: int) -> None:
    with pytest.raises(InvalidCommand) as refused:
        an_order(lines=(a_line(id="a"), a_line(id="b", quantity=quantity)))
    assert refused.value.pointer == "/lines/1/quantity"


@pytest.mark.parametrize("action", [action for action in ItemAction if action is not ItemAction.ADD])
def test_an_action_that_is_not_carried_out_is_refused_with_what_is(action: ItemAction) -> None:
    with pytest.raises(UnsupportedAction) as refused:
        an_order(lines=(a_line(action=action),))
    assert refused.value.pointer == "/lines/0/action"
    assert refused.value.details == {"allowed": ["ADD"]}


def test_every_line_needs_its_offering() -> None:
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        Order.submit("id-1", a_command(lines=(a_line(id="a"), a_line(id="b"))), [BROADBAND], NOON)


def test_a_started_order_is_validated_and_being_fulfilled() -> None:
    order = a_started_order()
    assert order.state is State.FULFILLING
    assert [(entry.state, entry.trigger) for entry in order.timeline[1:]] == [
        (State.VALIDATED, Trigger.VALIDATE),
        (State.FULFILLING, Trigger.FULFIL),
    ]
    assert order.events[1:] == [
        OrderValidated(order_id=order.id, sequence=2, at=LATER),
        OrderFulfilmentStarted(order_id=order.id, sequence=3, at=LATER),
    ]


def test_a_completed_order_has_its_bss_number_and_is_paid() -> None:
    order = a_started_order()
    complete(order)
    assert (order.state, order.category) == (State.COMPLETED, StateCategory.SUCCESS)
    assert (order.bss_order_id, order.payment, order.failure) == ("ORD00001", PaymentStatus.SUCCESS, None)
    assert order.changed_at == MUCH_LATER
    assert order.finished
    assert order.events[-1] == OrderCompleted(order_id=order.id, sequence=4, at=MUCH_LATER, bss_order_id="ORD00001")


def test_a_failed_order_says_why_and_what_was_undone() -> None:
    order = a_started_order()
    fail(order)
    assert (order.state, order.category) == (State.FAILED, StateCategory.FAILURE)
    assert (order.failure, order.payment, order.bss_order_id) == (a_failure(), PaymentStatus.DECLINED, "ORD00001")
    assert order.finished
    assert order.events[-1] == OrderFailed(order_id=order.id, sequence=4, at=MUCH_LATER, code="PAYMENT_DECLINED")


def test_an_order_that_fell_out_waits_for_a_person() -> None:
    order = a_started_order()
    fall_out(order)
    assert order.state is State.FALLOUT
    assert order.failure is not None
    assert order.failure.not_undone == ("x",)
    assert order.finished
    assert order.events[-1] == OrderFellOut(order_id=order.id, sequence=4, at=MUCH_LATER, code="PAYMENT_DECLINED")


@pytest.mark.parametrize("end", [complete, fail, fall_out])
def test_its_events_are_numbered_from_one_without_gaps(end: Callable[[Order], None]) -> None:
    order = a_started_order()
    end(order)
    assert [event.sequence for event in order.events] == [1, 2, 3, 4]
    assert {event.order_id for event in order.events} == {order.id}


def test_events_go_on_counting_after_the_order_was_stored() -> None:
    order = an_order_in(State.FULFILLING)
    complete(order)
    assert [event.sequence for event in order.events] == [4]


METHODS: dict[str, tuple[Callable[[Order], Any], set[State]]] = {
    "start": (lambda order: order.start(LATER), {State.ACKNOWLEDGED}),
    "complete": (complete, {State.FULFILLING}),
    "fail": (fail, {State.VALIDATED, State.DECOMPOSED, State.FULFILLING, State.FALLOUT}),
    "fall_out": (fall_out, {State.FULFILLING, State.CANCELLING}),
    "request_cancellation": (
        request_cancellation,
        {
            State.DRAFT,
            State.ACKNOWLEDGED,
            State.VALIDATED,
            State.DECOMPOSED,
            State.FULFILLING,
            State.PENDING,
            State.HELD,
        },
    ),
    "accept_cancellation": (
        lambda order: order.accept_cancellation(MUCH_LATER),
        {State.ASSESSING_CANCELLATION},
    ),
    "deny_cancellation": (lambda order: order.deny_cancellation(MUCH_LATER), {State.ASSESSING_CANCELLATION}),
    "cancel": (cancel, {State.CANCELLING}),
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("method", METHODS)
def test_a_method_works_only_where_the_table_allows_it_and_changes_nothing_otherwise(method: str, state: State) -> None:
    call, allowed = METHODS[method]
    order, before = an_order_in(state), an_order_in(state)
    if state in allowed:
        call(order)
        assert order.state is not state
        return
    with pytest.raises(InvalidTransition):
        call(order)
    assert order == before


# --- cancelling -------------------------------------------------------------------------------------------------------

CANCELLABLE = sorted(METHODS["request_cancellation"][1] - {State.DRAFT})


@pytest.mark.parametrize("state", State)
def test_cancelling_is_offered_exactly_where_it_works(state: State) -> None:
    assert (Trigger.CANCEL in an_order_in(state).allowed_actions()) is (state in METHODS["request_cancellation"][1])


@pytest.mark.parametrize("state", CANCELLABLE)
def test_an_order_to_be_cancelled_is_assessed_first(state: State) -> None:
    order = an_order_in(state)
    number = len(order.timeline) + 1
    request_cancellation(order)
    assert (order.state, order.category) == (State.ASSESSING_CANCELLATION, StateCategory.IN_PROGRESS)
    assert order.cancellation_id == CANCELLATION_ID
    assert (order.finished, order.allowed_actions()) == (False, [])
    assert order.events == [
        OrderCancellationRequested(order_id=order.id, sequence=number, at=MUCH_LATER, cancellation_id=CANCELLATION_ID)
    ]


def test_a_draft_is_cancelled_at_once_as_nothing_works_on_it() -> None:
    order = an_order_in(State.DRAFT)
    order.timeline.clear()
    request_cancellation(order)
    assert (order.state, order.payment, order.cancellation_id) == (
        State.CANCELLED,
        PaymentStatus.NOT_CHARGED,
        CANCELLATION_ID,
    )
    assert order.events == [
        OrderCancelled(order_id=order.id, sequence=1, at=MUCH_LATER, cancellation_id=CANCELLATION_ID)
    ]


@pytest.mark.parametrize("former", CANCELLABLE)
def test_a_denied_cancellation_leads_back_to_where_the_order_was(former: State) -> None:
    order = an_order_being_cancelled_from(former)
    number = len(order.timeline) + 1
    order.deny_cancellation(MUCH_LATER)
    # The process at work denies, and it works on orders that are being fulfilled: from the states before, on to there.
    back = former if former in (State.PENDING, State.HELD) else State.FULFILLING
    assert order.state is back
    assert order.events == [
        OrderCancellationDenied(order_id=order.id, sequence=number, at=MUCH_LATER, cancellation_id=CANCELLATION_ID)
    ]
    assert order.timeline[-1].state is back
    assert Trigger.CANCEL in order.allowed_actions(), "it may be asked for again"


@pytest.mark.parametrize("former", CANCELLABLE)
def test_a_second_cancellation_is_denied_to_the_same_state_as_the_first(former: State) -> None:
    order = an_order_being_cancelled_from(former)
    order.deny_cancellation(LATER)
    back = order.state
    order.request_cancellation("another", MUCH_LATER)
    order.deny_cancellation(MUCH_LATER)
    assert (order.state, order.cancellation_id) == (back, "another")
    assert [event.sequence for event in order.events] == list(
        range(order.events[0].sequence, order.events[0].sequence + 3)
    )


def test_a_denial_is_refused_without_a_cancellation_even_of_an_order_just_begun() -> None:
    for order in (an_order(), Order("id", "o", "c", an_order().items, NOON)):
        with pytest.raises(InvalidTransition):
            order.deny_cancellation(LATER)


def test_every_denial_is_a_row_of_the_table_back_to_its_state() -> None:
    for former, trigger in DENIALS.items():
        assert TRANSITIONS[State.ASSESSING_CANCELLATION, trigger] is former
        assert TRANSITIONS[former, Trigger.CANCEL] is State.ASSESSING_CANCELLATION


def test_an_accepted_cancellation_is_being_carried_out_and_then_final() -> None:
    order = an_order_being_cancelled_from(State.FULFILLING)
    order.accept_cancellation(LATER)
    assert (order.state, order.finished, order.allowed_actions()) == (State.CANCELLING, False, [])
    cancel(order)
    assert (order.state, order.category, order.finished) == (State.CANCELLED, StateCategory.TERMINAL, True)
    assert (order.failure, order.payment, order.bss_order_id) == (given_up(), PaymentStatus.NOT_CHARGED, "ORD00001")
    assert order.events == [
        OrderCancellationAccepted(order_id=order.id, sequence=5, at=LATER, cancellation_id=CANCELLATION_ID),
        OrderCancelled(order_id=order.id, sequence=6, at=MUCH_LATER, cancellation_id=CANCELLATION_ID),
    ]


def test_an_order_being_cancelled_falls_out_when_something_cannot_be_undone() -> None:
    order = an_order_in(State.CANCELLING)
    fall_out(order)
    assert (order.state, order.cancellation_id) == (State.FALLOUT, CANCELLATION_ID)


@pytest.mark.parametrize("state", State)
def test_an_order_is_finished_when_no_process_works_on_it(state: State) -> None:
    assert an_order_in(state).finished is (state in FINISHED)


def test_amounts_in_two_currencies_are_never_added() -> None:
    with pytest.raises(InvalidCommand):
        Money(Decimal(1), "EUR") + Money(Decimal(1), "USD")


def test_a_total_of_nothing_is_nothing_in_the_currency_asked_for() -> None:
    assert total([], "CHF") == Money(Decimal("0.00"), "CHF")


def test_money_reads_as_amount_and_currency() -> None:
    assert str(euros("49.90") * 2) == "99.80 EUR"
