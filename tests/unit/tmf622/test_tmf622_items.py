"""Items of TMF622 orders, nested ones too, as lines; and what is refused in them."""

from typing import Any

import pytest

from canonical.ordering.commands import ItemAction, LineRelationship, OrderLine, RelationshipType
from canonical.ordering.states import State
from facade.contract.violations import Code, ContractViolation
from facade.tmf.engine.declaration import Sender
from facade.tmf.tmf622.product_order import to_submit_order
from facade.tmf.vocabulary import STANDARD
from tests.unit.tmf622.payloads import ACME, a_change, a_payload, an_item, party, reasons, refusals, shown


def lines(*items: dict[str, Any]) -> tuple[OrderLine, ...]:
    lines: tuple[OrderLine, ...] = to_submit_order(a_payload(productOrderItem=list(items)), ACME).command.lines
    return lines


def place(product: dict[str, Any]) -> dict[str, Any]:
    return {"@type": "Product", "id": "PRD1", **product}


# --- what is done to an installed product -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "product", "meant"),
    [
        ("modify", {}, ItemAction.MODIFY),
        ("modify", {"productCharacteristic": [{"name": "speed", "value": "2G"}]}, ItemAction.MODIFY),
        ("modify", {"status": "suspended"}, ItemAction.SUSPEND),
        ("modify", {"status": "active"}, ItemAction.RESUME),
        ("modify", {"place": [{"role": "installed at", "place": {"id": "A2"}}]}, ItemAction.MOVE),
        ("modify", {"place": []}, ItemAction.MODIFY),
        ("delete", {"status": "active", "place": [{}]}, ItemAction.DISCONNECT),
        ("noChange", {"status": "active"}, ItemAction.NO_CHANGE),
    ],
)
def test_what_happens_to_a_product_is_told_by_action_state_and_place(
    action: str, product: dict[str, Any], meant: ItemAction
) -> None:
    [line] = lines(a_change(action=action, product=place(product)))
    assert (line.action, line.product_id, line.offering_id) == (meant, "PRD1", None)


@pytest.mark.parametrize(
    ("more", "if_active"),
    [
        ({}, ItemAction.MODIFY),
        ({"productCharacteristic": [{"name": "speed", "value": "2G"}]}, ItemAction.MODIFY),
        ({"place": [{"role": "installed at", "place": {"id": "A2"}}]}, ItemAction.MOVE),
        ({"relatedParty": [party("C12346")]}, ItemAction.MOVE),
    ],
)
def test_a_product_that_is_to_be_active_may_be_so_already(more: dict[str, Any], if_active: ItemAction) -> None:
    [line] = lines(a_change(product=place({"status": "active"} | more)))
    assert (line.action, line.if_active) == (ItemAction.RESUME, if_active)


def test_an_upgrade_names_the_product_and_the_offering_that_it_becomes() -> None:
    [line] = lines(an_item(action="modify", product=place({})))
    assert (line.action, line.product_id, line.offering_id) == (ItemAction.MODIFY, "PRD1", "po_broadband_1g")


def test_the_product_of_what_is_added_is_only_described() -> None:
    [line] = lines(an_item(product=place({"status": "created"})))
    assert (line.action, line.product_id) == (ItemAction.ADD, None)


@pytest.mark.parametrize("action", ["modify", "delete"])
@pytest.mark.parametrize("product", [None, {"@type": "Product", "name": "my line"}, {"@type": "ProductRef", "id": ""}])
def test_a_change_names_the_installed_product(action: str, product: dict[str, Any] | None) -> None:
    item = a_change(action=action)
    del item["product"]
    body = a_payload(productOrderItem=[item if product is None else item | {"product": product}])
    assert reasons(body) == [("/productOrderItem/0/product/id", "PRODUCT_REFERENCE_MISSING")]


def test_what_stays_as_it_is_need_not_say_what_it_is() -> None:
    item = a_change(action="noChange")
    del item["product"]
    assert lines(item)[0].action is ItemAction.NO_CHANGE


@pytest.mark.parametrize("name", ["@type", "@referredType"])
@pytest.mark.parametrize("kind", ["ProductOffering", "ProductOfferingRef"])
def test_an_offering_in_the_place_of_a_product_is_refused(name: str, kind: str) -> None:
    body = a_payload(productOrderItem=[a_change(product={"id": "po_tv_basic", name: kind})])
    assert reasons(body) == [(f"/productOrderItem/0/product/{name}", "OFFERING_NOT_PRODUCT")]


