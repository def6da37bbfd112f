"""Between TMF622 v5 product orders and the core. Pure: no I/O, no clock."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from canonical.ordering.commands import OrderLine, SubmitOrder
from canonical.ordering.order import Order, OrderItem
from canonical.ordering.states import State
from canonical.shared.external_identifier import ExternalIdentifier
from facade.contract.violations import Code, ContractViolation, Violation
from facade.intake import Mapped, Translation
from facade.tmf.tmf622.account import (
    ACTION_NAMES,
    ACTIONS,
    CUSTOMER_ROLES,
    ITEM_REFUSED,
    ORDER_CARRIED,
    ORDER_REFUSED,
    STATES,
)

Payload = dict[str, Any]


def to_submit_order(body: Payload, owner: str) -> Translation:
    """What a valid `ProductOrder_FVO` asks for. Raises ContractViolation with everything that is refused."""
    violations = [*_refused(body, ORDER_REFUSED, "")]
    trail: list[Mapped] = []
    customer = _customer(body, trail, violations)
    lines = [_line(item, index, trail, violations) for index, item in enumerate(body["productOrderItem"])]
    identifiers = _external_identifiers(body, trail)
    if body.get("requestedInitialState", "acknowledged") != "acknowledged":
        violations.append(
            Violation("/requestedInitialState", Code.INVALID_VALUE, "only acknowledged is taken yet", ("acknowledged",))
        )
    if violations:
        raise ContractViolation(violations)
    trail += [Mapped(f"/{name}", f"/carried/{name}", "carried") for name in body if name in ORDER_CARRIED]
    command = SubmitOrder(
        owner=owner,
        customer_id=customer,
        lines=tuple(lines),
        external_identifiers=identifiers,
        requested_start=_time(body, "requestedStartDate", "/requested_start", trail),
        requested_completion=_time(body, "requestedCompletionDate", "/requested_completion", trail),
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
        "creationDate": _text(order.submitted_at),
    }
    sent = {item["id"]: item for item in carried.get("productOrderItem", ())}
    document["productOrderItem"] = [_item(item, sent.get(item.id, {}), state) for item in order.items]
    document.setdefault("relatedParty", [_customer_party(order.customer_id)])
    if order.external_identifiers:
        document.setdefault("externalId", [_external_id(known) for known in order.external_identifiers])
    if order.state is State.COMPLETED:
        document["completionDate"] = _text(order.changed_at)
    if order.failure is not None:
        document["productOrderErrorMessage"] = [_error_message(order)]
    return document


def _refused(body: Payload, refused: Mapping[str, str], at: str) -> list[Violation]:
    return [
        Violation(f"{at}/{name}", Code.UNEXPECTED_PROPERTY, f"{name} is not accepted here: {reason}")
        for name, reason in refused.items()
        if name in body
    ]


def _customer(body: Payload, trail: list[Mapped], violations: list[Violation]) -> str:
    found: dict[str, str] = {}
    for index, party in enumerate(body.get("relatedParty", ())):
        if str(party.get("role", "")).casefold() in CUSTOMER_ROLES:
            reference = party.get("partyOrPartyRole", {})
            found.setdefault(str(reference.get("id", "")), f"/relatedParty/{index}/partyOrPartyRole/id")
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
    violations += _refused(item, ITEM_REFUSED, at)
    offering = (item.get("productOffering") or {}).get("id")
    if offering is None and item["action"] == "add":
        message = "an item that adds a product names its productOffering"
        violations.append(Violation(f"{at}/productOffering", Code.MISSING_PROPERTY, message))
    trail += [
        Mapped(at, to, "one line for each item"),
        Mapped(f"{at}/id", f"{to}/id", "as sent"),
        Mapped(f"{at}/action", f"{to}/action", "table of actions"),
        Mapped(f"{at}/quantity", f"{to}/quantity", "as sent, 1 without it"),
        Mapped(f"{at}/productOffering/id", f"{to}/offering_id", "as sent"),
    ]
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


def _time(body: Payload, name: str, target: str, trail: list[Mapped]) -> datetime | None:
    if name not in body:
        return None
    trail.append(Mapped(f"/{name}", target, "time in UTC"))
    return datetime.fromisoformat(body[name]).astimezone(UTC)


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
        "timestamp": _text(order.changed_at),
        "productOrderItem": [
            {"@type": "ProductOrderItemRef", "productOrderId": order.id, "productOrderItemId": item.id}
            for item in order.items
        ],
    }


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
