"""The order aggregate, given up."""

import pytest

from canonical.ordering.events import (
    OrderCancellationAccepted,
    OrderCancellationDenied,
    OrderCancellationRequested,
    OrderCancelled,
)
from canonical.ordering.order import DENIALS, Order, PaymentStatus
from canonical.ordering.states import TRANSITIONS, State, StateCategory, Trigger
from canonical.shared.errors import InvalidTransition
from tests.support.builders import CANCELLATION_ID, NOON, an_order, an_order_being_cancelled_from, an_order_in
from tests.unit.ordering.order_methods import (
    LATER,
    METHODS,
    MUCH_LATER,
    annotate,
    cancel,
    fall_out,
    given_up,
    request_cancellation,
)

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
    assert (order.finished, order.allowed_actions()) == (False, [Trigger.ANNOTATE])
    assert order.events == [
        OrderCancellationRequested(order_id=order.id, sequence=number, at=MUCH_LATER, cancellation_id=CANCELLATION_ID)
    ]


def test_a_draft_is_cancelled_at_once_as_nothing_works_on_it() -> None:
    order = an_order_in(State.DRAFT)
    order.request_cancellation(CANCELLATION_ID, MUCH_LATER, "ordered by mistake")
    assert order.failure is not None
    assert (order.failure.code, order.failure.message) == ("ORDER_CANCELLED", "ordered by mistake")
    assert (order.state, order.payment, order.cancellation_id) == (
        State.CANCELLED,
        PaymentStatus.NOT_CHARGED,
        CANCELLATION_ID,
    )
    assert order.events == [
        OrderCancelled(order_id=order.id, sequence=2, at=MUCH_LATER, cancellation_id=CANCELLATION_ID)
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


@pytest.mark.parametrize("former", CANCELLABLE)
def test_what_is_said_about_an_order_meanwhile_does_not_change_where_a_denial_leads(former: State) -> None:
    annotated, untouched = an_order_in(former), an_order_in(former)
    annotate(annotated)
    for order in (annotated, untouched):
        request_cancellation(order)
    annotate(annotated)
    annotate(annotated)
    for order in (annotated, untouched):
        order.deny_cancellation(MUCH_LATER)
    assert annotated.state is untouched.state
    first = annotated.events[0].sequence
    assert [event.sequence for event in annotated.events] == list(range(first, first + 5))
    again = annotated.state
    request_cancellation(annotated)
    annotate(annotated)
    annotated.deny_cancellation(MUCH_LATER)
    assert annotated.state is again


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
    assert (order.state, order.finished, order.allowed_actions()) == (State.CANCELLING, False, [Trigger.ANNOTATE])
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
