"""What items of TMF622 orders may say, carried out for real or refused by name."""

from collections.abc import Iterator
from typing import Any

import pytest

from canonical.inventory.states import AssetStatus
from tests.support.assets import record_asset
from tests.support.product import TMF622, Node, effects, partner_order, running_product

V4 = TMF622.replace("/v5/", "/v4/")
ITEMS = "/productOrderItem"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_product(tmp_path_factory.mktemp("items")) as node:
        yield node


def an_order(*items: dict[str, Any], **changes: Any) -> dict[str, Any]:
    numbered = [{"id": str(number), **item} for number, item in enumerate(items, start=1)]
    return partner_order() | {"productOrderItem": numbered} | changes


def add(offering: str = "po_tv_basic", **changes: Any) -> dict[str, Any]:
    return {"action": "add", "productOffering": {"id": offering}} | changes


def modify(product_id: str = "PRD1", **product: Any) -> dict[str, Any]:
    return {"action": "modify", "product": {"@type": "Product", "id": product_id, **product}}


def test_changes_of_installed_products_reach_bss_without_stock_or_charge(product: Node) -> None:
    statuses = dict.fromkeys(range(1, 6), AssetStatus.ACTIVE) | {3: AssetStatus.SUSPENDED}
    ids = [record_asset(product, f"PRD{number}", status=status) for number, status in statuses.items()]
    place = {"@type": "RelatedPlaceRefOrValue", "role": "at", "place": {"@type": "PlaceRef", "id": "A2"}}
    items = [
        modify("PRD1", productCharacteristic=[{"name": "colour", "value": "red"}]),
        modify("PRD2", status="suspended"),
        modify("PRD3", status="active"),
        modify("PRD4", place=[place]),
        {"action": "delete", "product": {"@type": "ProductRef", "id": "PRD5"}},
        {"action": "noChange", "product": {"@type": "ProductRef", "id": "PRD6"}},
    ]
    answer = product.post(TMF622, an_order(*items))
    assert answer.status_code == 201, answer.text
    order = product.until_finished(answer.json()["id"])
    assert (order["status"], order["paymentStatus"], order["total"]) == ("confirmed", "notCharged", None)
    assert [item["action"] for item in order["items"]] == [
        "MODIFY",
        "SUSPEND",
        "RESUME",
        "MOVE",
        "DISCONNECT",
        "NO_CHANGE",
    ]
    assert [item["productId"] for item in order["items"]] == [*ids, "PRD6"]
    assert effects(product.backends, order["id"]) == {"createOrder": 1}
    shown = product.get(f"{TMF622}/{order['id']}").json()
    assert [item["action"] for item in shown["productOrderItem"]] == ["modify"] * 4 + ["delete", "noChange"]
    assert shown["state"] == "completed"


def test_only_what_is_added_is_reserved_and_charged(product: Node) -> None:
    changed = modify(record_asset(product, "PRD7"), status="suspended")
    order_id = product.post(TMF622, an_order(add(quantity=2), changed)).json()["id"]
    order = product.until_finished(order_id)
    assert (order["paymentStatus"], order["total"]["amount"]) == ("success", "19.80")
    assert effects(product.backends, order_id) == {"reserve": 1, "createOrder": 1, "charge": 1}


@pytest.mark.parametrize("collection", [TMF622, V4], ids=["v5", "v4"])
def test_nested_items_are_ordered_for_each_of_what_they_are_nested_in(product: Node, collection: str) -> None:
    nested = add("po_router_premium", id="1.1", quantity=2)
    body = an_order(add(quantity=3, productOrderItem=[nested]))
    if collection == V4:
        body["relatedParty"] = [{"id": "C12345", "role": "Customer", "@referredType": "Customer"}]
        del body["@type"]
    answer = product.post(collection, body)
    assert answer.status_code == 201, answer.text
    order = product.until_finished(answer.json()["id"])
    assert [(item["id"], item["quantity"]) for item in order["items"]] == [("1", 3), ("1.1", 6)]
    assert order["total"]["amount"] == "803.70"
    [item] = product.get(f"{collection}/{order['id']}").json()["productOrderItem"]
    assert (item["quantity"], item["productOrderItem"][0]["quantity"]) == (3, 2)
    assert item["productOrderItem"][0]["state"] == "completed"


def related(kind: str, *to: str) -> list[dict[str, Any]]:
    return [{"id": one, "relationshipType": kind} for one in to]


def party(role: str, party_id: str = "S1") -> dict[str, Any]:
    return {"role": role, "partyOrPartyRole": {"@type": "PartyRef", "@referredType": "Organization", "id": party_id}}


