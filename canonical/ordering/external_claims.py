"""Which order an external identifier belongs to. Claims are taken in the transaction that stores the order."""

from collections.abc import Collection

from canonical.ordering.commands import OrderLine, SubmitOrder
from canonical.ordering.errors import ExternalIdTaken, OrderNotFound
from canonical.ordering.external_ids import ExternalIdRules, Uniqueness, check_external_ids, in_words
from canonical.ordering.items import UNWISHED, OrderItem
from canonical.ordering.order import ORDERS, Order
from canonical.ordering.ports import ExternalIdClaim, UnitOfWork
from canonical.ordering.states import UNSUCCESSFUL, State
from canonical.shared.external_identifier import ExternalIdentifier
from canonical.shared.reader import Reader


def claim_for_new(command: SubmitOrder, order_id: str, work: UnitOfWork) -> Order | None:
    """Claim the identifiers of a new order. Returns the order that has them already, if the client agreed that the
    same identifier with the same contents means the same order. Raises RuleBroken or ExternalIdTaken.
    """
    sent, rules = command.external_identifiers, command.external_id_rules
    check_external_ids(sent, rules, command.tolerated)
    taken = _take(command.owner, order_id, sent, rules, work)
    if taken is None:
        return None
    first = _seen(taken, command.reader or Reader(command.owner), work)
    if first is not None and rules.uniqueness is Uniqueness.SAME_ORDER and _is_same(command, first):
        return first
    raise _refusal(taken, sent, first)


def claim_instead(
    order: Order,
    wanted: Collection[ExternalIdentifier],
    rules: ExternalIdRules,
    tolerated: Collection[str],
    reader: Reader | None,
    work: UnitOfWork,
) -> None:
    """Let the claims of a stored order follow a change of its identifiers. Raises RuleBroken or ExternalIdTaken."""
    before = order.external_identifiers
    check_external_ids(wanted, rules, tolerated, known=before)
    if order.state in UNSUCCESSFUL:
        return
    gone = [one for one in before if one not in wanted]
    if gone:
        work.external_ids.release(order.id, gone)
    taken = _take(order.owner, order.id, [one for one in wanted if one not in before], rules, work)
    if taken is not None:
        raise _refusal(taken, tuple(wanted), _seen(taken, reader or Reader(order.owner), work))


def _take(
    owner: str, order_id: str, wanted: Collection[ExternalIdentifier], rules: ExternalIdRules, work: UnitOfWork
) -> ExternalIdClaim | None:
    if not wanted or rules.uniqueness is Uniqueness.FREE:
        return None
    return work.external_ids.take([ExternalIdClaim(owner, one, order_id) for one in sorted(set(wanted))])


def _seen(taken: ExternalIdClaim, reader: Reader, work: UnitOfWork) -> Order | None:
    """The order that has the identifier, if the client sees it."""
    try:
        order = work.repository(ORDERS).get(taken.order_id)
    except OrderNotFound:
        return None
    return order if reader.sees(order.owner, order.customer_id) else None


def _refusal(taken: ExternalIdClaim, sent: Collection[ExternalIdentifier], first: Order | None) -> ExternalIdTaken:
    pointer = f"/external_identifiers/{list(sent).index(taken.identifier)}"
    other = "another order has" if first is None else f"order {first.id} has"
    told = {} if first is None else {"orderId": first.id}
    text = f"{other} the external id {in_words(taken.identifier)}: send one that no other order of yours has"
    return ExternalIdTaken(text, pointer=pointer, **told)


def _is_same(command: SubmitOrder, order: Order) -> bool:
    """Whether the command asks for what the order has. Prices that it states are not compared: orders keep none."""
    asked = (
        command.customer_id,
        set(command.external_identifiers),
        command.relationships,
        command.billing_account_id,
        command.requested_start,
        command.requested_completion,
        command.draft,
        len(command.lines),
    )
    has = (
        order.customer_id,
        set(order.external_identifiers),
        order.relationships,
        order.billing_account_id,
        order.requested_start,
        order.requested_completion,
        order.state is State.DRAFT,
        len(order.items),
    )
    return asked == has and all(map(_is_same_line, command.lines, order.items))


def _is_same_line(line: OrderLine, item: OrderItem) -> bool:
    said = (line.id, line.quantity, line.part_of, line.relationships, line.reason)
    return (
        said == (item.id, item.quantity, item.part_of, item.relationships, item.reason)
        and item.action in (line.action, line.if_active)
        and line.offering_id in (None, item.offering and item.offering.id)
        and line.sku in (None, item.offering and item.offering.sku)
        and line.product_id in (None, item.product_id)
        and (item.action in UNWISHED or (line.characteristics, line.wishes) == (item.chosen, item.wishes))
    )
