"""What is wished reaches BSS with its values."""

from typing import Any

import pytest

from tests.support.product import ORDERS, TMF622, Node, partner_order

V4 = TMF622.replace("/v5/", "/v4/")
CHOSEN = [{"name": "colour", "value": "black"}]
PLACES = {
    TMF622: {"role": "installed at", "place": {"@type": "PlaceRef", "id": "LOC-17"}},
    V4: {"role": "installed at", "id": "LOC-17"},
}
TERM = {"name": "Minimum term", "duration": {"amount": 24, "units": "month"}}


def an_item(path: str, **attributes: Any) -> dict[str, Any]:
    product = {"productCharacteristic": CHOSEN, "place": [PLACES[path]], "productTerm": [TERM], **attributes}
    return {
        "id": "1",
        "action": "add",
        "quantity": 1,
        "productOffering": {"id": "po_router_premium"},
        "product": product,
    }


def told(product: Node, order_id: str) -> dict[str, Any]:
    """The one item of the order as BSS has it."""
    [entry] = product.backends.ledger("bss", key=f"{order_id}:create-order")
    [item] = entry["data"]["items"]
    found: dict[str, Any] = item
    return found


@pytest.mark.parametrize("path", PLACES, ids=["v5", "v4"])
def test_what_is_added_reaches_bss_as_it_was_wished(product: Node, path: str) -> None:
    body = {**partner_order(), "productOrderItem": [an_item(path)]}
    if path == V4:
        body["relatedParty"] = [{"role": "Customer", "id": "C12345", "@referredType": "Customer"}]
    answer = product.post(path, body)
    assert answer.status_code == 201, answer.text
    order = product.until_finished(answer.json()["id"])
    assert order["status"] == "confirmed"
    item = told(product, order["id"])
    assert {"name": "colour", "value": "black"} in item["characteristics"]
    assert item["places"] == [{"role": "installed at", "id": "LOC-17"}]
    assert item["terms"] == [TERM]


def test_the_portal_wishes_the_same(product: Node) -> None:
    place = {"role": "installed at", "address": "12, Main Street"}
    item = {"offeringId": "po_router_premium", "characteristics": CHOSEN, "places": [place], "terms": [TERM]}
    answer = product.post(ORDERS, {"customerId": "C12345", "items": [item]}, client="portal")
    assert answer.status_code == 201, answer.text
    [shown], sent = answer.json()["items"], told(product, answer.json()["id"])
    assert (shown["places"], shown["terms"], shown["action"]) == ([place], [TERM], "ADD")
    assert (sent["places"], sent["terms"]) == ([place], [TERM])
    assert {"name": "colour", "value": "black"} in sent["characteristics"]
