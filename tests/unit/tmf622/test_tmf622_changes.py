"""Patches of TMF622 orders, and the changes they ask for."""

from typing import Any

import pytest

from canonical.ordering.commands import AmendOrder, AnnotateOrder, SubmitDraft
from canonical.ordering.order import Order
from canonical.ordering.states import State, Trigger
from canonical.shared import jsontext
from canonical.shared.errors import InvalidTransition
from canonical.shared.external_identifier import ExternalIdentifier
from facade.application.requests import Translation
from facade.contract.violations import Code, ContractViolation
from facade.tmf.engine.changes import Patch
from facade.tmf.engine.declaration import Sender
from facade.tmf.patch import PatchTestFailed
from facade.tmf.tmf622.product_order import CHANGED_BY, NEVER_CHANGED, STATES, from_order, to_submit_order
from facade.tmf.vocabulary import STANDARD
from tests.unit.tmf622.payloads import ACME, a_payload, an_item, carried_by, ordered, party
from tests.unit.tmf622.versions import V5, plan_of

MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
QUERY = "application/json-patch-query+json"
HREF = "https://x.example/productOrder/1"


def an_order_of(body: dict[str, Any], state: State) -> Order:
    return ordered(to_submit_order(body, ACME), state)


def planned(
    patch: Any, state: State = State.ACKNOWLEDGED, media_type: str = MERGE, **sent: Any
) -> tuple[Translation, Order]:
    """What the patch of an order in `state` asks for, and the order."""
    body = a_payload(**sent)
    order = an_order_of(body, state)
    plan = plan_of(Patch(media_type, patch, HREF), order, body, V5)
    assert plan is not None
    return plan, order


def asks_for_nothing(patch: Any, state: State) -> bool:
    order = an_order_of(a_payload(), state)
    return plan_of(Patch(MERGE, patch, HREF), order, a_payload(), V5) is None


def refused(patch: Any, **how: Any) -> list[tuple[str, Code]]:
    with pytest.raises(ContractViolation) as found:
        planned(patch, **how)
    return [(violation.pointer, violation.code) for violation in found.value.violations]


VALUES: dict[str, Any] = {
    "agreement": [{"@type": "AgreementRef", "id": "A1"}],
    "billingAccount": {"@type": "BillingAccountRef", "id": "B1"},
    "category": "business",
    "channel": [{"@type": "RelatedChannel", "role": "web", "channel": {"@type": "ChannelRef", "id": "1"}}],
    "description": "another",
    "externalId": [{"@type": "ExternalIdentifier", "id": "PO-9"}],
    "note": [{"@type": "Note", "text": "hello"}],
    "notificationContact": "ops@acme.example",
    "orderRelationship": [{"@type": "OrderRelationship", "id": "7", "relationshipType": "amends"}],
    "orderTotalPrice": [{"@type": "OrderPrice", "priceType": "oneTime", "price": {"@type": "Price"}}],
    "payment": [{"@type": "PaymentRef", "id": "P1"}],
    "priority": "0",
    "productOfferingQualification": [{"@type": "ProductOfferingQualificationRef", "id": "Q"}],
    "productOrderItem": [an_item(quantity=5)],
    "quote": [{"@type": "QuoteRef", "id": "Q1"}],
    "relatedParty": [party("C777")],
    "requestedCompletionDate": "2026-06-01T00:00:00Z",
    "requestedStartDate": "2026-05-01T00:00:00Z",
}


def test_there_is_a_value_for_every_attribute_that_can_be_changed() -> None:
    assert VALUES.keys() == CHANGED_BY.keys()


@pytest.mark.parametrize("name", sorted(CHANGED_BY))
def test_what_a_change_asks_for_is_told_by_the_table_and_the_value_is_kept(name: str) -> None:
    plan, order = planned({name: VALUES[name]}, State.DRAFT)
    kinds = {Trigger.AMEND: AmendOrder, Trigger.ANNOTATE: AnnotateOrder}
    assert isinstance(plan.command, kinds[CHANGED_BY[name]])
    assert from_order(order, carried_by(plan))[name] == from_order(order, a_payload(**{name: VALUES[name]}))[name]


@pytest.mark.parametrize("name", sorted(CHANGED_BY))
def test_an_attribute_is_removed_by_null(name: str) -> None:
    if name in ("productOrderItem", "relatedParty"):
        assert refused({name: None}, state=State.DRAFT)
        return
    plan, _ = planned({name: None}, State.DRAFT, **{name: VALUES[name]})
    assert name not in carried_by(plan)


@pytest.mark.parametrize("name", sorted(NEVER_CHANGED))
@pytest.mark.parametrize("media_type", [MERGE, JSON_PATCH])
def test_what_never_changes_is_refused_by_name_in_every_state(name: str, media_type: str) -> None:
    patch: Any = {name: "x"} if media_type == MERGE else [{"op": "add", "path": f"/{name}", "value": "x"}]
    for state in (State.DRAFT, State.ACKNOWLEDGED, State.COMPLETED):
        assert refused(patch, state=state, media_type=media_type) == [(f"/{name}", Code.UNEXPECTED_PROPERTY)]


@pytest.mark.parametrize("state", State)
def test_a_client_may_send_back_what_it_was_shown(state: State) -> None:
    document = {"href": HREF, **from_order(an_order_of(a_payload(), state), a_payload())}
    whole = jsontext.read_kept(jsontext.text(document))
    assert asks_for_nothing(whole, state)


