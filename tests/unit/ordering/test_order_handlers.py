"""Commands on orders, carried out in a unit of work in memory."""

import pytest

from canonical.ordering.cancellation import Cancellation, CancellationState
from canonical.ordering.commands import (
    CancelOrder,
    ItemAction,
    LineRelationship,
    OrderLine,
    RelationshipType,
    SubmitOrder,
)
from canonical.ordering.errors import (
    CyclicRelationship,
    DuplicateLine,
    InvalidQuantity,
    OfferingNotProduct,
    OrderNotFound,
    ProductReferenceMissing,
    UnknownOffering,
    UnknownRelatedLine,
)
from canonical.ordering.events import OrderCancellationRequested, OrderCancelled
from canonical.ordering.handlers import PLACE_ORDER, cancel_order, submit_order
from canonical.ordering.order import Order
from canonical.ordering.states import State, Trigger
from canonical.shared.errors import InvalidCommand, InvalidTransition
from tests.support.builders import (
    BROADBAND,
    NOON,
    ORDER_ID,
    ROUTER,
    a_cancel_command,
    a_change,
    a_command,
    a_line,
    an_order_in,
)
from tests.support.fakes import CountingIdentities, StandingClock
from tests.support.memory import Memory


@pytest.fixture
def memory() -> Memory:
    return Memory()


def submit(memory: Memory, command: SubmitOrder) -> Order:
    with memory.unit_of_work() as work:
        order = submit_order(command, work, StandingClock(), CountingIdentities())
        work.commit()
    return order


def test_a_submitted_order_is_kept_and_its_placing_scheduled(memory: Memory) -> None:
    order = submit(memory, a_command())
    assert order.submitted_at == NOON
    assert memory.orders[order.id].customer_id == "C12345"
    assert memory.processes == {(PLACE_ORDER, order.id): "scheduled"}
    assert [event.sequence for event in memory.outbox] == [1]


def test_without_a_commit_nothing_is_kept(memory: Memory) -> None:
    with memory.unit_of_work() as work:
        submit_order(a_command(), work, StandingClock(), CountingIdentities())
    assert (memory.orders, memory.processes, memory.outbox) == ({}, {}, [])


def test_a_line_may_name_the_offering_or_its_sku_or_both(memory: Memory) -> None:
    lines = (
        a_line(id="1", offering_id=BROADBAND.id),
        a_line(id="2", offering_id=None, sku=ROUTER.sku),
        a_line(id="3", offering_id=ROUTER.id, sku=ROUTER.sku),
    )
    order = submit(memory, a_command(lines=lines))
    assert [item.offering for item in order.items] == [BROADBAND, ROUTER, ROUTER]