def price(unit: str) -> list[dict[str, Any]]:
    return [{"priceType": "oneTime", "price": {"taxIncludedAmount": {"unit": unit, "value": 1}}}]


CUSTOMER = partner_order()["relatedParty"][0]
REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "no product": (an_order({"action": "modify"}), "PRODUCT_REFERENCE_MISSING", f"{ITEMS}/0/product/id"),
    "no product to delete": (an_order({"action": "delete"}), "PRODUCT_REFERENCE_MISSING", f"{ITEMS}/0/product/id"),
    "an offering by its class": (
        an_order({"action": "delete", "product": {"id": "po_tv_basic", "@referredType": "ProductOffering"}}),
        "OFFERING_NOT_PRODUCT",
        f"{ITEMS}/0/product/@referredType",
    ),
    "an offering by its id": (
        an_order({"action": "delete", "product": {"@type": "ProductRef", "id": "po_tv_basic"}}),
        "OFFERING_NOT_PRODUCT",
        f"{ITEMS}/0/product/id",
    ),
    "an unknown relationship": (
        an_order(add(), add(productOrderItemRelationship=related("nextTo", "1"))),
        "UNKNOWN_RELATIONSHIP_TYPE",
        f"{ITEMS}/1/productOrderItemRelationship/0/relationshipType",
    ),
    "an unknown role": (
        an_order(add(), relatedParty=[CUSTOMER, party("gardener")]),
        "UNKNOWN_PARTY_ROLE",
        "/relatedParty/1/role",
    ),
    "several customers": (
        an_order(add(), relatedParty=[CUSTOMER, party("Customer", "C12346")]),
        "SEVERAL_CUSTOMERS",
        "/relatedParty/1/partyOrPartyRole/id",
    ),
    "no customer": (an_order(add(), relatedParty=[party("Seller")]), "CUSTOMER_MISSING", "/relatedParty"),
    "no offering": (an_order({"action": "add"}), "PRODUCT_OFFERING_MISSING", f"{ITEMS}/0/productOffering"),
    "an id twice": (an_order(add(), add(id="1")), "DUPLICATE_ITEM_ID", f"{ITEMS}/1/id"),
    "an id twice, nested": (
        an_order(add(productOrderItem=[add(id="1")])),
        "DUPLICATE_ITEM_ID",
        f"{ITEMS}/0/productOrderItem/0/id",
    ),
    "a relationship to nothing": (
        an_order(add(productOrderItemRelationship=related("reliesOn", "7"))),
        "DANGLING_ITEM_RELATIONSHIP",
        f"{ITEMS}/0/productOrderItemRelationship/0/id",
    ),
    "a cycle": (
        an_order(
            add(productOrderItemRelationship=related("reliesOn", "2")),
            add(productOrderItemRelationship=related("requires", "1")),
        ),
        "CYCLIC_ITEM_RELATIONSHIP",
        f"{ITEMS}/0",
    ),
    "fewer than none": (an_order(add(quantity=-1)), "INVALID_QUANTITY", f"{ITEMS}/0/quantity"),
    "currencies": (
        an_order(add(itemPrice=price("EUR")), add(itemPrice=price("USD"))),
        "CURRENCIES_DIFFER",
        f"{ITEMS}/1/itemPrice/0/price/taxIncludedAmount/unit",
    ),
    "two changes in one": (
        an_order(modify(status="suspended", place=[{"role": "at", "place": {"@type": "PlaceRef", "id": "A"}}])),
        "AMBIGUOUS_CHANGE",
        f"{ITEMS}/0/product",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_mistake_is_refused_with_its_own_code_where_it_is(product: Node, case: str) -> None:
    body, code, pointer = REFUSED[case]
    answer = product.post(TMF622, body)
    error = answer.json()
    assert (answer.status_code, error["code"]) == (400, code), answer.text
    assert error["errors"][0]["pointer"] == pointer
    assert error["errors"][0]["reason"] == code
    tried = {"api": "TMF622", "version": "v5", "operation": "createProductOrder", "payload": body}
    dry = product.post("/api/v1/translations", tried).json()
    assert (dry["accepted"], dry["errors"][0]["pointer"]) == (False, pointer)


def test_an_action_that_is_none_is_refused_with_a_hint(product: Node) -> None:
    [error] = product.post(TMF622, an_order(add(action="change"))).json()["errors"]
    assert (error["pointer"], error["hint"]) == (f"{ITEMS}/0/action", "did you mean `modify`?")
