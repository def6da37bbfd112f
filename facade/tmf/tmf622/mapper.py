"""Between TMF622 v5 product orders and the core. Pure: no I/O, no clock."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from canonical.audit.record import Mapped
from canonical.ordering.commands import OrderLine, SubmitOrder
from canonical.ordering.order import Order, OrderItem
from canonical.ordering.states import State
from canonical.shared.external_identifier import ExternalIdentifier
from facade.clock import time_text
from facade.contract.pointers import escaped
from facade.contract.violations import Code, ContractViolation, Violation
from facade.intake import Translation
from facade.tmf.tmf622.account import (
    ACTION_NAMES,
    ACTIONS,
    CUSTOMER_ROLES,
    ITEM_MAPPED,
    ITEM_REFUSED,
    ITEM_STATES,
    LONGEST_CUSTOMER_ID,
    ORDER_MAPPED,
    ORDER_REFUSED,
    STATES,
)

Payload = dict[str, Any]


def to_submit_order(body: Payload, owner: str) -> Translation:
    """What a valid `ProductOrder_FVO` asks for. Raises ContractViolation with everything that is refused."""
    violations = [*refused(body, ORDER_REFUSED, "")]
    trail = [Mapped("/productOrderItem", "/lines", "one line for each item")]
    customer = _customer(body, trail, violations)
    lines = [_line(item, index, trail, violations) for index, item in enumerate(body["productOrderItem"])]
    identifiers = _external_identifiers(body, trail)
    if body.get("requestedInitialState", "acknowledged") != "acknowledged":
        violations.append(
            Violation("/requestedInitialState", Code.INVALID_VALUE, "only acknowledged is taken yet", ("acknowledged",))
        )
    start = _time(body, "requestedStartDate", "/requested_start", trail, violations)
    completion = _time(body, "requestedCompletionDate", "/requested_completion", trail, violations)
    if violations:
        raise ContractViolation(violations)
    trail += _carried(body)
    command = SubmitOrder(
        owner=owner,
        customer_id=customer,
        lines=tuple(lines),
        external_identifiers=identifiers,
        requested_start=start,
        requested_completion=completion,
    )
    return Translation(command, carried=body, trail=tuple(trail))


def from_order(order: Order, carried: Payload) -> Payload:
    """The `ProductOrder` as it stands, everything carried in it; without its href, which depends on who asks."""
    state = STATES[order.state]
    document: Payload = {
        **carried,
        "@type": carried.get("@type", "ProductOrder"),
        "id": order.id,
        "state": state,
        "creationDate": time_text(order.submitted_at),
    }
    sent = {item["id"]: item for item in carried.get("productOrderItem", ())}
    item_state = ITEM_STATES[order.state]
    document["productOrderItem"] = [_item(item, sent.get(item.id, {}), item_state) for item in order.items]
    document.setdefault("relatedParty", [_customer_party(order.customer_id)])
    if order.external_identifiers:
        document.setdefault("externalId", [_external_id(known) for known in order.external_identifiers])
    reached = {entry.state: entry.at for entry in order.timeline}
    if State.COMPLETED in reached:
        document["completionDate"] = time_text(reached[State.COMPLETED])
    if State.CANCELLED in reached:
        document["cancellationDate"] = time_text(reached[State.CANCELLED])
        document["cancellationReason"] = order.failure.message if order.failure else "cancelled"
    elif order.failure is not None:
        document["productOrderErrorMessage"] = [_error_message(order)]
    return document


def refused(body: Payload, refused: Mapping[str, str], at: str) -> list[Violation]:
    return [
        Violation(f"{at}/{name}", Code.UNEXPECTED_PROPERTY, f"{name} is not accepted here: {reason}")
        for name, reason in refused.items()
        if body.get(name, []) != []  # an empty list says nothing; SDKs send it for every attribute they know
    ]


def _customer(body: Payload, trail: list[Mapped], violations: list[Violation]) -> str:
    found: dict[str, str] = {}
    for index, party in enumerate(body.get("relatedParty", ())):
        if str(party.get("role", "")).casefold() in CUSTOMER_ROLES:
            pointer = f"/relatedParty/{index}/partyOrPartyRole/id"
            customer = party.get("partyOrPartyRole", {}).get("id", "")
            if not customer:
                violations.append(Violation(pointer, Code.MISSING_PROPERTY, "the customer needs an id"))
                return ""
            if len(customer) > LONGEST_CUSTOMER_ID:
                message = f"a customer's id has at most {LONGEST_CUSTOMER_ID} characters"
                violations.append(Violation(pointer, Code.INVALID_VALUE, message))
                return ""
            found.setdefault(customer, pointer)
    if not found:
        message = "the order names no customer: one related party must have the role Customer"
        violations.append(Violation("/relatedParty", Code.MISSING_PROPERTY, message, ("Customer", "Buyer")))
        return ""
    if len(found) > 1:
        message = "the order names several customers, and only one can be charged"
        violations += [Violation(pointer, Code.TOO_MANY_RECORDS, message) for pointer in list(found.values())[1:]]
    customer, pointer = next(iter(found.items()))
    trail.append(Mapped(pointer, "/customer_id", "related party with the customer's role"))
    return customer


def _line(item: Payload, index: int, trail: list[Mapped], violations: list[Violation]) -> OrderLine:
    at, to = f"/productOrderItem/{index}", f"/lines/{index}"
    violations += refused(item, ITEM_REFUSED, at)
    offering = (item.get("productOffering") or {}).get("id")
    if offering is None and item["action"] == "add":
        message = "an item that adds a product names its productOffering"
        violations.append(Violation(f"{at}/productOffering", Code.MISSING_PROPERTY, message))
    trail += [
        Mapped(at, to, "a line"),
        Mapped(f"{at}/id", f"{to}/id", "as sent"),
        Mapped(f"{at}/action", f"{to}/action", "table of actions"),
    ]
    if "quantity" in item:
        trail.append(Mapped(f"{at}/quantity", f"{to}/quantity", "as sent"))
    if offering is not None:
        trail.append(Mapped(f"{at}/productOffering/id", f"{to}/offering_id", "as sent"))
    return OrderLine(
        id=item["id"], quantity=item.get("quantity", 1), action=ACTIONS[item["action"]], offering_id=offering
    )


def _external_identifiers(body: Payload, trail: list[Mapped]) -> tuple[ExternalIdentifier, ...]:
    identifiers = body.get("externalId", ())
    trail += [
        Mapped(f"/externalId/{index}", f"/external_identifiers/{index}", "owner, type and id as sent")
        for index in range(len(identifiers))
    ]
    return tuple(
        ExternalIdentifier(known.get("owner", ""), known.get("externalIdentifierType", ""), known["id"])
        for known in identifiers
    )


def _time(body: Payload, name: str, target: str, trail: list[Mapped], violations: list[Violation]) -> datetime | None:
    if name not in body:
        return None
    trail.append(Mapped(f"/{name}", target, "time in UTC"))
    try:
        return datetime.fromisoformat(body[name].upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        violations.append(Violation(f"/{name}", Code.INVALID_FORMAT, f"{name} is no time between the years 1 and 9999"))
        return None


def _carried(body: Payload) -> list[Mapped]:
    """Every attribute that is kept verbatim, those that no schema names among them."""
    kept = [f"/{escaped(name)}" for name in body if name not in ORDER_MAPPED]
    kept += [f"/{name}" for name in ("relatedParty", "requestedInitialState") if name in body]
    for index, item in enumerate(body["productOrderItem"]):
        kept += [f"/productOrderItem/{index}/{escaped(name)}" for name in item if name not in ITEM_MAPPED]
    return [Mapped(pointer, f"/carried{pointer}", "carried") for pointer in kept]


def _item(item: OrderItem, sent: Payload, state: str) -> Payload:
    return {
        "productOffering": {"@type": "ProductOfferingRef", "id": item.offering.id, "name": item.offering.name},
        "@type": "ProductOrderItem",
        **sent,
        "id": item.id,
        "action": ACTION_NAMES[item.action],
        "quantity": item.quantity,
        "state": state,
    }


def _customer_party(customer_id: str) -> Payload:
    reference = {"@type": "PartyRoleRef", "@referredType": "Customer", "id": customer_id}
    return {"@type": "RelatedPartyRefOrPartyRoleRef", "role": "Customer", "partyOrPartyRole": reference}


def _external_id(known: ExternalIdentifier) -> Payload:
    return {
        "@type": "ExternalIdentifier",
        "owner": known.owner,
        "externalIdentifierType": known.type,
        "id": known.id,
    }


def _error_message(order: Order) -> Payload:
    failure = order.failure
    assert failure is not None
    return {
        "@type": "ProductOrderErrorMessage",
        "code": failure.code,
        "reason": failure.message,
        "message": "; ".join((failure.message, *failure.undone)),
        "timestamp": time_text(order.changed_at),
        "productOrderItem": [
            {"@type": "ProductOrderItemRef", "productOrderId": order.id, "productOrderItemId": item.id}
            for item in order.items
            if failure.details.get("itemId", item.id) == item.id
        ],
    }
