"""Errors speak of what was sent, in the words that its client uses."""

from typing import Any

import pytest

from canonical.ordering.states import State, Trigger, next_state
from canonical.shared.errors import InvalidTransition
from facade.contract.violations import ContractViolation
from facade.tmf.engine.declaration import Resource
from facade.tmf.engine.error_translation import client_pointers, client_states
from facade.tmf.tmf622.api import CANCEL_PRODUCT_ORDER, PRODUCT_ORDER
from facade.tmf.tmf622.cancel_product_order import to_cancel_order
from facade.tmf.tmf622.product_order import STATES
from tests.unit.tmf622.payloads import ACME
from tests.unit.tmf622.versions import V4, V4_TASK, translated

CUSTOMER = {"id": "C1", "role": "Customer", "@referredType": "Customer"}
ITEM = {"id": "1", "action": "add", "productOffering": {"id": "po_tv_basic"}}


def refused(**sent: Any) -> dict[str, str]:
    """What a v4 client is told: the message for each pointer."""
    body = {"relatedParty": [CUSTOMER], "productOrderItem": [ITEM], **sent}
    with pytest.raises(ContractViolation) as found:
        translated(V4, body)
    return {violation.pointer: violation.message for violation in found.value.violations}


@pytest.mark.parametrize("name", ["orderDate", "creationDate"])
def test_an_attribute_is_refused_by_the_name_that_was_sent(name: str) -> None:
    told = refused(**{name: "2026-05-03T08:00:00Z"})
    assert told == {f"/{name}": f"{name} is not accepted here: it is set by the server"}


def test_of_both_names_that_of_v4_counts() -> None:
    assert list(refused(orderDate="2026-05-03T08:00:00Z", creationDate="2026-05-03T08:00:00Z")) == ["/orderDate"]


def test_what_is_written_as_in_v5_is_pointed_at_there() -> None:
    twice = [{"role": "Customer", "partyOrPartyRole": {"id": name, "@type": "PartyRoleRef"}} for name in ("C1", "C2")]
    assert list(refused(relatedParty=twice)) == ["/relatedParty/1/partyOrPartyRole/id"]
    assert list(refused(relatedParty=[CUSTOMER, {**CUSTOMER, "id": "C2"}])) == ["/relatedParty/1/id"]


def test_an_attribute_that_only_v5_has_is_named_where_it_was_sent() -> None:
    assert list(refused(requestedInitialState="acknowledged", productOrderMilestone=[1])) == [
        "/productOrderMilestone/0"
    ]
    assert list(refused(requestedInitialState="draught")) == ["/requestedInitialState"]


def test_what_our_rules_read_and_v5_cannot_hold_is_refused_in_v4s_words() -> None:
    related = {**ITEM, "productOrderItemRelationship": [{"id": "2"}]}
    at = "/productOrderItem/0/productOrderItemRelationship/0"
    assert "(relationshipType)" in refused(productOrderItem=[related])[at]
    moved = {"id": "2", "action": "modify", "product": {"id": "P1", "place": [{"role": "installation"}]}}
    nested = {**ITEM, "productOrderItem": [{**moved, "id": "3"}]}
    told = refused(productOrderItem=[moved, nested])
    assert list(told) == [
        "/productOrderItem/0/product/place/0",
        "/productOrderItem/1/productOrderItem/0/product/place/0",
    ]
    assert "an id or an address" in told["/productOrderItem/0/product/place/0"]


def test_a_cancellation_is_pointed_at_in_v4s_words_too() -> None:
    sent = {"productOrder": {"id": "1"}, "creationDate": "2026-05-03T08:00:00Z"}
    with (
        pytest.raises(ContractViolation) as found,
        client_pointers(lambda pointer: V4_TASK.client_pointer(pointer, sent)),
    ):
        to_cancel_order(sent, ACME)
    assert [violation.pointer for violation in found.value.violations] == ["/creationDate"]


@pytest.mark.parametrize("resource", [PRODUCT_ORDER, CANCEL_PRODUCT_ORDER], ids=lambda resource: resource.name)
@pytest.mark.parametrize("state", [state for state in State if state is not State.DRAFT])
def test_what_a_state_forbids_is_told_with_the_state_that_the_client_sees(
    state: State, resource: Resource[Any]
) -> None:
    with pytest.raises(InvalidTransition) as refusal, client_states(resource.states):
        next_state(state, Trigger.SUBMIT)
    assert refusal.value.details["state"] == STATES[state]
    told = refusal.value.message.partition(";")[0]
    assert told == f"an order in state {STATES[state]} cannot be submitted"
    assert refusal.value.details["allowedActions"]
