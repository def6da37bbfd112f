"""Changes of orders that were taken in, carried out in a unit of work in memory."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from canonical.ordering.cancellation import CancellationState
from canonical.ordering.commands import AmendOrder, AnnotateOrder, RemoveOrder, SubmitDraft, SubmitOrder
from canonical.ordering.errors import UnknownOffering
from canonical.ordering.events import OrderAmended, OrderAnnotated, OrderDrafted, OrderRemoved, OrderSubmitted
from canonical.ordering.handlers import HANDLERS, PLACE_ORDER, cancel_order, reject_order, submit_order
from canonical.ordering.order import Order
from canonical.ordering.states import State, Trigger
from canonical.shared.errors import ConcurrentChange, InvalidCommand, InvalidTransition
from canonical.shared.external_identifier import ExternalIdentifier
from tests.support.builders import (
    BROADBAND,
    NOON,
    ORDER_ID,
    ROUTER,
    a_cancel_command,
    a_change,
    a_command,
    a_line,
    a_rejection,
    an_order_in,
    euros,
)
from tests.support.fakes import CountingIdentities, OfferingsOnSale, StandingClock
from tests.support.memory import Memory

DEARER = replace(BROADBAND, version="2", one_time=euros("59.90"))
OTHERWISE = a_command(customer_id="C2", lines=(a_line(id="x", quantity=1, offering_id=None, sku=ROUTER.sku),))
TICKET = (ExternalIdentifier("crm", "ticket", "4711"),)

Change = Callable[[str, Any], Any]
"""Makes the command for an order in a version."""


def amending(contents: SubmitOrder) -> Change:
    return lambda order_id, version: AmendOrder(order_id, version, contents)


def submitting(contents: SubmitOrder) -> Change:
    return lambda order_id, version: SubmitDraft(order_id, version, contents)


def saying(order_id: str, version: Any) -> AnnotateOrder:
    return AnnotateOrder(order_id, version, TICKET)


CHANGES: dict[Trigger, Change] = {
    Trigger.AMEND: amending(OTHERWISE),
    Trigger.ANNOTATE: saying,
    Trigger.SUBMIT: submitting(OTHERWISE),
}


@pytest.fixture
def memory() -> Memory:
    return Memory()


def submit(memory: Memory, command: SubmitOrder) -> Order:
    with memory.unit_of_work() as work:
        order = submit_order(command, work, StandingClock(), CountingIdentities())
        work.commit()
    return order


def change(memory: Memory, order_id: str, what: Change, expected: int | None = None) -> Order:
    command = what(order_id, expected)
    with memory.unit_of_work() as work:
        HANDLERS[type(command)](command, work, StandingClock(), CountingIdentities())
        work.commit()
    return memory.orders[order_id]


@pytest.mark.parametrize("trigger", CHANGES)
@pytest.mark.parametrize("state", State)
def test_a_change_is_made_exactly_where_it_is_offered_and_otherwise_nothing_is_kept(
    memory: Memory, state: State, trigger: Trigger
) -> None:
    memory.hold(an_order_in(state))
    order = memory.orders[ORDER_ID]
    if trigger not in order.allowed_actions():
        with pytest.raises(InvalidTransition) as refused:
            change(memory, ORDER_ID, CHANGES[trigger])
        assert refused.value.details == {
            "state": state.value,
            "trigger": trigger.value,
            "allowedActions": [action.value for action in order.allowed_actions()],
        }
        assert (memory.orders[ORDER_ID], memory.outbox, memory.processes) == (order, [], {})
        return
    changed = change(memory, ORDER_ID, CHANGES[trigger])
    assert changed.version == order.version + 1
    assert [event.sequence for event in memory.outbox] == [len(order.timeline) + 1]
    scheduled = {(PLACE_ORDER, ORDER_ID): "scheduled"} if trigger is Trigger.SUBMIT else {}
    assert memory.processes == scheduled, "only a draft that is submitted is work for a process"


def test_a_draft_is_kept_and_nothing_is_scheduled(memory: Memory) -> None:
    draft = submit(memory, a_command(draft=True))
    assert (memory.orders[draft.id].state, memory.processes) == (State.DRAFT, {})
    assert [type(event) for event in memory.outbox] == [OrderDrafted]


def test_a_draft_lives_from_its_writing_to_its_submission_under_the_prices_of_that_day(memory: Memory) -> None:
    draft = submit(memory, a_command(draft=True))
    change(memory, draft.id, amending(replace(OTHERWISE, draft=True)))
    annotated = change(memory, draft.id, saying)
    assert (annotated.state, annotated.customer_id, annotated.external_identifiers) == (
        State.DRAFT,
        "C2",
        TICKET,
    )
    assert memory.processes == {}
    memory.offerings = OfferingsOnSale((DEARER,))
    submitted = change(memory, draft.id, submitting(a_command(lines=(a_line(quantity=1),))))
    assert (submitted.state, submitted.amount, submitted.version) == (State.ACKNOWLEDGED, euros("59.90"), 4)
    assert memory.processes == {(PLACE_ORDER, draft.id): "scheduled"}
    assert [(event.sequence, type(event)) for event in memory.outbox] == [
        (1, OrderDrafted),
        (2, OrderAmended),
        (3, OrderAnnotated),
        (4, OrderSubmitted),
    ]


def test_an_amended_order_has_the_prices_of_now(memory: Memory) -> None:
    order = submit(memory, a_command())
    memory.offerings = OfferingsOnSale((DEARER,))
    assert change(memory, order.id, amending(a_command())).amount == euros("119.80")
    assert memory.processes == {(PLACE_ORDER, order.id): "scheduled"}, "it is scheduled already"


def test_to_annotate_an_order_the_catalog_is_not_asked(memory: Memory) -> None:
    order = submit(memory, a_command())
    memory.offerings = OfferingsOnSale(())
    assert change(memory, order.id, saying).items == order.items


@pytest.mark.parametrize("kind", [amending, submitting])
@pytest.mark.parametrize(
    ("line", "pointer"),
    [
        (a_line(offering_id="po_none"), "/lines/0/offering_id"),
        (a_line(quantity=0), "/lines/0/quantity"),
        (a_change(product_id=ROUTER.id), "/lines/0/product_id"),
    ],
)
def test_what_is_no_order_is_not_made_of_a_draft(
    memory: Memory, kind: Callable[[SubmitOrder], Change], line: object, pointer: str
) -> None:
    draft = submit(memory, a_command(draft=True))
    with pytest.raises(InvalidCommand) as refused:
        change(memory, draft.id, kind(a_command(lines=(line,))))
    assert refused.value.pointer == pointer
    assert memory.orders[draft.id] == draft
    assert (memory.processes, len(memory.outbox)) == ({}, 1)


def test_a_draft_of_what_is_not_sold_any_more_is_not_submitted(memory: Memory) -> None:
    draft = submit(memory, a_command(draft=True))
    memory.offerings = OfferingsOnSale((ROUTER,))
    with pytest.raises(UnknownOffering):
        change(memory, draft.id, submitting(a_command()))
    assert memory.orders[draft.id].state is State.DRAFT


def test_a_draft_that_is_given_up_was_never_work_for_anybody(memory: Memory) -> None:
    draft = submit(memory, a_command(draft=True))
    with memory.unit_of_work() as work:
        asked = cancel_order(a_cancel_command(order_id=draft.id), work, StandingClock(), CountingIdentities())
        work.commit()
    assert (asked.state, asked.effective_at) == (CancellationState.DONE, NOON)
    assert (memory.orders[draft.id].state, memory.processes) == (State.CANCELLED, {})
    with pytest.raises(InvalidTransition):
        change(memory, draft.id, submitting(a_command()))


def test_a_draft_that_is_removed_is_gone_and_its_events_are_not(memory: Memory) -> None:
    draft = submit(memory, a_command(draft=True))
    with memory.unit_of_work() as work:
        HANDLERS[RemoveOrder](RemoveOrder(draft.id, 1), work, StandingClock(), CountingIdentities())
        work.commit()
    assert (memory.orders, memory.processes) == ({}, {})
    assert [(event.sequence, type(event)) for event in memory.outbox] == [(1, OrderDrafted), (2, OrderRemoved)]


@pytest.mark.parametrize("what", [*CHANGES.values(), RemoveOrder])
def test_an_order_that_somebody_else_changed_is_not_changed(memory: Memory, what: Change) -> None:
    draft = submit(memory, a_command(draft=True))
    with pytest.raises(ConcurrentChange):
        change(memory, draft.id, what, 2)
    assert (memory.orders[draft.id], len(memory.outbox)) == (draft, 1)


def test_an_order_received_and_rejected_is_no_work_for_a_process(memory: Memory) -> None:
    with memory.unit_of_work() as work:
        order = reject_order(a_rejection(), work, StandingClock(), CountingIdentities())
        work.commit()
    kept = memory.orders[order.id]
    assert (kept.state, kept.version, kept.owner) == (State.REJECTED, 2, "partner-acme")
    assert memory.processes == {}
    assert [event.sequence for event in memory.outbox] == [1, 2]
