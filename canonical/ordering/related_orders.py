"""Other orders and quotes that an order refers to."""

from canonical.ordering.commands import AnnotateOrder, OrderRelationship, OrderRelationshipType, SubmitOrder
from canonical.ordering.errors import OrderNotFound, QuoteNotSupported, RelatedOrderNotFound, RuleBroken
from canonical.ordering.order import ORDERS, Order
from canonical.ordering.ports import UnitOfWork
from canonical.shared.reader import Reader


def check_related_orders(
    command: SubmitOrder | AnnotateOrder, owner: str, order: Order | None, work: UnitOfWork
) -> None:
    """Raises a kind of RuleBroken, unless it is tolerated. `order` of the client `owner` is the one that is changed:
    the relationships that it has already may stay.
    """
    known = () if order is None else order.relationships
    reader = command.reader or Reader(owner)
    for index, one in enumerate(command.relationships or ()):
        wrong = None if one in known else _mistake(one, reader, order, work)
        if wrong is not None and wrong.code not in command.tolerated:
            wrong.pointer = f"/relationships/{index}/{'type' if isinstance(wrong, QuoteNotSupported) else 'id'}"
            raise wrong


def _mistake(one: OrderRelationship, reader: Reader, order: Order | None, work: UnitOfWork) -> RuleBroken | None:
    if one.type is OrderRelationshipType.DERIVED_FROM_QUOTE:
        return QuoteNotSupported("an order cannot refer to a quote, because quotes are not offered here: leave it out")
    try:
        related = work.repository(ORDERS).get(one.id)
    except OrderNotFound:
        related = None
    if related is None or not reader.sees(related.owner, related.customer_id):
        return RelatedOrderNotFound("there is no such order: name one of your orders by its id")
    if related is order:
        return RelatedOrderNotFound("an order is not related to itself: name another one of your orders")
    return None
