"""What a partner's profile decides about what it sends, over HTTP: each key in both versions of TMF622."""

from typing import Any

import pytest
import requests

from tests.support.product import ORDERS, TMF622, Node, partner_order, portal_order

V4 = TMF622.replace("/v5/", "/v4/")
PATHS = {"v5": TMF622, "v4": V4}
VERSIONS = pytest.mark.parametrize("version", PATHS)


@pytest.fixture(scope="module")
def product(product_on_sqlite: Node) -> Node:
    return product_on_sqlite


def an_order(version: str, **more: Any) -> dict[str, Any]:
    if version == "v5":
        return partner_order() | more
    party = {"role": "Customer", "id": "C12345", "@referredType": "Customer"}
    item = {"id": "1", "action": "add", "quantity": 1, "productOffering": {"id": "po_tv_basic"}}
    return {"relatedParty": [party], "productOrderItem": [item]} | more


def tried(product: Node, version: str, payload: Any, client: str = "qa") -> dict[str, Any]:
    body = {"api": "TMF622", "version": version, "operation": "createProductOrder", "payload": payload}
    found: dict[str, Any] = product.post("/api/v1/translations", body, client=client).json()
    return found


def recorded(product: Node, answer: requests.Response) -> Any:
    """The audit record that the answer leads to."""
    return product.get(answer.headers["X-Audit-Record"].removeprefix(product.url)).json()


@VERSIONS
def test_attributes_that_no_schema_declares_are_named_with_their_record(product: Node, version: str) -> None:
    key, sent = {"Idempotency-Key": f"extensions-{version}"}, an_order(version, discount={"percent": 50})
    answer = product.post(PATHS[version], sent, headers=key)
    assert (answer.status_code, answer.json()["discount"]) == (201, {"percent": 50})
    assert answer.headers["X-Carried-Extensions"] == "/discount"
    record = recorded(product, answer)
    assert record["orderId"] == answer.json()["id"]
    assert {one["rule"] for one in record["translation"] if one["source"] == "/discount"} == {
        "carried: no schema declares it"
    }
    again = product.post(PATHS[version], sent, headers=key)
    names = ("X-Carried-Extensions", "X-Audit-Record")
    assert [again.headers[name] for name in names] == [answer.headers[name] for name in names]
    assert "/discount" in tried(product, version, sent)["carried"]
    path = f"{PATHS[version]}/{answer.json()['id']}"
    changed = product.request("PATCH", path, json={"x_note": "new"})
    assert (changed.status_code, changed.headers["X-Carried-Extensions"]) == (200, "/x_note")
    assert recorded(product, changed)["operation"].endswith("patchProductOrder")
    plain = product.request("PATCH", path, json={"description": "new"})
    assert "X-Carried-Extensions" not in plain.headers


@VERSIONS
def test_null_is_read_as_absent_unless_the_profile_refuses_it(product: Node, version: str) -> None:
    sent = an_order(version, description=None, note=None, href=None)
    answer = product.post(PATHS[version], sent)
    assert answer.status_code == 201, answer.text
    assert not {"description", "note"} & answer.json().keys()
    path = f"{PATHS[version]}/{answer.json()['id']}"
    changed = product.request("PATCH", path, json={"note": [{"text": "new", "author": None}]})
    assert changed.status_code == 200, changed.text
    assert "author" not in changed.json()["note"][0]
    removed = product.request("PATCH", path, json={"note": None})
    assert (removed.status_code, "note" in removed.json()) == (200, False)
    refused = product.post(PATHS[version], sent, client="partner-beta")
    assert {(one["pointer"], one["reason"]) for one in refused.json()["errors"]} >= {("/note", "NULL_NOT_AGREED")}


def test_null_is_read_as_absent_on_the_canonical_api(product: Node) -> None:
    sent = portal_order(SKU789=1) | {"externalIdentifiers": None}
    answer = product.post(ORDERS, sent)
    assert answer.status_code == 201, answer.text
    refused = product.post(ORDERS, sent, client="partner-beta")
    assert (refused.status_code, refused.json()["code"]) == (400, "NULL_NOT_AGREED")


@VERSIONS
def test_orders_get_the_context_of_the_profile_and_references_that_come_late(product: Node, version: str) -> None:
    named = {"id": "KD-C12345", "@referredType": "Customer"}
    party: dict[str, Any] = {"partyOrPartyRole": {"@type": "PartyRoleRef", **named}} if version == "v5" else named
    party = {"role": "Endkunde", **party}
    item = {"id": "1", "action": "neu", "quantity": 1, "productOffering": {"id": "A-200"}}
    answer = product.post(PATHS[version], {"relatedParty": [party], "productOrderItem": [item]}, client="partner-alpha")
    assert answer.status_code == 201, answer.text
    order_id = answer.json()["id"]
    assert [one["id"] for one in answer.json()["agreement"]] == ["RV-2026"]
    product.until_finished(order_id)
    path, late = f"{PATHS[version]}/{order_id}", {"payment": [{"@type": "PaymentRef", "id": "PAY-1"}]}
    assert product.request("PATCH", path, json=late).status_code == 409
    changed = product.request("PATCH", path, "partner-alpha", json=late)
    assert (changed.status_code, changed.json()["payment"][0]["id"]) == (200, "PAY-1")
    frozen = product.request("PATCH", path, "partner-alpha", json={"requestedStartDate": "2027-01-01T00:00:00Z"})
    assert frozen.status_code == 409


@VERSIONS
def test_prices_are_left_out_where_the_profile_ignores_them(product: Node, version: str) -> None:
    wrong = {"priceType": "oneTime", "price": {"taxIncludedAmount": {"unit": "EUR", "value": 1}}}
    sent = an_order(version, orderTotalPrice=[wrong])
    assert product.post(PATHS[version], sent).json()["code"] == "PRICE_DIFFERS"
    sent["relatedParty"][0]["role"], sent["productOrderItem"] = (
        "Buyer of beta",
        [{"id": "1", "action": "order", "quantity": 1, "productOffering": {"id": "A-100"}}],
    )
    answer = product.post(PATHS[version], sent, client="partner-beta")
    assert answer.status_code == 201, answer.text
    assert "orderTotalPrice" not in answer.json()


@VERSIONS
def test_an_attribute_of_the_partners_own_says_what_the_contract_has_an_attribute_for(
    product: Node, version: str
) -> None:
    named = {"id": "KD-1", "@referredType": "Customer"}
    v5: dict[str, Any] = {"partyOrPartyRole": {"@type": "PartyRoleRef", **named}}
    party = {"role": "Buyer of beta", **(v5 if version == "v5" else named)}
    item = {"id": "1", "action": "order", "quantity": 1, "productOffering": {"id": "A-100"}}
    sent = {"relatedParty": [party], "productOrderItem": [item], "x_urgency": "1"}
    key = {"Idempotency-Key": f"promoted-{version}"}
    answer = product.post(PATHS[version], sent, client="partner-beta", headers=key)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["priority"], answer.json()["x_urgency"]) == ("1", "1")
    assert "X-Carried-Extensions" not in answer.headers
    again = product.post(PATHS[version], sent, client="partner-beta", headers=key)
    assert again.json()["id"] == answer.json()["id"]
    path = f"{PATHS[version]}/{answer.json()['id']}"
    assert "x_urgency" not in product.get(path).json()
    changed = product.request("PATCH", path, "partner-beta", json={"x_urgency": "3"})
    assert (changed.status_code, changed.json()["priority"]) == (200, "3")
    assert product.get(path, client="partner-beta").json()["x_urgency"] == "3"
