"""TMF622 v5 product orders: the mapping table, what is shaped by hand, and how a change is asked for."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from canonical.audit.record import Mapped
from canonical.ordering.commands import (
    AmendOrder,
    AnnotateOrder,
    OrderMarket,
    RejectOrder,
    RemoveOrder,
    SubmitDraft,
    SubmitOrder,
)
from canonical.ordering.order import Order
from canonical.ordering.states import State, Trigger
from canonical.shared.errors import InvalidTransition
from facade.answers import ErrorAnswer
from facade.application.requests import Translation
from facade.clock import instant, time_text
from facade.contract.violations import ContractViolation
from facade.tmf.engine.declaration import Sender
from facade.tmf.engine.mapping import Field, Written, carried_trail, read, show
from facade.tmf.engine.parties import (
    customer_of,
    identifier_object,
    identifiers_of,
    parties_with,
    seeming_customer,
    wrong_identifiers,
)
from facade.tmf.engine.payload import SERVER_SET, Payload, refused
from facade.tmf.policies import Prices
from facade.tmf.tmf622.charged import COMPLETED, charged_for_order, with_ours, without_ours
from facade.tmf.tmf622.error_messages import error_messages
from facade.tmf.tmf622.items import (
    ItemReader,
    as_created_items,
    carried_places,
    changed_states,
    currencies_differ,
    shown_items,
    without_products_aside,
)
from facade.tmf.tmf622.references import identifiers_changed, identifiers_trail, order_relationships
from facade.tmf.tmf622.stated import ORDER_PRICES, stated_prices, without_prices
from facade.tmf.tmf622.wishes import account_of

STATES: Mapping[State, str] = MappingProxyType(
    {
        State.DRAFT: "draft",
        State.ACKNOWLEDGED: "acknowledged",
        State.REJECTED: "rejected",
        State.VALIDATED: "inProgress",
        State.DECOMPOSED: "inProgress",
        State.FULFILLING: "inProgress",
        State.PENDING: "pending",
        State.HELD: "held",
        State.PARTIALLY_COMPLETED: "partial",
        State.COMPLETED: "completed",
        State.FAILED: "failed",
        State.FALLOUT: "failed",
        State.ASSESSING_CANCELLATION: "assessingCancellation",
        State.CANCELLING: "pendingCancellation",
        State.CANCELLED: "cancelled",
        State.CLOSED: "completed",
    }
)
ITEM_STATES: Mapping[State, str] = MappingProxyType({**STATES, State.DRAFT: "acknowledged"})
"""The published states of items have no draft."""

FIELDS = (
    Written("id", "id"),
    Written("state", "state", STATES.__getitem__),
    Written("creationDate", "submitted_at", time_text),
    Field("requestedStartDate", "requested_start", instant, time_text, "time in UTC"),
    Field("requestedCompletionDate", "requested_completion", instant, time_text, "time in UTC"),
    Field("requestedInitialState", "draft", lambda state: state == "draft", None, "draft or acknowledged"),
)
SHAPED = frozenset({"productOrderItem", "relatedParty", "externalId", "orderRelationship", "billingAccount"})
"""Read and written by hand."""
SHAPED_OUT = frozenset({"completionDate", "cancellationDate", "cancellationReason", "productOrderErrorMessage"})
"""Written by hand; a client that sends them is refused."""
CARRIED = frozenset(
    {
        *("@type", "@baseType", "@schemaLocation", "agreement", "category", "channel"),
        *("description", "note", "notificationContact", "orderTotalPrice", "payment", "priority"),
        *("productOfferingQualification", "quote"),
    }
)
"""Kept verbatim and returned on every read, without meaning inside. So are attributes that no schema names."""
REFUSED: Mapping[str, str] = MappingProxyType(
    {
        "id": "ids are given by the server; send your own as externalId",
        "cancellationReason": "an order is cancelled by cancelProductOrder",
    }
    | dict.fromkeys(
        (
            *("href", "state", "creationDate", "completionDate", "expectedCompletionDate", "cancellationDate"),
            *("productOrderErrorMessage", "productOrderJeopardyAlert", "productOrderMilestone"),
        ),
        SERVER_SET,
    )
)

CHANGED_BY: Mapping[str, Trigger] = MappingProxyType(
    dict.fromkeys(
        (
            *("productOrderItem", "relatedParty", "requestedStartDate", "requestedCompletionDate"),
            *("agreement", "billingAccount", "channel", "orderTotalPrice", "payment"),
            *("productOfferingQualification", "quote"),
        ),
        Trigger.AMEND,
    )
    | dict.fromkeys(
        ("category", "description", "externalId", "note", "notificationContact", "orderRelationship", "priority"),
        Trigger.ANNOTATE,
    )
)
"""What changing an attribute asks for. An attribute that no schema names is a remark of the partner's (ANNOTATE)."""
LATE_RULE = "changed after work began, as agreed in the profile"
NEVER_CHANGED: Mapping[str, str] = MappingProxyType(
    {name: reason for name, reason in REFUSED.items() if name not in ("id", "state")}
    | dict.fromkeys(("id", "@type", "@baseType", "@schemaLocation"), "it is what it was when the order was made")
    | {"requestedInitialState": "it counts when the order is made"}
)