@pytest.mark.parametrize("status", ["terminated", "pendingActive", "Suspended"])
def test_a_state_that_a_product_cannot_be_brought_to_is_refused_with_those_it_can(status: str) -> None:
    with pytest.raises(ContractViolation) as refused:
        lines(a_change(product=place({"status": status})))
    [violation] = refused.value.violations
    assert (violation.pointer, violation.allowed) == ("/productOrderItem/0/product/status", ("suspended", "active"))


def test_what_v5_leaves_open_on_a_product_may_be_of_any_type() -> None:
    reference = {"@type": "ProductRef", "id": "PRD1"}
    odd = {"@type": "Product", "isBundle": True, "@referredType": {"not": "a text"}}
    assert to_submit_order(a_payload(productOrderItem=[an_item(product=odd)]), ACME).command
    assert refusals(a_payload(productOrderItem=[a_change(product=reference | {"status": {"not": "a text"}})])) == [
        ("/productOrderItem/0/product/status", Code.INVALID_VALUE)
    ]


def test_a_product_is_not_moved_and_suspended_by_one_item() -> None:
    product = place({"status": "suspended", "place": [{"place": {"id": "A2"}}]})
    body = a_payload(productOrderItem=[a_change(product=product)])
    assert reasons(body) == [("/productOrderItem/0/product", "AMBIGUOUS_CHANGE")]


def test_the_id_of_a_product_has_a_length() -> None:
    lines(a_change(product=place({"id": "P" * 100})))
    body = a_payload(productOrderItem=[a_change(product=place({"id": "P" * 101}))])
    assert [pointer for pointer, _ in refusals(body)] == ["/productOrderItem/0/product/id"]


# --- relationships ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("reliesOn", RelationshipType.DEPENDS_ON),
        ("dependsOn", RelationshipType.DEPENDS_ON),
        ("requires", RelationshipType.DEPENDS_ON),
        ("Relies On", RelationshipType.DEPENDS_ON),
        ("enables", RelationshipType.ENABLES),
        ("brings", RelationshipType.BRINGS),
        ("bundles", RelationshipType.BUNDLES),
        ("BUNDLED_BY", RelationshipType.BUNDLED_BY),
        ("migrates-to", RelationshipType.MIGRATES_TO),
    ],
)
def test_relationships_are_understood_however_they_are_spelled(name: str, meant: RelationshipType) -> None:
    related = an_item(id="2", productOrderItemRelationship=[{"id": "1", "relationshipType": name}])
    assert lines(an_item(), related)[1].relationships == (LineRelationship(meant, "1"),)


def test_an_unknown_relationship_is_refused_with_those_that_are_known_and_a_hint() -> None:
    relationship = {"id": "1", "relationshipType": "bundeledBy"}
    with pytest.raises(ContractViolation) as refused:
        lines(an_item(), an_item(id="2", productOrderItemRelationship=[relationship]))
    [violation] = refused.value.violations
    assert violation.pointer == "/productOrderItem/1/productOrderItemRelationship/0/relationshipType"
    assert (violation.reason, violation.hint) == ("UNKNOWN_RELATIONSHIP_TYPE", "bundledBy")
    assert "reliesOn" in violation.allowed


def test_a_refusal_of_a_relationship_points_to_it() -> None:
    related = an_item(productOrderItemRelationship=[{"id": "7", "relationshipType": "reliesOn"}])
    translation = to_submit_order(a_payload(productOrderItem=[related]), ACME)
    place = "/productOrderItem/0/productOrderItemRelationship/0/id"
    assert translation.source_of("/lines/0/relationships/0/line_id") == place


# --- nested items -----------------------------------------------------------------------------------------------------


def a_bundle() -> dict[str, Any]:
    phone = an_item(id="1.1", quantity=3, productOrderItem=[an_item(id="1.1.1"), an_item(id="1.1.2", quantity=2)])
    return an_item(id="1", quantity=2, productOrderItem=[phone, an_item(id="1.2")])


def test_nested_items_are_lines_after_the_one_they_are_nested_in_and_count_for_each_of_it() -> None:
    found = [(line.id, line.part_of, line.quantity) for line in lines(a_bundle(), an_item(id="2"))]
    assert found == [
        ("1", None, 2),
        ("1.1", "1", 6),
        ("1.1.1", "1.1", 6),
        ("1.1.2", "1.1", 12),
        ("1.2", "1", 2),
        ("2", None, 1),
    ]


