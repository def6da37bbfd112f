"""The order aggregate: drafts, what changes before the work begins, what is said about it, and its removal."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from canonical.ordering.errors import DuplicateLine
from canonical.ordering.events import (
    OrderAmended,
    OrderAnnotated,
    OrderCancelled,
    OrderDrafted,
    OrderRejected,
    OrderRemoved,
    OrderSubmitted,
)
from canonical.ordering.items import OrderedOffering
from canonical.ordering.order import Order, PaymentStatus
from canonical.ordering.states import REMOVABLE, State, StateCategory, Trigger
from canonical.shared.errors import CurrenciesDiffer, InvalidTransition
from canonical.shared.external_identifier import ExternalIdentifier
from canonical.shared.failure import Failure
from canonical.shared.money import Money
from tests.support.builders import (
    BROADBAND,
    CANCELLATION_ID,
    FREE,
    NOON,
    ROUTER,
    a_command,
    a_line,
    a_rejection,
    an_order,
    an_order_in,
    euros,
)
from tests.unit.ordering.order_methods import LATER, MUCH_LATER, annotate, complete

TICKET = (ExternalIdentifier("crm", "ticket", "4711"),)
OTHERWISE = a_command(
    customer_id="C2",
    lines=(a_line(id="x", quantity=1), a_line(id="y", quantity=3)),
    external_identifiers=TICKET,
    requested_start=LATER,
    requested_completion=MUCH_LATER,
)


def a_draft() -> Order:
    return an_order(draft=True)


# --- drafts -----------------------------------------------------------------------------------------------------------


def test_a_draft_is_written_down_and_nothing_is_owed() -> None:
    draft = a_draft()
    assert (draft.state, draft.category) == (State.DRAFT, StateCategory.DRAFT)
    assert [(entry.at, entry.state, entry.trigger) for entry in draft.timeline] == [(NOON, State.DRAFT, Trigger.DRAFT)]
    assert draft.events == [OrderDrafted(order_id=draft.id, sequence=1, at=NOON, customer_id="C12345")]
    assert (draft.payment, draft.finished, draft.version) == (PaymentStatus.PENDING, False, 0)
    assert draft.items == an_order().items


def test_a_draft_must_make_sense_too() -> None:
    with pytest.raises(DuplicateLine):
        an_order(draft=True, lines=(a_line(), a_line()))


def test_a_draft_is_submitted_as_it_is_said_then_under_the_prices_of_then() -> None:
    draft, dearer = a_draft(), replace(BROADBAND, version="2", one_time=euros("59.90"))
    draft.submit_draft(OTHERWISE, [dearer, FREE], LATER)
    assert (draft.state, draft.customer_id, draft.external_identifiers) == (State.ACKNOWLEDGED, "C2", TICKET)
    assert [(item.id, item.quantity, item.offering) for item in draft.items] == [("x", 1, dearer), ("y", 3, FREE)]
    assert draft.amount == euros("59.90")
    assert (draft.requested_start, draft.requested_completion) == (LATER, MUCH_LATER)
    assert draft.events[1:] == [OrderSubmitted(order_id=draft.id, sequence=2, at=LATER, customer_id="C2")]
    assert (draft.submitted_at, draft.changed_at) == (NOON, LATER)


def test_its_owner_stays_whoever_submits_or_amends_it() -> None:
    draft = a_draft()
    draft.amend(replace(OTHERWISE, owner="somebody"), [BROADBAND, ROUTER], LATER)
    draft.submit_draft(replace(OTHERWISE, owner="somebody"), [BROADBAND, ROUTER], LATER)
    assert draft.owner == "partner-acme"


def test_an_order_names_the_version_of_the_agreement_that_judged_its_contents_last() -> None:
    order = an_order(draft=True, agreed_version="partner-acme@1")
    assert order.agreed_version == "partner-acme@1"
    annotate(order)
    assert order.agreed_version == "partner-acme@1"
    order.amend(replace(OTHERWISE, agreed_version="partner-acme@2"), [BROADBAND, ROUTER], LATER)
    assert order.agreed_version == "partner-acme@2"
    order.submit_draft(replace(OTHERWISE, agreed_version="partner-acme@3"), [BROADBAND, ROUTER], LATER)
    assert order.agreed_version == "partner-acme@3"


def test_a_draft_that_is_given_up_is_cancelled_and_final() -> None:
    draft = a_draft()
    draft.amend(OTHERWISE, [BROADBAND, ROUTER], LATER)
    draft.request_cancellation(CANCELLATION_ID, MUCH_LATER)
    assert (draft.state, draft.payment, draft.finished) == (State.CANCELLED, PaymentStatus.NOT_CHARGED, True)
    assert draft.events[-1] == OrderCancelled(
        order_id=draft.id, sequence=3, at=MUCH_LATER, cancellation_id=CANCELLATION_ID
    )
    with pytest.raises(InvalidTransition):
        draft.submit_draft(OTHERWISE, [BROADBAND, ROUTER], MUCH_LATER)


# --- amended ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [a_draft, an_order])
def test_an_amended_order_is_as_if_it_had_been_placed_so(make: Callable[[], Order]) -> None:
    order = make()
    before = order.state
    order.amend(OTHERWISE, [ROUTER, FREE], LATER)
    placed = Order.submit(order.id, replace(OTHERWISE, draft=before is State.DRAFT), [ROUTER, FREE], NOON)
    assert order.state is placed.state is before
    assert replace(order, timeline=[], events=[]) == replace(placed, timeline=[], events=[])
    assert order.events[1:] == [OrderAmended(order_id=order.id, sequence=2, at=LATER)]
    assert (order.timeline[-1].state, order.timeline[-1].trigger) == (before, Trigger.AMEND)


def test_an_order_is_amended_as_often_as_one_likes_and_then_carried_out() -> None:
    order = a_draft()
    for _ in range(3):
        order.amend(OTHERWISE, [ROUTER, FREE], LATER)
    order.submit_draft(OTHERWISE, [ROUTER, FREE], LATER)
    order.amend(OTHERWISE, [BROADBAND, FREE], LATER)
    order.start(LATER)
    complete(order)
    assert [event.sequence for event in order.events] == list(range(1, 10))
    assert len(order.timeline) == 9
    assert order.amount == euros("49.90")


DOLLARS = replace(ROUTER, one_time=Money(Decimal("10.00"), "USD"))
CHANGES: dict[str, Callable[[Order, list[OrderedOffering | None]], None]] = {
    "amend": lambda order, offerings: order.amend(OTHERWISE, offerings, LATER),
    "submit_draft": lambda order, offerings: order.submit_draft(OTHERWISE, offerings, LATER),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_makes_no_sense_leaves_the_order_as_it_was(change: str) -> None:
    draft, before = a_draft(), a_draft()
    with pytest.raises(CurrenciesDiffer):
        CHANGES[change](draft, [BROADBAND, DOLLARS])
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        CHANGES[change](draft, [BROADBAND])
    assert draft == before


# --- annotated --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", State)
def test_something_can_be_said_about_an_order_wherever_it_is(state: State) -> None:
    order, before = an_order_in(state), an_order_in(state)
    number = len(order.timeline) + 1
    order.annotate(TICKET, MUCH_LATER)
    assert order.external_identifiers == TICKET
    assert order.events == [OrderAnnotated(order_id=order.id, sequence=number, at=MUCH_LATER)]
    assert (order.timeline[-1].state, order.timeline[-1].trigger) == (state, Trigger.ANNOTATE)
    assert order.timeline[:-1] == before.timeline
    assert order.changed_at == before.changed_at, "it came to where it is when it did"
    before.external_identifiers, before.timeline, before.events = TICKET, order.timeline, order.events
    assert order == before, "nothing else changed"
    assert order.allowed_actions() == before.allowed_actions()


def test_events_go_on_counting_over_what_was_said_meanwhile() -> None:
    order = an_order()
    annotate(order)
    order.start(LATER)
    annotate(order)
    annotate(order)
    complete(order)
    annotate(order)
    assert [event.sequence for event in order.events] == list(range(1, 9))
    assert [entry.state for entry in order.timeline].count(State.COMPLETED) == 2
    first = next(entry for entry in order.timeline if entry.state is State.COMPLETED)
    assert first.trigger is Trigger.COMPLETE


# --- received and rejected --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("customer", ["C12345", ""])
def test_an_order_is_acknowledged_before_it_is_understood_and_then_rejected_with_every_reason(customer: str) -> None:
    why = a_rejection(customer_id=customer, agreed_version="partner-acme@2")
    order = Order.received("id-1", why, NOON)
    assert (order.state, order.customer_id, order.items, order.amount) == (State.ACKNOWLEDGED, customer, (), None)
    assert order.agreed_version == "partner-acme@2"
    order.reject(why, LATER)
    assert (order.state, order.category, order.finished) == (State.REJECTED, StateCategory.FAILURE, True)
    assert order.failure == Failure(why.code, why.message, "validate", {"errors": [*why.errors]})
    assert (order.payment, order.bss_order_id) == (PaymentStatus.NOT_CHARGED, None)
    assert order.events == [
        OrderSubmitted(order_id="id-1", sequence=1, at=NOON, customer_id=customer),
        OrderRejected(order_id="id-1", sequence=2, at=LATER, code="INVALID_REQUEST"),
    ]
    assert [(entry.at, entry.state) for entry in order.timeline] == [
        (NOON, State.ACKNOWLEDGED),
        (LATER, State.REJECTED),
    ]
    assert order.allowed_actions() == [Trigger.ANNOTATE]


# --- removed ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", State)
def test_an_order_is_removed_exactly_where_nothing_is_under_way(state: State) -> None:
    order, before = an_order_in(state), an_order_in(state)
    if state in REMOVABLE:
        order.remove(MUCH_LATER)
        removed = OrderRemoved(order_id=order.id, sequence=len(order.timeline) + 1, at=MUCH_LATER)
        assert order.events == [removed]
        return
    with pytest.raises(InvalidTransition) as refused:
        order.remove(MUCH_LATER)
    assert refused.value.message == f"an order in state {state} cannot be removed"
    assert refused.value.details == {
        "state": state.value,
        "trigger": "remove",
        "allowedActions": [action.value for action in before.allowed_actions()],
    }
    assert "annotate" in refused.value.details["allowedActions"]
    assert order == before
