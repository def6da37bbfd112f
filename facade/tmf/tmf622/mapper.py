"""Between TMF622 v5 product orders and the core. Pure: no I/O, no clock."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from canonical.audit.record import Mapped
from canonical.ordering.commands import SubmitOrder
from canonical.ordering.order import Order
from canonical.ordering.states import State
from canonical.shared.external_identifier import ExternalIdentifier
from facade.clock import time_text
from facade.contract.pointers import escaped
from facade.contract.violations import Code, ContractViolation, Violation
from facade.intake import Translation
from facade.tmf.tmf622.account import ITEM_STATES, ORDER_MAPPED, ORDER_REFUSED, STATES
from facade.tmf.tmf622.items import (
    Reading,
    carried_places,
    currencies_differ,
    shown_as_ordered,
    shown_as_sent,
)
from facade.tmf.tmf622.reading import (
    LONGEST_CUSTOMER_ID,
    LONGEST_ID,
    Payload,
    instant,
    overlong,
    refused,
    too_many,
    unusable,
)
from facade.tmf.vocabulary import STANDARD, Vocabulary

CUSTOMER_MISSING = "CUSTOMER_MISSING"
SEVERAL_CUSTOMERS = "SEVERAL_CUSTOMERS"

PLAIN: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "requestedStartDate": ("/requested_start", "time in UTC"),
        "requestedCompletionDate": ("/requested_completion", "time in UTC"),
        "requestedInitialState": ("/draft", "draft or acknowledged"),
    }
)
"""Attributes that are one field of the command each: which, and how they are read."""


def to_submit_order(body: Payload, owner: str, vocabulary: Vocabulary = STANDARD) -> Translation:
    """What a valid `ProductOrder_FVO` asks for. Raises ContractViolation with everything that is refused."""
    violations = [*refused(body, ORDER_REFUSED, ""), *currencies_differ(body)]
    violations += [*wrong_identifiers(body), *too_many(body, "relatedParty")]
    trail = [Mapped("/productOrderItem", "/lines", "one line for each item, nested ones too")]
    customer = _customer(body, vocabulary, trail, violations)
    reading = Reading(vocabulary, trail, violations)
    reading.read(body["productOrderItem"], "/productOrderItem")
    identifiers = external_identifiers_of(body)
    trail += [
        Mapped(f"/externalId/{index}", f"/external_identifiers/{index}", "owner, type and id as sent")
        for index in range(len(identifiers))
    ]
    start = instant(body, "requestedStartDate", violations)
    completion = instant(body, "requestedCompletionDate", violations)
    trail += [Mapped(f"/{name}", target, rule) for name, (target, rule) in PLAIN.items() if name in body]
    if violations:
        raise ContractViolation(violations)
    trail += _carried(body)
    command = SubmitOrder(
        owner=owner,
        customer_id=customer,
        lines=tuple(reading.lines),
        external_identifiers=identifiers,
        requested_start=start,
        requested_completion=completion,
        draft=body.get("requestedInitialState") == "draft",
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
    item_state = ITEM_STATES[order.state]
    if "productOrderItem" in carried:
        known = {item.id: item for item in order.items}
        document["productOrderItem"] = shown_as_sent(carried["productOrderItem"], known, item_state)
    else:
        document["productOrderItem"] = [shown_as_ordered(item, item_state) for item in order.items]
    if order.customer_id:
        document.setdefault("relatedParty", [_customer_party(order.customer_id)])
    if order.external_identifiers:
        document.setdefault("externalId", [_external_id(known) for known in order.external_identifiers])
    reached = {entry.state: entry.at for entry in reversed(order.timeline)}
    if State.COMPLETED in reached:
        document["completionDate"] = time_text(reached[State.COMPLETED])
    if State.CANCELLED in reached:
        document["cancellationDate"] = time_text(reached[State.CANCELLED])
        document["cancellationReason"] = order.failure.message if order.failure else "cancelled"
    elif order.state is State.REJECTED:
        document["productOrderErrorMessage"] = [_mistake(order, error, carried) for error in _mistakes(order)]
    elif order.failure is not None:
        document["productOrderErrorMessage"] = [_error_message(order)]
    return document


def customers_named(body: Payload, vocabulary: Vocabulary) -> dict[str, str]:
    """The ids of those that the order names as its customer, each with its pointer. A valid order names one."""
    found: dict[str, str] = {}
    for index, party in enumerate(body.get("relatedParty", ())):
        if vocabulary.names_customer(str(party.get("role", ""))):
            customer = party.get("partyOrPartyRole", {}).get("id", "")
            found.setdefault(customer, f"/relatedParty/{index}/partyOrPartyRole/id")
    return found


def customer_of(body: Payload, vocabulary: Vocabulary) -> str:
    """The customer of an order that may be wrong in many ways; empty where it names none that could be one."""
    named = customers_named(body, vocabulary)
    return next((one for one in named if one.strip() and len(one) <= LONGEST_CUSTOMER_ID), "")


def _customer(body: Payload, vocabulary: Vocabulary, trail: list[Mapped], violations: list[Violation]) -> str:
    for index, party in enumerate(body.get("relatedParty", ())):
        if party.get("role"):
            violations += vocabulary.check_role(str(party["role"]), f"/relatedParty/{index}/role")
    pointers = customers_named(body, vocabulary)
    wrong = list(_wrong_customers(pointers))
    if wrong:
        violations += wrong
        return ""
    customer, pointer = next(iter(pointers.items()))
    trail.append(Mapped(pointer, "/customer_id", "related party with the customer's role"))
    return customer


def _wrong_customers(pointers: Mapping[str, str]) -> Iterator[Violation]:
    """What is wrong with the customers named. `pointers`: where the id of each stands, by the id."""
    if not pointers:
        text = "the order names no customer: one related party must have the role Customer"
        yield Violation("/relatedParty", Code.MISSING_PROPERTY, text, ("Customer", "Buyer"), reason=CUSTOMER_MISSING)
    for customer, pointer in pointers.items():
        if not customer.strip():
            yield Violation(pointer, Code.MISSING_PROPERTY, "the customer needs an id", reason=CUSTOMER_MISSING)
        yield from overlong("a customer's id", customer, LONGEST_CUSTOMER_ID, pointer)
    for pointer in list(pointers.values())[1:]:
        text = "the order names several customers, and only one can be charged"
        yield Violation(pointer, Code.TOO_MANY_RECORDS, text, reason=SEVERAL_CUSTOMERS)


def wrong_identifiers(body: Payload) -> list[Violation]:
    """What keeps the external ids of an order from being kept."""
    found = too_many(body, "externalId")
    for index, known in enumerate([] if found else body.get("externalId", ())):
        place = f"/externalId/{index}"
        found += unusable("an external identifier", known["id"], LONGEST_ID, f"{place}/id")
        for name in ("owner", "externalIdentifierType"):
            found += overlong(name, known.get(name, ""), LONGEST_ID, f"{place}/{name}")
    return found


def external_identifiers_of(body: Payload) -> tuple[ExternalIdentifier, ...]:
    return tuple(
        ExternalIdentifier(known.get("owner", ""), known.get("externalIdentifierType", ""), known["id"])
        for known in body.get("externalId", ())
    )


def _carried(body: Payload) -> list[Mapped]:
    """Every attribute that is kept verbatim, those that no schema names among them."""
    kept = [f"/{escaped(name)}" for name in body if name not in ORDER_MAPPED]
    kept += [f"/{name}" for name in ("relatedParty", "requestedInitialState") if name in body]
    kept += carried_places(body["productOrderItem"], "/productOrderItem")
    return [Mapped(pointer, f"/carried{pointer}", "carried") for pointer in kept]


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


def _mistakes(order: Order) -> list[dict[str, Any]]:
    return list(order.failure.details["errors"]) if order.failure else []


def _mistake(order: Order, error: dict[str, Any], carried: Payload) -> Payload:
    """Why an order was rejected: one message for each mistake, at the item that it is in."""
    message: Payload = {
        "@type": "ProductOrderErrorMessage",
        "code": error.get("reason", error["code"]),
        "reason": error["message"],
        "message": f"{error['pointer']}: {error['message']}",
        "timestamp": time_text(order.changed_at),
    }
    item = _item_at(carried, error["pointer"])
    if item is not None:
        message["productOrderItem"] = [
            {"@type": "ProductOrderItemRef", "productOrderId": order.id, "productOrderItemId": item}
        ]
    return message


def _item_at(carried: Payload, pointer: str) -> str | None:
    """The id of the item that a pointer leads to or into; of nested ones the innermost."""
    found, here = None, carried
    tokens = pointer.split("/")[1:]
    while len(tokens) > 1 and tokens[0] == "productOrderItem" and tokens[1].isdecimal():
        items = here.get("productOrderItem") or []
        if int(tokens[1]) >= len(items):
            break
        here, tokens = items[int(tokens[1])], tokens[2:]
        found = here["id"]
    return found
