"""Things of the core, ready made; what a test is about is changed by name."""

from collections import deque
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from canonical.ordering.cancellation import Cancellation
from canonical.ordering.commands import CancelOrder, ItemAction, OrderLine, RejectOrder, SubmitOrder
from canonical.ordering.items import OrderedOffering, RecurringCharge
from canonical.ordering.order import Order, PaymentStatus, TimelineEntry
from canonical.ordering.states import TRANSITIONS, State, Trigger
from canonical.shared.external_identifier import ExternalIdentifier
from canonical.shared.failure import Failure
from canonical.shared.money import Money

NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)


def euros(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def an_offering(**changes: Any) -> OrderedOffering:
    offering = OrderedOffering(
        id="po_broadband_1g",
        version="1",
        name="Broadband 1 Gbit/s",
        sku="SKU123",
        one_time=euros("49.90"),
        recurring=(RecurringCharge(euros("39.90"), "month"),),
    )
    return replace(offering, **changes)


BROADBAND = an_offering()
ROUTER = an_offering(
    id="po_router_premium", name="Premium router", sku="SKU456", one_time=euros("129.00"), recurring=()
)
FREE = an_offering(id="po_voicemail", name="Voicemail", sku="SKU900", one_time=euros("0.00"), recurring=())
OFFERINGS = (BROADBAND, ROUTER, FREE)


def a_line(**changes: Any) -> OrderLine:
    return replace(OrderLine(id="1", quantity=2, offering_id=BROADBAND.id), **changes)


def a_change(**changes: Any) -> OrderLine:
    """A line about an installed product."""
    line = OrderLine(id="1", quantity=1, action=ItemAction.DISCONNECT, product_id="PRD1")
    return replace(line, **changes)


def a_command(**changes: Any) -> SubmitOrder:
    """Two broadband lines for C12345, asked for by partner-acme in one item."""
    command = SubmitOrder(
        owner="partner-acme",
        customer_id="C12345",
        lines=(a_line(),),
        external_identifiers=(ExternalIdentifier("acme", "purchaseOrder", "PO-1"),),
    )
    return replace(command, **changes)


def an_order(**changes: Any) -> Order:
    """An order just acknowledged; changes are those of its command, and `id` and `offerings`.

    Without `offerings` every line that names one gets the broadband.
    """
    order_id = changes.pop("id", ORDER_ID)
    offerings = changes.pop("offerings", None)
    command = a_command(**changes)
    named = [BROADBAND if line.offering_id or line.sku else None for line in command.lines]
    return Order.submit(order_id, command, offerings or named, NOON)


ANY_VERSION: Any = None
"""The expected version of a command whose test is about something else."""


def a_rejection(**changes: Any) -> RejectOrder:
    error: dict[str, object] = {
        "pointer": "/productOrderItem/0/quantity",
        "code": "invalidValue",
        "message": "0 is less than 1",
    }
    return replace(
        RejectOrder("partner-acme", "C12345", "INVALID_REQUEST", "the request has 1 mistake", (error,)), **changes
    )


def a_failure(**changes: Any) -> Failure:
    failure = Failure(
        code="PAYMENT_DECLINED",
        message="Payment failure",
        step="charge",
        details={},
        undone=("order ORD00001 cancelled", "reservation RSV001 of 2 × SKU123 released"),
    )
    return replace(failure, **changes)


ORDER_ID = "0197a000-0000-7000-8000-000000000001"
CANCELLATION_ID = "0197a000-0000-7000-8000-00000000000c"


def a_cancel_command(**changes: Any) -> CancelOrder:
    return replace(CancelOrder(owner="partner-acme", order_id=ORDER_ID, reason="ordered by mistake"), **changes)


def a_cancellation(**changes: Any) -> Cancellation:
    """A request just recorded; changes are those of its command, `id` and `customer_id`."""
    cancellation_id, customer = changes.pop("id", CANCELLATION_ID), changes.pop("customer_id", "C12345")
    return Cancellation.of(cancellation_id, a_cancel_command(**changes), customer, NOON)


def way_to(state: State) -> list[Trigger]:
    """The shortest way from a draft to `state` through the table, by a cancellation only where there is no other, and
    then by that of an order that was submitted.
    """
    submitted = [pair for pair in TRANSITIONS if pair != (State.DRAFT, Trigger.CANCEL)]
    way = _way(state, [pair for pair in submitted if pair[1] is not Trigger.CANCEL]) or _way(state, submitted)
    if way is None and state is not State.DRAFT:
        raise AssertionError(f"{state} is not reached")
    return way or []


def _way(state: State, pairs: list[tuple[State, Trigger]]) -> list[Trigger] | None:
    ways: deque[tuple[State, list[Trigger]]] = deque([(State.DRAFT, [])])
    seen = set()
    while ways:
        at, way = ways.popleft()
        if at is state:
            return way
        seen.add(at)
        ways += [(TRANSITIONS[pair], [*way, pair[1]]) for pair in pairs if pair[0] is at]
        ways = deque(found for found in ways if found[0] not in seen)
    return None


def an_order_being_cancelled_from(former: State, **changes: Any) -> Order:
    """An order whose cancellation was asked for in `former`; as read from a store."""
    order = an_order_in(former, **changes)
    order.request_cancellation(CANCELLATION_ID, NOON + timedelta(hours=len(order.timeline)))
    order.events.clear()
    order.version += 1
    return order


def an_order_in(state: State, **changes: Any) -> Order:
    """An order that came to `state` by the shortest way, an hour for each step; as read from a store."""
    order = an_order(**changes)
    order.timeline.clear()
    at = State.DRAFT
    for hours, trigger in enumerate(way_to(state)):
        at = TRANSITIONS[at, trigger]
        order.timeline.append(TimelineEntry(NOON + timedelta(hours=hours), at, trigger))
    if state is State.DRAFT:
        order.timeline.append(TimelineEntry(NOON, State.DRAFT, Trigger.DRAFT))
    order.state = state
    order.events.clear()
    order.version = max(1, len(order.timeline))
    if state in (State.FAILED, State.FALLOUT):
        order.failure, order.payment, order.bss_order_id = a_failure(), PaymentStatus.DECLINED, "ORD00001"
    if Trigger.CANCEL in way_to(state):
        order.cancellation_id = CANCELLATION_ID
    if state is State.CANCELLED:
        order.failure = a_failure(code="ORDER_CANCELLED", message="ordered by mistake", step="create-order", undone=())
        order.payment = PaymentStatus.NOT_CHARGED
    if state is State.REJECTED:
        why = a_rejection()
        order.failure = Failure(why.code, why.message, "validate", {"errors": list(why.errors)})
        order.payment = PaymentStatus.NOT_CHARGED
    if state in (State.COMPLETED, State.CLOSED):
        order.payment, order.bss_order_id = PaymentStatus.SUCCESS, "ORD00001"
    return order
