"""Commands carried out, each inside a unit of work that the caller commits."""

from canonical.ordering.cancellation import Cancellation
from canonical.ordering.commands import CancelOrder, OrderLine, SubmitOrder
from canonical.ordering.order import Order, OrderedOffering, check_lines
from canonical.ordering.ports import Offerings, UnitOfWork
from canonical.shared.errors import InvalidCommand, UnknownOffering
from canonical.shared.ports import Clock, Identities

PLACE_ORDER = "place-order"


def submit_order(command: SubmitOrder, work: UnitOfWork, clock: Clock, identities: Identities) -> Order:
    """The acknowledged order, its placing scheduled.

    Raises InvalidCommand, UnknownOffering or UnsupportedAction with a pointer into the command.
    """
    # Before the catalogue is asked: a line that changes an installed product need not name an offering.
    check_lines(command)
    offerings = [_offering(work.offerings, line, index) for index, line in enumerate(command.lines)]
    order = Order.submit(identities.new_id(), command, offerings, clock.now())
    work.orders.add(order)
    work.processes.schedule(PLACE_ORDER, order.id)
    return order


def cancel_order(command: CancelOrder, work: UnitOfWork, clock: Clock, identities: Identities) -> Cancellation:
    """The cancellation, to be assessed by the process that carries the order out; that of a draft is done.

    Raises OrderNotFound, or InvalidTransition where the order has ended or is being cancelled already.
    """
    order = work.orders.get(command.order_id)
    cancellation = Cancellation.of(identities.new_id(), command, order.id, clock.now())
    order.request_cancellation(cancellation.id, cancellation.created_at)
    if order.finished:
        cancellation.accept()
        cancellation.done("nothing had been done yet", cancellation.created_at)
    work.cancellations.add(cancellation)
    return cancellation


def _offering(offerings: Offerings, line: OrderLine, index: int) -> OrderedOffering:
    if line.offering_id is not None:
        found, asked = offerings.by_id(line.offering_id), ("offering_id", line.offering_id)
        if found is not None and line.sku is not None and line.sku != found.sku:
            raise InvalidCommand(
                f"offering {line.offering_id} is SKU {found.sku}, not {line.sku}", pointer=f"/lines/{index}/sku"
            )
    elif line.sku is not None:
        found, asked = offerings.by_sku(line.sku), ("sku", line.sku)
    else:
        raise InvalidCommand("a line names an offering or a SKU", pointer=f"/lines/{index}/offering_id")
    if found is None:
        field, value = asked
        raise UnknownOffering(
            f"the catalogue has no {field.removesuffix('_id')} {value[:60]}", pointer=f"/lines/{index}/{field}"
        )
    return found