@pytest.mark.parametrize("state", [state for state in State if state not in (State.DRAFT, State.ACKNOWLEDGED)])
@pytest.mark.parametrize("name", [name for name, trigger in CHANGED_BY.items() if trigger is Trigger.AMEND])
def test_what_is_ordered_cannot_be_changed_once_it_is_carried_out(state: State, name: str) -> None:
    with pytest.raises(InvalidTransition) as refusal:
        planned({name: VALUES[name]}, state)
    error = refusal.value
    assert error.pointer == f"/{name}"
    assert name in error.message
    assert STATES[state] in error.message
    assert error.details["allowedActions"] == [
        trigger.value for trigger in an_order_of(a_payload(), state).allowed_actions()
    ]


@pytest.mark.parametrize("state", State)
def test_remarks_can_be_made_at_any_time(state: State) -> None:
    plan, _ = planned({"externalId": [{"@type": "ExternalIdentifier", "id": "PO-9"}], "acmeShelf": 7}, state)
    assert isinstance(plan.command, AnnotateOrder)
    assert plan.command.external_identifiers == (ExternalIdentifier("", "", "PO-9"),)
    assert carried_by(plan)["acmeShelf"] == 7


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("wanted", ["acknowledged", "inProgress", "cancelled", "completed", "nonsense", None])
def test_a_state_is_not_set_but_a_draft_can_be_submitted(state: State, wanted: str | None) -> None:
    if wanted == STATES[state]:
        assert asks_for_nothing({"state": wanted}, state)
        return
    if (state, wanted) == (State.DRAFT, "acknowledged"):
        plan, _ = planned({"state": wanted, "description": "now"}, state)
        assert isinstance(plan.command, SubmitDraft)
        assert carried_by(plan)["description"] == "now"
        return
    with pytest.raises(InvalidTransition) as refusal:
        planned({"state": wanted}, state)
    assert refusal.value.pointer == "/state"
    assert refusal.value.details["state"] == state.value


def test_the_state_of_an_item_is_refused_and_the_same_state_is_not() -> None:
    assert refused({"productOrderItem": [an_item(state="completed")]}) == [
        ("/productOrderItem/0/state", Code.UNEXPECTED_PROPERTY)
    ]
    nested = an_item(productOrderItem=[an_item(id="2", state="held")])
    assert refused({"productOrderItem": [nested]}) == [
        ("/productOrderItem/0/productOrderItem/0/state", Code.UNEXPECTED_PROPERTY)
    ]
    plan, _ = planned({"productOrderItem": [an_item(state="acknowledged", quantity=3)]})
    assert isinstance(plan.command, AmendOrder)
    assert "state" not in carried_by(plan)["productOrderItem"][0]


def test_the_result_is_held_against_the_contract_and_the_rules() -> None:
    assert refused({"productOrderItem": []})
    assert refused({"productOrderItem": "x"})
    assert refused({"note": [{"@type": "Note", "text": 7}]}) == [("/note/0/text", Code.INVALID_FORMAT)]
    assert refused({"relatedParty": [party("C1"), party("C2")]}) == [
        ("/relatedParty/1/partyOrPartyRole/id", Code.TOO_MANY_RECORDS)
    ]


def test_one_item_is_changed_by_its_position_or_by_what_it_holds() -> None:
    items = [an_item(), an_item(id="2")]
    by_position = [{"op": "add", "path": "/productOrderItem/1/quantity", "value": 4}]
    by_query = [{"op": "add", "path": "/productOrderItem/quantity?productOrderItem.id=2", "value": 4}]
    for media_type, patch in ((JSON_PATCH, by_position), (QUERY, by_query)):
        plan, _ = planned(patch, media_type=media_type, productOrderItem=items)
        assert isinstance(plan.command, AmendOrder)
        assert [line.quantity for line in plan.command.contents.lines] == [1, 4]


def test_a_test_that_does_not_hold_stops_the_whole_patch() -> None:
    patch = [
        {"op": "test", "path": "/state", "value": "inProgress"},
        {"op": "add", "path": "/description", "value": "x"},
    ]
    with pytest.raises(PatchTestFailed):
        planned(patch, media_type=JSON_PATCH)
    plan, _ = planned(patch, State.FULFILLING, JSON_PATCH)
    assert carried_by(plan)["description"] == "x"


def test_who_owns_the_order_stays_whoever_changes_it() -> None:
    order = an_order_of(a_payload(), State.ACKNOWLEDGED)
    patch = Patch(MERGE, {"relatedParty": [party("C777")]}, HREF)
    plan = plan_of(patch, order, a_payload(), V5, Sender("somebody-else", STANDARD))
    assert plan is not None
    assert isinstance(plan.command, AmendOrder)
    assert (plan.command.contents.owner, plan.command.contents.customer_id) == (order.owner, "C777")


def test_a_plan_is_for_the_version_of_the_order_that_it_was_made_on() -> None:
    for patch in ({"description": "x"}, {"relatedParty": [party("C777")]}):
        plan, order = planned(patch)
        assert (plan.command.order_id, plan.command.expected_version) == (order.id, order.version)
        assert (plan.changes, plan.replannable) == (order.id, True)
    assert planned({"relatedParty": [party("C777")]})[0].customer_id == "C777"
