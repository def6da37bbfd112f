"""The handlers of the commands. Each works inside a unit of work that the caller commits."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

from canonical.ordering.assets import HeldAsset
from canonical.ordering.billing_accounts import check_billing_accounts
from canonical.ordering.cancellation import CANCELLATIONS, Cancellation
from canonical.ordering.commands import (
    AmendOrder,
    AnnotateOrder,
    CancelOrder,
    ItemAction,
    OrderLine,
    RejectOrder,
    RemoveOrder,
    SubmitDraft,
    SubmitOrder,
)
from canonical.ordering.errors import ONE_AFTER_THE_OTHER, AmbiguousChange, OfferingNotProduct, UnknownOffering
from canonical.ordering.external_claims import claim_for_new, claim_instead
from canonical.ordering.items import UNWISHED, OrderedOffering
from canonical.ordering.lines import check_lines
from canonical.ordering.offers import Offer, check_offers
from canonical.ordering.order import ORDERS, Order
from canonical.ordering.ports import Offerings, UnitOfWork
from canonical.ordering.related_orders import check_related_orders
from canonical.ordering.stated_prices import check_stated_prices
from canonical.ordering.states import State
from canonical.shared.aggregates import require_version
from canonical.shared.errors import InvalidCommand
from canonical.shared.ports import Clock, Handlers, Identities

PLACE_ORDER = "place-order"
MOST_KEPT = 50_000
"""Values of characteristics and prices that one order remembers."""


def submit_order(command: SubmitOrder, work: UnitOfWork, clock: Clock, identities: Identities) -> Order:
    """Returns the acknowledged order, with its process scheduled, or the draft; or an earlier order that counts as the
    same one by its external identifier.

    Raises ExternalIdTaken or a kind of InvalidCommand, with a pointer into the command.
    """
    order_id, at = identities.new_id(), clock.now()
    if (first := claim_for_new(command, order_id, work)) is not None:
        return first
    check_related_orders(command, command.owner, None, work)
    judged = _draft(command, work) if command.draft else _judged(command, order_id, work)
    order = Order.submit(order_id, judged.command, judged.offerings, at)
    work.repository(ORDERS).add(order)
    if not command.draft:
        order.assign(work.assets.acknowledge(order, judged.command, judged.becoming, identities, at))
        work.processes.schedule(PLACE_ORDER, order.id, order.owner)
    return order


def reject_order(command: RejectOrder, work: UnitOfWork, clock: Clock, identities: Identities) -> Order:
    """Returns the order, which is acknowledged in its first version and rejected in its second."""
    order = Order.received(identities.new_id(), command, clock.now())
    work.repository(ORDERS).add(order)
    work.save()
    order.reject(command, clock.now())
    return order


def amend_order(command: AmendOrder, work: UnitOfWork, clock: Clock, identities: Identities) -> Order:
    """Raises InvalidTransition if its state does not allow it, ConcurrentChange, and what `submit_order` raises."""
    order = _in_version(command.order_id, command.expected_version, work)
    _check_references(order, command.contents, work)
    if order.state is State.DRAFT:
        order.amend(command.contents, _draft(command.contents, work).offerings, clock.now())
        return order
    former = order.items
    work.assets.let_go(order)
    judged, at = _judged(command.contents, order.id, work), clock.now()
    order.amend(judged.command, judged.offerings, at)
    order.assign(work.assets.acknowledge(order, judged.command, judged.becoming, identities, at, former))
    return order


def annotate_order(command: AnnotateOrder, work: UnitOfWork, clock: Clock, identities: Identities) -> Order:
    """Raises InvalidTransition if its state does not allow it, ConcurrentChange, ExternalIdTaken or RuleBroken."""
    order = _in_version(command.order_id, command.expected_version, work)
    wanted, rules = command.external_identifiers, command.external_id_rules
    claim_instead(order, wanted, rules, command.tolerated, command.reader, work)
    check_related_orders(command, order.owner, order, work)
    order.annotate(command.external_identifiers, clock.now(), command.relationships)
    return order


def submit_draft(command: SubmitDraft, work: UnitOfWork, clock: Clock, identities: Identities) -> Order:
    """Raises what `amend_order` raises."""
    order = _in_version(command.order_id, command.expected_version, work)
    _check_references(order, command.contents, work)
    judged, at = _judged(command.contents, order.id, work), clock.now()
    order.submit_draft(judged.command, judged.offerings, at)
    order.assign(work.assets.acknowledge(order, judged.command, judged.becoming, identities, at))
    work.processes.schedule(PLACE_ORDER, order.id, order.owner)
    return order


def remove_order(command: RemoveOrder, work: UnitOfWork, clock: Clock, identities: Identities) -> Order:
    """Raises InvalidTransition while the order is being carried out, or ConcurrentChange."""
    order = _in_version(command.order_id, command.expected_version, work)
    order.remove(clock.now())
    work.external_ids.release(order.id)
    return order


def cancel_order(command: CancelOrder, work: UnitOfWork, clock: Clock, identities: Identities) -> Cancellation:
    """Returns the cancellation, which the order's process will assess; for a draft it is done at once.

    Raises OrderNotFound, or InvalidTransition if the order has ended or is being cancelled already.
    """
    order = work.repository(ORDERS).get(command.order_id)
    asked = replace(command, order_id=order.id)
    cancellation = Cancellation.of(identities.new_id(), asked, order.customer_id, clock.now())
    order.request_cancellation(cancellation.id, cancellation.created_at, command.reason)
    if order.finished:
        work.external_ids.release(order.id)
        cancellation.accept(cancellation.created_at)
        cancellation.done("nothing had been done yet", cancellation.created_at)
    work.repository(CANCELLATIONS).add(cancellation)
    return cancellation


def _check_references(order: Order, contents: SubmitOrder, work: UnitOfWork) -> None:
    """Check what an order with these contents refers to, and claim its external identifiers, as everybody does before
    assets are claimed.
    """
    rules = contents.external_id_rules
    claim_instead(order, contents.external_identifiers, rules, contents.tolerated, contents.reader, work)
    check_related_orders(contents, order.owner, order, work)


def _in_version(order_id: str, expected: int | None, work: UnitOfWork) -> Order:
    order = work.repository(ORDERS).get(order_id)
    require_version(order, expected)
    return order


class Judged(NamedTuple):
    """`command` as it is meant for the assets that it changes. `offerings` in the order of the lines; `becoming`: what
    assets will be like, by the ids of their lines.
    """

    command: SubmitOrder
    offerings: list[OrderedOffering | None]
    becoming: dict[str, OrderedOffering]


def _draft(command: SubmitOrder, work: UnitOfWork) -> Judged:
    """Assets are not looked at before the draft is submitted."""
    return _with_held(command, _offers(command, work.offerings), {}, work.offerings)


def _judged(command: SubmitOrder, order_id: str, work: UnitOfWork) -> Judged:
    offers, held = _offers(command, work.offerings), work.assets.hold(command, order_id)
    lines = tuple(
        replace(line, action=held[line.id].action) if line.id in held else _unmoved(line, index)
        for index, line in enumerate(command.lines)
    )
    return _with_held(replace(command, lines=lines), offers, held, work.offerings)


def _unmoved(line: OrderLine, index: int) -> OrderLine:
    """A line about nothing that is known here. Raises AmbiguousChange."""
    if line.if_active is ItemAction.MOVE:
        raise AmbiguousChange(ONE_AFTER_THE_OTHER, pointer=f"/lines/{index}/action")
    return line


def _offers(command: SubmitOrder, offerings: Offerings) -> list[Offer | None]:
    check_billing_accounts(command)
    # Check before asking the catalog: a line without an offering gets this error instead of "not found".
    check_lines(command.lines)
    named = (one for line in command.lines for one in (line.offering_id, line.product_id) if one is not None)
    offerings.expect(list(dict.fromkeys(named)))
    return [_offer(offerings, line, index) for index, line in enumerate(command.lines)]


def _with_held(
    command: SubmitOrder, offers: Sequence[Offer | None], held: Mapping[str, HeldAsset], offerings: Offerings
) -> Judged:
    kept = [_offer_of(held.get(line.id), offerings) for line in command.lines]
    check_offers(command, offers, kept)
    ordered = list(_ordered(command, offers))
    check_stated_prices(command, ordered)
    becoming = {
        line.id: becomes.become(line, held[line.id].characteristics)
        for line, offer, own in zip(command.lines, offers, kept, strict=True)
        if line.id in held and line.action not in UNWISHED and (becomes := offer or own) is not None
    }
    return Judged(command, ordered, becoming)


def _offer_of(asset: HeldAsset | None, offerings: Offerings) -> Offer | None:
    """The offering that the asset is of, if the catalog still has it."""
    return None if asset is None or asset.offering_id is None else offerings.by_id(asset.offering_id)


def _ordered(command: SubmitOrder, offers: Sequence[Offer | None]) -> Iterator[OrderedOffering | None]:
    """What the order remembers of each line. Raises InvalidCommand for too much in all."""
    kept = 0
    for index, (line, offer) in enumerate(zip(command.lines, offers, strict=True)):
        remembered = None if offer is None else offer.ordered(line)
        if remembered is not None:
            kept += len(remembered.characteristics) + len(remembered.prices)
        if kept > MOST_KEPT:
            text = f"an order has at most {MOST_KEPT} values of characteristics and prices in all, defaults included"
            raise InvalidCommand(text, pointer=f"/lines/{index}")
        yield remembered


def _offer(offerings: Offerings, line: OrderLine, index: int) -> Offer | None:
    if line.product_id is not None and offerings.by_id(line.product_id) is not None:
        text = f"{line.product_id[:60]} is an offering of the catalog, not an installed product"
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
            f"the catalog has no {field.removesuffix('_id')} {value[:60]}", pointer=f"/lines/{index}/{field}"
        )
    return found


HANDLERS: Handlers = MappingProxyType(
    {
        SubmitOrder: submit_order,
        RejectOrder: reject_order,
        AmendOrder: amend_order,
        AnnotateOrder: annotate_order,
        SubmitDraft: submit_draft,
        RemoveOrder: remove_order,
        CancelOrder: cancel_order,
    }
)