REFUSED: dict[str, tuple[OrderLine, type[InvalidCommand], str]] = {
    "an unknown offering": (a_line(id="2", offering_id="po_none"), UnknownOffering, "/lines/1/offering_id"),
    "an unknown SKU": (a_line(id="2", offering_id=None, sku="SKU000"), UnknownOffering, "/lines/1/sku"),
    "neither": (a_line(id="2", offering_id=None), InvalidCommand, "/lines/1/offering_id"),
    "an offering that is another SKU": (a_line(id="2", sku=ROUTER.sku), InvalidCommand, "/lines/1/sku"),
    "an offering that is another SKU, on an installed product": (
        a_change(id="2", offering_id=BROADBAND.id, sku=ROUTER.sku),
        InvalidCommand,
        "/lines/1/sku",
    ),
    "an unknown offering that an installed product is to become": (
        a_change(id="2", offering_id="po_none"),
        UnknownOffering,
        "/lines/1/offering_id",
    ),
    "a change of no product": (a_change(id="2", product_id=None), ProductReferenceMissing, "/lines/1/product_id"),
    "a change of no product, to an unknown offering": (
        a_change(id="2", product_id=None, offering_id="po_none"),
        ProductReferenceMissing,
        "/lines/1/product_id",
    ),
    "an offering for a product": (a_change(id="2", product_id=ROUTER.id), OfferingNotProduct, "/lines/1/product_id"),
    "an offering for a product that is left alone": (
        a_change(id="2", action=ItemAction.NO_CHANGE, product_id=ROUTER.id, offering_id="po_none"),
        OfferingNotProduct,
        "/lines/1/product_id",
    ),
    "the id of another line": (a_line(id="1"), DuplicateLine, "/lines/1/id"),
    "a line that is not there": (
        a_line(id="2", relationships=(LineRelationship(RelationshipType.ENABLES, "3"),)),
        UnknownRelatedLine,
        "/lines/1/relationships/0/line_id",
    ),
    "itself": (
        a_line(id="2", relationships=(LineRelationship(RelationshipType.BRINGS, "2"),)),
        CyclicRelationship,
        "/lines/1/relationships",
    ),
    "no quantity": (a_line(id="2", quantity=0), InvalidQuantity, "/lines/1/quantity"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_line_that_makes_no_sense_is_refused_with_its_place_and_nothing_is_kept(memory: Memory, case: str) -> None:
    line, kind, pointer = REFUSED[case]
    with pytest.raises(kind) as refused:
        submit(memory, a_command(lines=(a_line(id="1"), line)))
    assert type(refused.value) is kind
    assert refused.value.pointer == pointer
    assert (memory.orders, memory.processes, memory.outbox) == ({}, {}, [])


@pytest.mark.parametrize("action", [action for action in ItemAction if action is not ItemAction.ADD])
def test_an_installed_product_is_changed_with_or_without_an_offering(memory: Memory, action: ItemAction) -> None:
    lines = (a_change(id="1", action=action), a_change(id="2", action=action, sku=ROUTER.sku))
    order = submit(memory, a_command(lines=lines))
    assert [(item.action, item.product_id, item.offering) for item in order.items] == [
        (action, "PRD1", None),
        (action, "PRD1", ROUTER),
    ]
    assert memory.processes == {(PLACE_ORDER, order.id): "scheduled"}


def test_what_is_left_alone_needs_to_be_nothing_at_all(memory: Memory) -> None:
    order = submit(memory, a_command(lines=(OrderLine(id="1", quantity=1, action=ItemAction.NO_CHANGE),)))
    assert (order.items[0].product_id, order.items[0].offering) == (None, None)


def test_a_sku_is_no_offering_and_may_be_the_name_of_a_product(memory: Memory) -> None:
    assert submit(memory, a_command(lines=(a_change(product_id=ROUTER.sku),))).items[0].product_id == ROUTER.sku


def test_the_message_names_what_the_catalog_lacks(memory: Memory) -> None:
    with pytest.raises(UnknownOffering, match="the catalog has no offering po_none"):
        submit(memory, a_command(lines=(a_line(offering_id="po_none"),)))
    with pytest.raises(UnknownOffering, match="the catalog has no sku SKU000"):
        submit(memory, a_command(lines=(a_line(offering_id=None, sku="SKU000"),)))


# --- cancelling -------------------------------------------------------------------------------------------------------


def cancel(memory: Memory, command: CancelOrder) -> Cancellation:
    with memory.unit_of_work() as work:
        asked = cancel_order(command, work, StandingClock(), CountingIdentities())
        work.commit()
    return asked


@pytest.mark.parametrize("state", State)
def test_an_order_is_cancelled_where_its_table_allows_it_and_otherwise_nothing_is_kept(
    memory: Memory, state: State
) -> None:
    order = an_order_in(state)
    memory.hold(order)
    if Trigger.CANCEL not in order.allowed_actions():
        with pytest.raises(InvalidTransition) as refused:
            cancel(memory, a_cancel_command())
        assert refused.value.details == {"state": state.value, "trigger": "cancel", "allowedActions": ["annotate"]}
        assert (memory.cancellations, memory.outbox, memory.orders[ORDER_ID]) == ({}, [], order)
        return
    asked = cancel(memory, a_cancel_command())
    assert memory.cancellations == {asked.id: asked}
    assert memory.orders[ORDER_ID].cancellation_id == asked.id
    assert (asked.owner, asked.order_id, asked.reason, asked.created_at) == (
        "partner-acme",
        ORDER_ID,
        "ordered by mistake",
        NOON,
    )
    assert memory.processes == {}, "the process at work on the order assesses it; none is scheduled"
    if state is not State.DRAFT:
        assert asked.state is CancellationState.ASSESSING
        assert memory.orders[ORDER_ID].state is State.ASSESSING_CANCELLATION
        assert isinstance(memory.outbox[-1], OrderCancellationRequested)


def test_the_cancellation_of_a_draft_is_done_at_once(memory: Memory) -> None:
    memory.hold(an_order_in(State.DRAFT))
    asked = cancel(memory, a_cancel_command())
    assert (asked.state, asked.outcome, asked.effective_at) == (
        CancellationState.DONE,
        "nothing had been done yet",
        NOON,
    )
    assert memory.orders[ORDER_ID].state is State.CANCELLED
    assert isinstance(memory.outbox[-1], OrderCancelled)


def test_an_order_may_be_named_by_its_number_in_bss(memory: Memory) -> None:
    order = an_order_in(State.FULFILLING)
    order.bss_order_id = "ORD00001"
    memory.hold(order)
    assert cancel(memory, a_cancel_command(order_id="ORD00001")).order_id == ORDER_ID


def test_an_order_that_is_not_there_is_not_cancelled(memory: Memory) -> None:
    with pytest.raises(OrderNotFound):
        cancel(memory, a_cancel_command(order_id="none"))
    assert memory.cancellations == {}
