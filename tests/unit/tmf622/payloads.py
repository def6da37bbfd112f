"""TMF622 v5 payloads, ready made; what a test is about is changed by name."""

from typing import Any

import pytest

from canonical.ordering.order import Order
from canonical.ordering.states import State
from facade.application.requests import Translation
from facade.contract.violations import Code, ContractViolation
from facade.tmf.engine.declaration import Sender
from facade.tmf.tmf622.product_order import from_order, to_submit_order
from facade.tmf.vocabulary import STANDARD
from tests.support.builders import BROADBAND, ROUTER, an_offering, an_order_in

OFFERINGS = {
    offering.id: offering
    for offering in (
        BROADBAND,
        ROUTER,
        an_offering(id="po_tv_basic", name="TV Basic", sku="SKU789"),
        an_offering(id="po_limited", name="Limited edition handset", sku="SKU999"),
    )
}


def party(customer_id: str = "C12345", role: str = "Customer") -> dict[str, Any]:
    reference = {"@type": "PartyRoleRef", "id": customer_id}
    return {"@type": "RelatedPartyRefOrPartyRoleRef", "role": role, "partyOrPartyRole": reference}


def an_item(**changes: Any) -> dict[str, Any]:
    offering = {"@type": "ProductOfferingRef", "id": BROADBAND.id}
    return {"@type": "ProductOrderItem", "id": "1", "action": "add", "productOffering": offering} | changes


def a_change(**changes: Any) -> dict[str, Any]:
    """An item about an installed product."""
    item = an_item(action="modify", product={"@type": "ProductRef", "id": "PRD1"}) | changes
    del item["productOffering"]
    return item


def a_payload(**changes: Any) -> dict[str, Any]:
    return {"@type": "ProductOrder", "relatedParty": [party()], "productOrderItem": [an_item()]} | changes


ACME = Sender("partner-acme", STANDARD)


def refusals(body: dict[str, Any]) -> list[tuple[str, Code]]:
    with pytest.raises(ContractViolation) as refused:
        to_submit_order(body, ACME)
    return [(violation.pointer, violation.code) for violation in refused.value.violations]


def reasons(body: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Where the body breaks which rule."""
    with pytest.raises(ContractViolation) as refused:
        to_submit_order(body, ACME)
    return [(violation.pointer, violation.reason) for violation in refused.value.violations]


def carried_by(translation: Translation) -> dict[str, Any]:
    assert translation.carried is not None
    return translation.carried


def ordered(translation: Translation, state: State = State.ACKNOWLEDGED) -> Order:
    """The order that the command becomes, in `state`."""
    command = translation.command
    offerings = [OFFERINGS[line.offering_id] if line.offering_id else None for line in command.lines]
    values = {name: getattr(command, name) for name in command.__slots__}
    return an_order_in(state, offerings=offerings, **values)


def shown(body: dict[str, Any], state: State = State.ACKNOWLEDGED) -> dict[str, Any]:
    """The document in `state` of the order that `body` asks for."""
    translation = to_submit_order(body, ACME)
    return from_order(ordered(translation, state), carried_by(translation))
