"""Orders changed and removed over TMF622, v5 and v4, in all four media types."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.support.product import ORDERS, TMF622, Node, effects, partner_order, portal_order, running_product
from tests.support.waiting import LONG, until

V4 = TMF622.replace("/v5/", "/v4/")
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
QUERY = "application/json-patch-query+json"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_product(tmp_path_factory.mktemp("changes")) as node:
        yield node


def draft(product: Node, client: str = "partner-acme", **changes: Any) -> str:
    body = partner_order() | {"requestedInitialState": "draft"} | changes
    answer = product.post(TMF622, body, client=client)
    assert answer.status_code == 201, answer.text
    assert answer.json()["state"] == "draft"
    return str(answer.json()["id"])


def patch(
    product: Node, address: str, body: Any, media_type: str = MERGE, client: str = "partner-acme", **headers: str
) -> requests.Response:
    sent = {"Content-Type": media_type} | {name.replace("_", "-"): value for name, value in headers.items()}
    return product.request("PATCH", address, client, data=json.dumps(body), headers=sent)


def _numbered(product: Node, client: str = "partner-acme") -> tuple[str, str]:
    """The id of a completed order, and its number in BSS."""
    order_id = product.post(TMF622, partner_order(), client=client).json()["id"]
    return order_id, str(product.until_finished(order_id)["orderId"])


@pytest.mark.parametrize(
    "api", [TMF622, V4, TMF622.replace("/tmf-api/productOrderingManagement/", "/tmf-api/productOrdering/")]
)
def test_an_order_is_read_changed_and_removed_by_its_number_in_bss(product: Node, api: str) -> None:
    order_id, number = _numbered(product)
    by_id, by_number = (product.get(f"{api}/{name}", client="partner-acme") for name in (order_id, number))
    assert (by_number.status_code, by_number.json()) == (200, by_id.json())
    assert by_number.json()["href"] == f"{product.url}{api}/{order_id}"
    assert by_number.headers["ETag"] == by_id.headers["ETag"]
    assert by_number.headers.get("Link") == by_id.headers.get("Link")
    changed = patch(product, f"{api}/{number}", {"description": "by its number"}, If_Match=by_number.headers["ETag"])
    assert changed.status_code == 200, changed.text
    assert changed.json()["href"] == by_id.json()["href"]
    assert product.get(f"{api}/{order_id}").json()["description"] == "by its number"
    assert product.request("DELETE", f"{api}/{number}").status_code == 204
    for name in (order_id, number):
        assert product.get(f"{api}/{name}").status_code == 404


def test_another_clients_order_is_not_found_by_its_number_either(product: Node) -> None:
    _, number = _numbered(product)
    for method in ("GET", "PATCH"):
        answer = product.request(
            method, f"{TMF622}/{number}", "conformance", data="{}", headers={"Content-Type": MERGE}
        )
        assert (answer.status_code, answer.json()["code"]) == (404, "ORDER_NOT_FOUND")
    report = "/api/v1/bridge-reports/productOrder"
    assert product.get(f"{report}/{number}", client="conformance").status_code == 404
    assert product.get(f"{report}/{number}", client="partner-acme").status_code == 200


def test_a_draft_is_changed_and_submitted_and_only_then_carried_out(product: Node) -> None:
    order_id = draft(product)
    address = f"{TMF622}/{order_id}"
    item = partner_order()["productOrderItem"][0] | {"quantity": 2}
    changed = patch(product, address, {"productOrderItem": [item], "description": "two of them"})
    assert changed.status_code == 200, changed.text
    assert (changed.json()["productOrderItem"][0]["quantity"], changed.json()["state"]) == (2, "draft")
    assert len(changed.json()["productOrderItem"]) == 1
    assert changed.headers["ETag"] == '"2"'
    assert product.get(address).json() == changed.json()
    assert effects(product.backends, order_id) == {}
    submitted = patch(product, address, {"state": "acknowledged"}, "application/json")
    assert (submitted.status_code, submitted.json()["state"]) == (200, "acknowledged")
    order = product.until_finished(order_id)
    assert (order["status"], order["total"]) == ("confirmed", {"amount": "99.80", "currency": "EUR"})
    assert [entry["trigger"] for entry in order["timeline"]][:3] == ["draft", "amend", "submit"]
    assert effects(product.backends, order_id) == {"reserve": 1, "createOrder": 1, "charge": 1}


def test_a_draft_does_not_exist_on_v4(product: Node) -> None:
    order_id = draft(product)
    for method in ("GET", "DELETE"):
        answer = product.request(method, f"{V4}/{order_id}")
        assert (answer.status_code, answer.json()["code"]) == (404, "ORDER_NOT_FOUND")
    assert patch(product, f"{V4}/{order_id}", {"description": "x"}).status_code == 404
    assert product.get(f"{TMF622}/{order_id}").json().get("description") is None
    tasks = V4.rpartition("/")[0] + "/cancelProductOrder"
    cancelled = product.post(tasks, {"productOrder": {"id": order_id}})
    assert (cancelled.status_code, cancelled.json()["code"]) == (404, "ORDER_NOT_FOUND")
    assert product.get(f"{TMF622}/{order_id}").json()["state"] == "draft"
    for query in ("?limit=200", "?limit=200&category.ne=x"):
        listed = product.get(V4 + query)
        assert listed.ok, listed.text
        assert order_id not in listed.text
        assert int(listed.headers["X-Total-Count"]) == len(listed.json())
    unknown = product.get(f"{V4}?state=draft")
    assert (unknown.status_code, "draft" in unknown.json()["errors"][0]["allowed"]) == (400, False)


def test_a_draft_cannot_be_made_on_v4(product: Node) -> None:
    body = {
        "relatedParty": [{"role": "Customer", "id": "C12345", "@referredType": "Customer"}],
        "productOrderItem": [{"id": "1", "action": "add", "productOffering": {"id": "po_tv_basic"}}],
        "requestedInitialState": "draft",
    }
    for client in ("partner-acme", "conformance"):
        before = product.get(TMF622, client=client).headers["X-Total-Count"]
        answer = product.post(V4, body, client=client)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/requestedInitialState")
        assert product.get(TMF622, client=client).headers["X-Total-Count"] == before


def test_what_v4_shows_can_be_sent_back_and_tested_and_changes_nothing(product: Node) -> None:
    body = partner_order() | {
        "externalId": [{"id": "1", "owner": "a"}, {"id": "2", "owner": "b"}],
        "note": [{"text": "hello"}],
    }
    body["productOrderItem"][0]["note"] = [{"text": "not shown on v4"}]
    body["relatedParty"].append({"role": "Seller", "partyOrPartyRole": {"@type": "PartyRef", "id": "S1"}})
    order_id = product.post(TMF622, body, client="partner-acme").json()["id"]
    product.until_finished(order_id)
    before, shown = product.get(f"{TMF622}/{order_id}"), product.get(f"{V4}/{order_id}").json()
    tests = [{"op": "test", "path": f"/{name}", "value": value} for name, value in shown.items()]
    for patched, media_type in ((shown, MERGE), (tests, JSON_PATCH)):
        answer = patch(product, f"{V4}/{order_id}", patched, media_type)
        assert (answer.status_code, answer.json()) == (200, shown), answer.text
        assert product.get(f"{TMF622}/{order_id}").json() == before.json()
    answer = patch(product, f"{V4}/{order_id}", shown | {"description": "mine"})
    assert (answer.status_code, product.get(f"{TMF622}/{order_id}").json()) == (
        200,
        before.json() | {"description": "mine"},
    )


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/json", {"priority": "0"}),
        (MERGE, {"priority": "0"}),
        (
            JSON_PATCH,
            [{"op": "test", "path": "/state", "value": "completed"}, {"op": "add", "path": "/priority", "value": "0"}],
        ),
        (QUERY, [{"op": "add", "path": "/priority", "value": "0"}]),
    ],
)
@pytest.mark.parametrize("collection", [TMF622, V4], ids=["v5", "v4"])
def test_remarks_are_changed_in_every_media_type_and_version(
    product: Node, collection: str, media_type: str, body: Any
) -> None:
    order_id = product.post(TMF622, partner_order(), client="partner-acme").json()["id"]
    product.until_finished(order_id)
    answer = patch(product, f"{collection}/{order_id}", body, media_type)
    assert (answer.status_code, answer.json()["priority"]) == (200, "0"), answer.text
    assert answer.headers["Content-Type"] == "application/json"
    for path in (TMF622, V4):
        assert product.get(f"{path}/{order_id}").json()["priority"] == "0"


@pytest.mark.parametrize("api", [TMF622, V4])
def test_a_patch_that_names_no_media_type_is_a_merge_patch(product: Node, api: str) -> None:
    order_id, _ = _numbered(product)
    sent = json.dumps({"description": "without a type"}).encode()
    answer = product.request("PATCH", f"{api}/{order_id}", "partner-acme", data=sent)
    assert (answer.status_code, answer.json()["description"]) == (200, "without a type")


def test_v4s_names_are_understood_in_patches(product: Node) -> None:
    order_id = product.post(TMF622, partner_order(), client="partner-acme").json()["id"]
    product.until_finished(order_id)
    address = f"{V4}/{order_id}"
    assert patch(product, address, {"externalId": "PO-77"}).json()["externalId"] == "PO-77"
    renamed = [{"op": "replace", "path": "/externalId", "value": "PO-78"}]
    assert patch(product, address, renamed, JSON_PATCH).json()["externalId"] == "PO-78"
    assert product.get(f"{TMF622}/{order_id}").json()["externalId"][0]["id"] == "PO-78"
    assert [one["id"] for one in product.get(f"{ORDERS}/{order_id}").json()["externalIdentifiers"]] == ["PO-78"]
    refused = patch(product, address, {"orderDate": "2020-01-01T00:00:00Z"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/orderDate")


def test_an_item_is_changed_by_a_query(product: Node) -> None:
    order_id = draft(product)
    body = [{"op": "replace", "path": "/productOrderItem/quantity?productOrderItem.id=2", "value": 3}]
    answer = patch(product, f"{TMF622}/{order_id}", body, QUERY)
    assert [item["quantity"] for item in answer.json()["productOrderItem"]] == [1, 3]
    nobody = [{"op": "replace", "path": "/productOrderItem/quantity?productOrderItem.id=9", "value": 3}]
    refused = patch(product, f"{TMF622}/{order_id}", nobody, QUERY)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/0/path")


def test_what_the_state_forbids_is_a_conflict_that_says_what_is_allowed(product: Node) -> None:
    order_id = product.post(TMF622, partner_order(), client="partner-acme").json()["id"]
    product.until_finished(order_id)
    for body, pointer in (({"state": "cancelled"}, "/state"), ({"productOrderItem": [{}]}, "/productOrderItem")):
        answer = patch(product, f"{TMF622}/{order_id}", body)
        error = answer.json()
        assert (answer.status_code, error["code"]) == (409, "INVALID_TRANSITION"), answer.text
        assert (error["errors"][0]["pointer"], error["errors"][0]["allowed"]) == (pointer, ["annotate"])
        assert "completed" in error["message"]


def test_a_test_that_does_not_hold_is_a_conflict_and_changes_nothing(product: Node) -> None:
    order_id = draft(product)
    body = [{"op": "add", "path": "/priority", "value": "1"}, {"op": "test", "path": "/state", "value": "held"}]
    answer = patch(product, f"{TMF622}/{order_id}", body, JSON_PATCH)
    assert (answer.status_code, answer.json()["code"]) == (409, "PATCH_TEST_FAILED")
    assert "priority" not in product.get(f"{TMF622}/{order_id}").json()


def test_mistakes_in_the_result_are_pointed_at(product: Node) -> None:
    address = f"{TMF622}/{draft(product)}"
    for body, code in (
        ({"productOrderItem": [{"id": "1", "action": "change"}]}, "INVALID_REQUEST"),
        ({"productOrderItem": [{"id": "1", "action": "modify"}]}, "PRODUCT_REFERENCE_MISSING"),
        ({"relatedParty": []}, "CUSTOMER_MISSING"),
        ({"id": "7"}, "INVALID_REQUEST"),
    ):
        answer = patch(product, address, body)
        assert (answer.status_code, answer.json()["code"]) == (400, code), answer.text
    unknown = partner_order("C12345", "po_none")["productOrderItem"]
    answer = patch(product, address, {"productOrderItem": unknown})
    assert (answer.json()["code"], answer.json()["errors"][0]["pointer"]) == (
        "UNKNOWN_OFFERING",
        "/productOrderItem/0/productOffering/id",
    )
    assert patch(product, address, "<x/>", "application/xml").status_code == 415


def test_a_stale_version_changes_and_removes_nothing(product: Node) -> None:
    order_id = draft(product)
    address = f"{TMF622}/{order_id}"
    assert patch(product, address, {"priority": "1"}, If_Match='"1"').headers["ETag"] == '"2"'
    for stale in ('"1"', 'W/"2"', '"x", "1"', "nonsense", "", ",", 'a"'):
        answer = patch(product, address, {"priority": "2"}, If_Match=stale)
        assert (answer.status_code, answer.json()["code"]) == (412, "VERSION_MISMATCH"), stale
        assert product.request("DELETE", address, "qa", headers={"If-Match": stale}).status_code == 412
    assert patch(product, address, {"priority": "3"}, If_Match='"7", "2"').ok
    assert patch(product, address, {"priority": "4"}, If_Match="*").ok
    assert product.get(address).json()["priority"] == "4"


def test_a_change_that_changes_nothing_makes_no_version(product: Node) -> None:
    order_id = draft(product)
    shown = product.get(f"{TMF622}/{order_id}")
    answer = patch(product, f"{TMF622}/{order_id}", shown.json())
    assert (answer.status_code, answer.headers["ETag"], answer.json()) == (200, shown.headers["ETag"], shown.json())


def test_only_who_may_changes_and_removes(product: Node) -> None:
    order_id = draft(product, client="qa")
    address = f"{TMF622}/{order_id}"
    assert patch(product, address, {"priority": "1"}).status_code == 404, "another partner's"
    assert product.request("DELETE", address, "partner-acme").status_code == 403
    reader = product.command("token", "qa", "--scope", "order:read").stdout.strip()
    headers = {"Authorization": f"Bearer {reader}", "Content-Type": MERGE}
    assert requests.patch(product.url + address, data="{}", headers=headers, timeout=LONG).status_code == 403


def test_an_administrator_removes_what_has_ended_and_nothing_else(product: Node) -> None:
    ended = product.post(TMF622, partner_order(), client="partner-acme").json()["id"]
    product.until_finished(ended)
    in_v4 = {
        "relatedParty": [{"id": "C12345", "role": "Customer", "@referredType": "Customer"}],
        "productOrderItem": [{"id": "1", "action": "add", "productOffering": {"id": "po_tv_basic"}}],
    }
    product.backends.fault("crm", status=503)
    under_way = product.post(TMF622, partner_order(), client="partner-acme").json()["id"]
    refused = product.request("DELETE", f"{TMF622}/{under_way}", "qa")
    product.backends.clear()
    assert (refused.status_code, refused.json()["code"]) == (409, "INVALID_TRANSITION")
    for order_id in (ended, draft(product)):
        answer = product.request("DELETE", f"{TMF622}/{order_id}", "qa")
        assert (answer.status_code, answer.content) == (204, b"")
        for path in (TMF622, V4, ORDERS):
            assert product.get(f"{path}/{order_id}").status_code == 404
        assert product.request("DELETE", f"{TMF622}/{order_id}", "qa").status_code == 404
    key = {"Idempotency-Key": "of-a-removed-order"}
    placed = product.post(ORDERS, portal_order(), headers=key).json()["id"]
    assert product.request("DELETE", f"{TMF622}/{placed}", "qa").status_code == 204
    repeated = product.post(ORDERS, portal_order(), headers=key, timeout=LONG)
    assert (repeated.status_code, repeated.json()["code"]) == (404, "ORDER_NOT_FOUND")
    for path, body in ((TMF622, partner_order()), (V4, in_v4)):
        key = {"Idempotency-Key": f"of-a-removed-order{path}"}
        first = product.post(path, body, headers=key)
        assert product.post(path, body, headers=key).json() == first.json()
        product.until_finished(first.json()["id"])
        assert product.request("DELETE", f"{path}/{first.json()['id']}", "qa").status_code == 204
        repeated = product.post(path, body, headers=key)
        assert (repeated.status_code, repeated.json()["code"]) == (404, "ORDER_NOT_FOUND"), path
    assert product.until_finished(under_way)["status"] == "confirmed"


def test_many_changes_at_once_are_all_kept(product: Node) -> None:
    address = f"{TMF622}/{draft(product)}"

    def change(number: int) -> bool:
        """False as long as too many others change the order at this time."""
        answer = patch(product, address, {f"acme{number}": number})
        assert answer.ok or answer.json()["code"] == "CONCURRENT_CHANGE", answer.text
        return answer.ok

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: until(lambda: change(number)), range(8)))
    assert all(product.get(address).json()[f"acme{n}"] == n for n in range(8))
    assert product.get(address).headers["ETag"] == '"9"'