def test_nested_items_come_back_as_they_were_sent_each_with_its_state() -> None:
    [bundle, _] = shown(a_payload(productOrderItem=[a_bundle(), an_item(id="2")]), State.FULFILLING)["productOrderItem"]
    phone = bundle["productOrderItem"][0]
    assert (bundle["quantity"], phone["quantity"], phone["productOrderItem"][0]["quantity"]) == (2, 3, 1)
    assert {bundle["state"], phone["state"], phone["productOrderItem"][1]["state"]} == {"inProgress"}


def test_a_mistake_in_a_nested_item_is_pointed_to() -> None:
    bundle = an_item(productOrderItem=[an_item(id="2"), a_change(id="3", product={}, state="held")])
    at = "/productOrderItem/0/productOrderItem/1"
    assert reasons(a_payload(productOrderItem=[bundle])) == [
        (f"{at}/state", None),
        (f"{at}/product/id", "PRODUCT_REFERENCE_MISSING"),
    ]


def test_a_refusal_of_the_core_points_to_the_nested_item() -> None:
    translation = to_submit_order(a_payload(productOrderItem=[a_bundle()]), ACME)
    assert translation.source_of("/lines/3/offering_id") == (
        "/productOrderItem/0/productOrderItem/0/productOrderItem/1/productOffering/id"
    )


# --- parties and prices -----------------------------------------------------------------------------------------------


def test_an_unknown_role_is_refused_with_those_that_are_known_and_a_hint() -> None:
    with pytest.raises(ContractViolation) as refused:
        to_submit_order(a_payload(relatedParty=[party(), party("S1", "seler")]), ACME)
    [violation] = refused.value.violations
    assert (violation.pointer, violation.reason, violation.hint) == (
        "/relatedParty/1/role",
        "UNKNOWN_PARTY_ROLE",
        "Seller",
    )
    assert {"Customer", "Seller", "Sales Agent"} <= set(violation.allowed)


@pytest.mark.parametrize("role", ["Sales Agent", "salesAgent", "SALES_AGENT", "sales-agent"])
def test_roles_are_understood_however_they_are_spelled(role: str) -> None:
    to_submit_order(a_payload(relatedParty=[party(), party("S1", role)]), ACME)


def test_a_partner_may_have_words_of_its_own() -> None:
    own = STANDARD.with_own({"Endkunde": "Customer"}, {"liegt auf": "reliesOn"})
    related = an_item(id="2", productOrderItemRelationship=[{"id": "1", "relationshipType": "LiegtAuf"}])
    body = a_payload(relatedParty=[party("C7", "endkunde")], productOrderItem=[an_item(), related])
    command = to_submit_order(body, Sender("x", own)).command
    assert command.customer_id == "C7"
    assert command.lines[1].relationships[0].type is RelationshipType.DEPENDS_ON


@pytest.mark.parametrize(("roles", "types"), [({"Kunde": "Kundin"}, {}), ({}, {"auf": "drunter"})])
def test_a_word_that_stands_for_none_of_ours_is_refused(roles: dict[str, str], types: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="none of ours"):
        STANDARD.with_own(roles, types)


def priced(unit: str) -> list[dict[str, Any]]:
    amount = {"taxIncludedAmount": {"unit": unit, "value": 1.0}, "dutyFreeAmount": {"unit": unit, "value": 0.8}}
    return [{"@type": "OrderPrice", "priceType": "recurring", "price": {"@type": "Price", **amount}}]


def test_prices_in_one_currency_are_carried() -> None:
    items = [an_item(itemPrice=priced("EUR")), an_item(id="2", itemTotalPrice=priced("EUR"))]
    to_submit_order(a_payload(orderTotalPrice=priced("EUR"), productOrderItem=items), ACME)


@pytest.mark.parametrize("name", ["itemPrice", "itemTotalPrice"])
def test_prices_in_several_currencies_are_refused_where_the_second_stands(name: str) -> None:
    nested = an_item(productOrderItem=[an_item(id="2", **{name: priced("USD")})])
    body = a_payload(orderTotalPrice=priced("EUR"), productOrderItem=[nested])
    at = f"/productOrderItem/0/productOrderItem/0/{name}/0/price/taxIncludedAmount/unit"
    assert reasons(body) == [(at, "CURRENCIES_DIFFER")]
