"""Commands carried out, each inside a unit of work that the caller commits."""

from collections.abc import Sequence

from canonical.ordering.cancellation import Cancellation
from canonical.ordering.commands import (
    AmendOrder,
    AnnotateOrder,
    CancelOrder,
    OrderLine,
    SubmitDraft,
    SubmitOrder,
)
from canonical.ordering.items import OrderedOffering
from canonical.ordering.lines import check_lines
from canonical.ordering.order import Order
from canonical.ordering.ports import Offerings, UnitOfWork
from canonical.shared.errors import InvalidCommand, OfferingNotProduct, UnknownOffering
from canonical.shared.ports import Clock, Identities

PLACE_ORDER = "place-order"

Change = AmendOrder | AnnotateOrder | SubmitDraft


def submit_order(command: SubmitOrder, work: UnitOfWork, clock: Clock, identities: Identities) -> Order:
    """The acknowledged order, its placing scheduled; or the draft.

    Raises a kind of InvalidCommand with a pointer into the command.
    """
    offerings = _offerings(command.lines, work.offerings)
    order = Order.submit(identities.new_id(), command, offerings, clock.now())
    work.orders.add(order)
    if not command.draft:
        work.processes.schedule(PLACE_ORDER, order.id)
    return order


def receive_order(owner: str, customer_id: str, work: UnitOfWork, clock: Clock, identities: Identities) -> Order:
    """An order acknowledged before it is understood; `customer_id` may be empty."""
    order = Order.received(identities.new_id(), owner, customer_id, clock.now())
    work.orders.add(order)
    return order


def change_order(order: Order, change: Change, work: UnitOfWork, clock: Clock) -> None:
    """Raises InvalidTransition where its state does not allow the change, and what `submit_order` raises."""
    match change:
        case AmendOrder(contents):
            order.amend(contents, _offerings(contents.lines, work.offerings), clock.now())
        case AnnotateOrder(external_identifiers):
            order.annotate(external_identifiers, clock.now())
        case SubmitDraft(contents):
            order.submit_draft(contents, _offerings(contents.lines, work.offerings), clock.now())
            work.processes.schedule(PLACE_ORDER, order.id)


def cancel_order(command: CancelOrder, work: UnitOfWork, clock: Clock, identities: Identities) -> Cancellation:
    """The cancellation, to be assessed by the process that carries the order out; that of a draft is done.

    Raises OrderNotFound, or InvalidTransition where the order has ended or is being cancelled already.
    """
    order = work.orders.get(command.order_id)
    cancellation = Cancellation.of(identities.new_id(), command, order.id, clock.now())
    order.request_cancellation(cancellation.id, cancellation.created_at, command.reason)
    if order.finished:
        cancellation.accept()
        cancellation.done("nothing had been done yet", cancellation.created_at)
    work.cancellations.add(cancellation)
    return cancellation


def _offerings(lines: Sequence[OrderLine], offerings: Offerings) -> list[OrderedOffering | None]:
    # Before the catalogue is asked: a line that names nothing is told so rather than not found.
    check_lines(lines)
    return [_offering(offerings, line, index) for index, line in enumerate(lines)]


def _offering(offerings: Offerings, line: OrderLine, index: int) -> OrderedOffering | None:
    if line.product_id is not None and offerings.by_id(line.product_id) is not None:
        text = f"{line.product_id[:60]} is an offering of the catalogue and no installed product"
        raise OfferingNotProduct(text, pointer=f"/lines/{index}/product_id")
    if line.offering_id is not None:
        found, asked = offerings.by_id(line.offering_id), ("offering_id", line.offering_id)
        if found is not None and line.sku is not None and line.sku != found.sku:
            raise InvalidCommand(
                f"offering {line.offering_id} is SKU {found.sku}, not {line.sku}", pointer=f"/lines/{index}/sku"
            )
    elif line.sku is not None:
        found, asked = offerings.by_sku(line.sku), ("sku", line.sku)
    else:
        return None
    if found is None:
        field, value = asked
        raise UnknownOffering(
            f"the catalogue has no {field.removesuffix('_id')} {value[:60]}", pointer=f"/lines/{index}/{field}"
        )
    return found