def to_submit_order(body: Payload, sender: Sender) -> Translation:
    """What a valid `ProductOrder_FVO` asks for. Raises ContractViolation with everything that is refused."""
    trail: list[Mapped] = []
    if sender.policies.prices is Prices.IGNORE:
        body = without_prices(body, trail)
    fields, plain, wrong = read(FIELDS, body)
    violations = [*refused(body, REFUSED), *currencies_differ(body), *wrong_identifiers(body, "externalId")]
    trail.append(Mapped("/productOrderItem", "/lines", "one line for each item, nested ones too"))
    customer = customer_of(body, "the order", sender.vocabulary, trail, violations)
    items = ItemReader(customer, sender.vocabulary, trail, violations, body.get("note") or ())
    items.read(body["productOrderItem"], "/productOrderItem")
    identifiers = identifiers_of(body, "externalId")
    trail += identifiers_trail(identifiers)
    relationships = order_relationships(body, sender, trail, violations)
    if violations := [*violations, *wrong]:
        raise ContractViolation(violations)
    account = account_of(body)
    if account is not None:
        trail.append(Mapped("/billingAccount/id", "/billing_account_id", "as sent"))
    prices = stated_prices(body, ORDER_PRICES, "", "", trail)
    command = SubmitOrder(
        sender.client,
        customer,
        tuple(items.lines),
        identifiers,
        markets=tuple(_markets(body, sender, trail)),
        stated_prices=prices,
        tolerated=sender.tolerated,
        excusable=sender.excusable,
        reader=sender.reader,
        external_id_rules=sender.external_ids,
        relationships=relationships,
        billing_account_id=account,
        billing_accounts=sender.billing_accounts,
        agreed_version=sender.profile,
        **fields,
    )
    trail = [*trail, *plain, *_carried(body)]
    return Translation(command, carried=body, trail=tuple(trail), customer_id=customer)


def to_rejection(refusal: ErrorAnswer, body: Payload, sender: Sender) -> Translation:
    """An order that is acknowledged and then rejected for the reasons given."""
    carried = {name: value for name, value in body.items() if name not in REFUSED}
    errors = tuple(dict(entry) for entry in refusal.errors)
    customer = seeming_customer(body, sender.vocabulary)
    command = RejectOrder(sender.client, customer, refusal.code, refusal.detail, errors, sender.profile)
    return Translation(command, carried=carried)


def to_removal(order_id: str, expected_version: int | None, one_version: bool, _: Sender) -> Translation:
    return Translation(RemoveOrder(order_id, expected_version), changes=order_id)


def from_order(order: Order, carried: Payload) -> Payload:
    """The `ProductOrder` as it stands, everything carried in it; without its address, which depends on who asks."""
    document: Payload = {**carried, "@type": carried.get("@type", "ProductOrder"), **show(FIELDS, order, carried)}
    document["productOrderItem"] = shown_items(order, carried.get("productOrderItem"), ITEM_STATES[order.state])
    without_products_aside(document, carried)
    parties = parties_with(order.customer_id, carried.get("relatedParty", []))
    if parties:
        document["relatedParty"] = parties
    # A rejected order was never understood: it shows those that were sent.
    if order.external_identifiers and order.external_identifiers != identifiers_of(carried, "externalId"):
        document["externalId"] = [identifier_object(known) for known in order.external_identifiers]
    reached = {entry.state: entry.at for entry in reversed(order.timeline)}
    if State.COMPLETED in reached:
        document["completionDate"] = time_text(reached[State.COMPLETED])
    if State.CANCELLED in reached:
        document["cancellationDate"] = time_text(reached[State.CANCELLED])
        document["cancellationReason"] = order.failure.message if order.failure else "cancelled"
    elif order.failure is not None:
        document["productOrderErrorMessage"] = list(error_messages(order, carried))
    return document | (with_ours(carried, charged_for_order(order)) if STATES[order.state] == COMPLETED else {})


# --- changes ----------------------------------------------------------------------------------------------------------


