"""A home bundle from its order to its disconnection, seen in TMF637, in the canonical API and by BSS at each step."""

from typing import Any

import pytest
import requests

from tests.support.product import ORDERS, TMF622, Node, partner_order

V4 = TMF622.replace("/v5/", "/v4/")
PRODUCTS = {version: f"/tmf-api/productInventory/{version}/product" for version in ("v5", "v4")}
ASSETS = "/api/v1/customer-assets"
NESTED = ("po_fibre_500", "po_tv_comfort", "po_settop_rental")


def an_order(path: str, item: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = {**partner_order(), "productOrderItem": [item]}
    if path == V4:
        body["relatedParty"] = [{"role": "Customer", "id": "C12345", "@referredType": "Customer"}]
    return body


def added(item_id: str, offering: str, **more: Any) -> dict[str, Any]:
    return {"id": item_id, "action": "add", "quantity": 1, "productOffering": {"id": offering}, **more}


def carried_out(product: Node, path: str, item: dict[str, Any]) -> dict[str, Any]:
    answer = product.post(path, an_order(path, item))
    assert answer.status_code == 201, answer.text
    order = product.until_finished(answer.json()["id"])
    assert order["status"] == "confirmed", order
    return order


def seen(product: Node, asset_id: str, status: str) -> dict[str, dict[str, Any]]:
    """The product in both versions and the asset; the product shows the status."""
    shown = {version: product.get(f"{path}/{asset_id}").json() for version, path in PRODUCTS.items()}
    assert {one["status"] for one in shown.values()} == {status}
    return shown | {"asset": product.get(f"{ASSETS}/{asset_id}").json()}


def value_of(shown: dict[str, Any], name: str) -> Any:
    [value] = [one["value"] for one in shown["productCharacteristic"] if one["name"] == name]
    return value


def told_bss(product: Node, order: dict[str, Any]) -> list[dict[str, Any]]:
    [entry] = product.backends.ledger("bss", key=f"{order['id']}:create-order")
    items: list[dict[str, Any]] = entry["data"]["items"]
    return items


@pytest.mark.parametrize("path", [TMF622, V4], ids=["v5", "v4"])
def test_a_bundle_is_ordered_changed_and_ended(product: Node, path: str) -> None:
    nested = [added(f"1.{number}", offering) for number, offering in enumerate(NESTED, start=1)]
    order = carried_out(product, path, added("1", "po_bundle_home", productOrderItem=nested))
    bundle, line, tv, box = (item["assetIds"][0] for item in order["items"])

    # What was added is one hierarchy, and names its order.
    for version, order_of in (("v5", "orderId"), ("v4", "productOrderId")):
        found = product.get(f"{PRODUCTS[version]}?productOrderItem.{order_of}={order['id']}").json()
        assert {one["id"] for one in found} == {bundle, line, tv, box}
    shown = seen(product, bundle, "active")
    for version in PRODUCTS:
        assert [one["id"] for one in shown[version]["product"]] == [line, tv, box]
    shown = seen(product, line, "active")
    assert value_of(shown["v5"], "downstream") == value_of(shown["v4"], "downstream") == 500
    assert shown["v5"]["productOffering"]["id"] == shown["asset"]["productOffering"]["id"] == "po_fibre_500"
    assert shown["v5"]["productPrice"]
    assert shown["asset"]["orders"] == [{"orderId": order["id"], "itemId": "1.1", "action": "ADD"}]

    # Modify: it says that the product stays active.
    wish = {"status": "active", "productCharacteristic": [{"name": "wifiName", "value": "DoeNet"}]}
    order = carried_out(product, path, {"id": "1", "action": "modify", "product": {"id": line, **wish}})
    shown = seen(product, line, "active")
    assert value_of(shown["v5"], "wifiName") == value_of(shown["v4"], "wifiName") == "DoeNet"
    assert value_of(shown["v5"], "downstream") == 500
    [told] = told_bss(product, order)
    assert told["action"] == "modify"
    assert {"name": "wifiName", "value": "DoeNet"} in told["characteristics"]

    # Suspend and resume: the parts follow their bundle.
    for wished, status in (("suspended", "suspended"), ("active", "active")):
        order = carried_out(product, path, {"id": "1", "action": "modify", "product": {"id": bundle, "status": wished}})
        for asset_id in (bundle, line, tv, box):
            seen(product, asset_id, status)
        assert told_bss(product, order)[0]["productId"] == bundle

    # Move
    there = {"role": "installed at", "place": {"@type": "PlaceRef", "id": "LOC-9"}}
    place = there if path == TMF622 else {"role": "installed at", "id": "LOC-9"}
    order = carried_out(product, path, {"id": "1", "action": "modify", "product": {"id": bundle, "place": [place]}})
    shown = seen(product, bundle, "active")
    assert shown["v5"]["place"][0]["place"]["id"] == shown["v4"]["place"][0]["id"] == "LOC-9"
    assert told_bss(product, order)[0]["places"] == [{"role": "installed at", "id": "LOC-9"}]

    # Disconnect
    carried_out(product, path, {"id": "1", "action": "delete", "product": {"id": bundle}})
    for asset_id in (bundle, line, tv, box):
        shown = seen(product, asset_id, "terminated")
        assert shown["v5"]["terminationDate"]
        assert not product.get(f"{ASSETS}/{asset_id}/eligible-actions").json()["items"][0]["allowed"]
    entries = product.get(f"{ASSETS}/{bundle}/timeline").json()["items"]
    triggers = [one["trigger"] for one in entries]
    assert triggers == ["correct", "activate", "suspend", "resume", "move", "terminate"]
    assert all(one["order"] for one in entries)


def of_cable(asset_id: str, **more: Any) -> dict[str, Any]:
    return {"id": "1", "action": "modify", "product": {"id": asset_id, **more}}


def in_canonical_words(item: dict[str, Any]) -> dict[str, Any]:
    if item["action"] == "add":
        return {"offeringId": item["productOffering"]["id"], "quantity": item["quantity"]}
    values = item["product"].get("productCharacteristic")
    wished = {} if values is None else {"characteristics": values}
    quantity = {"quantity": item["quantity"]} if "quantity" in item else {}
    return {"action": "MODIFY", "assetId": item["product"]["id"], **wished, **quantity}


def answered(product: Node, path: str, item: dict[str, Any]) -> requests.Response:
    if path != ORDERS:
        return product.post(path, an_order(path, item))
    return product.post(path, {"customerId": "C12345", "items": [in_canonical_words(item)]}, "portal")


@pytest.mark.parametrize("path", [TMF622, V4, ORDERS], ids=["v5", "v4", "canonical"])
def test_what_is_counted_is_one_product_with_a_quantity(product: Node, path: str) -> None:
    def carry_out(item: dict[str, Any]) -> tuple[dict[str, Any], Any]:
        """The order, and the quantity that BSS was told."""
        answer = answered(product, path, item)
        assert answer.status_code == 201, answer.text
        order = product.until_finished(answer.json()["id"])
        assert order["status"] == "confirmed", order
        return order, told_bss(product, order)[0]["quantity"]

    order, told = carry_out(added("1", "po_cable_metre", quantity=5))
    [cable] = order["items"][0]["assetIds"]
    shown = seen(product, cable, "active")
    assert (shown["asset"]["quantity"], told, order["total"]["amount"]) == (5, 5, "7.50")
    for version, name in (("v5", "orderId"), ("v4", "productOrderId")):
        found = product.get(f"{PRODUCTS[version]}?productOrderItem.{name}={order['id']}").json()
        assert [one["id"] for one in found] == [cable]

    # What is asked for is how many there are to be in all; each one more is charged.
    order, told = carry_out(of_cable(cable) | {"quantity": 8})
    assert (seen(product, cable, "active")["asset"]["quantity"], told, order["total"]["amount"]) == (8, 8, "4.50")
    refused = answered(product, path, of_cable(cable) | {"quantity": 8})
    assert (refused.status_code, refused.json()["code"]) == (400, "PRODUCT_UNCHANGED")
    order, told = carry_out(of_cable(cable) | {"quantity": 2})
    assert (seen(product, cable, "active")["asset"]["quantity"], told, order["total"]) == (2, 2, None)

    # Without a quantity there are as many as before.
    order, told = carry_out(of_cable(cable, productCharacteristic=[{"name": "category", "value": "Cat 6A"}]))
    assert (seen(product, cable, "active")["asset"]["quantity"], told) == (2, 2)
    changes = [one["changes"] for one in product.get(f"{ASSETS}/{cable}/timeline").json()["items"]]
    counted = [(one["before"], one["after"]) for some in changes for one in some if one["attribute"] == "quantity"]
    assert counted == [(5, 8), (8, 2)]