def asked_of(order: Order, names: Collection[str], after: Payload, sender: Sender) -> set[Trigger]:
    """What the changed attributes ask for. Raises InvalidTransition where that is not allowed now."""
    asked = {name: CHANGED_BY.get(name, Trigger.ANNOTATE) for name in names if name != "state"}
    if "state" in names:
        if order.state is not State.DRAFT or after.get("state") != STATES[State.ACKNOWLEDGED]:
            raise _not_now(order, "state", f"become {str(after.get('state'))[:30]}")
        return {Trigger.SUBMIT, *asked.values()}
    allowed = order.allowed_actions()
    if Trigger.AMEND not in allowed:
        asked |= dict.fromkeys(asked.keys() & sender.policies.late, Trigger.ANNOTATE)
    for name, trigger in asked.items():
        if trigger not in allowed:
            raise _not_now(order, name, "be changed")
    return set(asked.values())


def as_created(document: Payload, order: Order) -> Payload:
    """What would have had to be sent to have the order as it is to be."""
    kept = {name: value for name, value in document.items() if name not in REFUSED}
    if STATES[order.state] == COMPLETED:
        kept = without_ours(kept, charged_for_order(order))
    items = kept.get("productOrderItem")
    if isinstance(items, list):
        wrong = list(changed_states(items, "/productOrderItem", ITEM_STATES[order.state]))
        if wrong:
            raise ContractViolation(wrong)
        kept["productOrderItem"] = as_created_items(items, order.items)
    return kept


def to_change(asked: set[Trigger], order: Order, names: Collection[str], body: Payload, sender: Sender) -> Translation:
    """The command for what is asked for. Raises ContractViolation for what could not have been ordered so."""
    if asked == {Trigger.ANNOTATE}:
        return _remarks(order, names, body, sender)
    contents = to_submit_order(body, replace(sender, client=order.owner))
    kind = SubmitDraft if Trigger.SUBMIT in asked else AmendOrder
    command = kind(order.id, order.version, contents.command)
    changed = identifiers_changed(order.external_identifiers, contents.command.external_identifiers)
    return Translation(
        command, carried=contents.carried, trail=(*contents.trail, *changed), customer_id=contents.customer_id
    )


def _remarks(order: Order, names: Collection[str], body: Payload, sender: Sender) -> Translation:
    """What is said differently about the order. Only what changes is checked."""
    wrong = wrong_identifiers(body, "externalId") if "externalId" in names else []
    trail = [
        Mapped(f"/{name}", f"/carried/{name}", LATE_RULE) for name in names if CHANGED_BY.get(name) is Trigger.AMEND
    ]
    relationships = order_relationships(body, sender, trail, wrong) if "orderRelationship" in names else None
    if wrong:
        raise ContractViolation(wrong)
    identifiers = identifiers_of(body, "externalId")
    if "externalId" in names:
        trail += [*identifiers_trail(identifiers), *identifiers_changed(order.external_identifiers, identifiers)]
    agreed = sender.tolerated, sender.reader, sender.external_ids
    command = AnnotateOrder(order.id, order.version, identifiers, relationships, *agreed)
    return Translation(command, carried=body, trail=tuple(trail))


def _not_now(order: Order, name: str, what: str) -> InvalidTransition:
    actions = [action.value for action in order.allowed_actions()]
    return InvalidTransition(
        f"{name} cannot {what} while the order is {STATES[order.state]}; allowed now: {', '.join(actions)}",
        pointer=f"/{name}",
        state=order.state.value,
        trigger=f"change {name}",
        allowedActions=actions,
    )


# --- what is shaped by hand -------------------------------------------------------------------------------------------


def _markets(body: Payload, sender: Sender, trail: list[Mapped]) -> Iterator[OrderMarket]:
    """The part of the market that the client has, and the channels that it says the order comes through."""
    yield from sender.markets
    channels = {
        index: related["channel"]["id"]
        for index, related in enumerate(body.get("channel", ()))
        if isinstance((related.get("channel") or {}).get("id"), str)
    }
    if channels:
        yield OrderMarket(channels=tuple(channels.values()))
    trail += [
        Mapped(f"/channel/{index}/channel/id", "/markets", "compared with where it is sold") for index in channels
    ]


def _carried(body: Payload) -> list[Mapped]:
    more = [
        f"/{name}"
        for name in ("relatedParty", "orderRelationship", "billingAccount", "requestedInitialState")
        if name in body
    ]
    more += carried_places(body["productOrderItem"], "/productOrderItem")
    return carried_trail(body, SHAPED | {row.attribute for row in FIELDS}, more)
