"""What a client learns of products of customers that it may not act for, and of their past: nothing."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from tests.support.bound import FOREIGN, MERGE, MINE, Caller
from tests.support.product import ORDERS, Node, running_product

ASSETS, TRY = "/api/v1/customer-assets", "/api/v1/translations"
PRODUCTS = {version: f"/tmf-api/productInventory/{version}/product" for version in ("v5", "v4")}
HUBS = {version: f"/tmf-api/productInventory/{version}/hub" for version in PRODUCTS}
BOTH = pytest.mark.parametrize("version", PRODUCTS)
ADMINISTRATOR = ("inventory:correct",)


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_product(tmp_path_factory.mktemp("others")) as node:
        yield node


def of_customer(version: str, customer: str) -> list[dict[str, Any]]:
    if version == "v4":
        return [{"id": customer, "role": "Customer", "@referredType": "Customer"}]
    return [{"role": "Customer", "partyOrPartyRole": {"@type": "PartyRoleRef", "id": customer}}]


def recorded(caller: Caller, version: str = "v5", customer: str = MINE, serial: str = "SN-MINE", **headers: str) -> Any:
    body = {
        "name": "Line of mine",
        "status": "active",
        "relatedParty": of_customer(version, customer),
        "billingAccount": {"id": "BA-MINE"},
        "productSerialNumber": serial,
        "productCharacteristic": [{"name": "wifiName", "value": "my own net"}],
    }
    return caller("POST", PRODUCTS[version], body, **headers)


def given_away(node: Node, asset_id: str, reason: str = "divorce") -> None:
    both = Caller(node, [MINE, FOREIGN], ADMINISTRATOR)
    item = {"action": "MOVE", "assetId": asset_id, "newCustomerId": FOREIGN, "reason": reason}
    answer = both("POST", ORDERS, {"customerId": MINE, "items": [item]})
    assert answer.status_code == 201, answer.text
    node.until_finished(answer.json()["id"])


def test_the_new_customer_learns_nothing_of_the_time_before(product: Node) -> None:
    mine, theirs = Caller(product, [MINE], ADMINISTRATOR), Caller(product, [FOREIGN], ADMINISTRATOR)
    asset_id = recorded(mine).json()["id"]
    changed = {"productCharacteristic": [{"name": "wifiName", "value": "another net"}]}
    address = f"{PRODUCTS['v5']}/{asset_id}"
    assert mine("PATCH", address, changed, **MERGE, Correction_Reason="she told us").status_code == 200
    assert len(mine("GET", f"{ASSETS}/{asset_id}/timeline").json()["items"]) == 2
    given_away(product, asset_id)
    renamed = theirs("PATCH", address, {"name": "Line of theirs"}, **MERGE)
    assert renamed.status_code == 200, renamed.text

    for path in ("", "/timeline", "/eligible-actions"):
        assert mine("GET", f"{ASSETS}/{asset_id}{path}").status_code == 404
    told = theirs("GET", f"{ASSETS}/{asset_id}/timeline")
    assert [one["trigger"] for one in told.json()["items"]] == ["move", "correct"]
    for secret in (MINE, "my own net", "she told us", "BA-MINE"):
        assert secret not in told.text
    assert [one["attribute"] for one in told.json()["items"][1]["changes"]] == ["name"]
    everything = product.get(f"{ASSETS}/{asset_id}/timeline", "portal").json()["items"]
    assert len(everything) == 4, "who acts for all customers sees all"


@BOTH
def test_a_product_that_is_given_away_is_paid_by_nobody_s_old_account(product: Node, version: str) -> None:
    both = Caller(product, [MINE, FOREIGN], ADMINISTRATOR)
    user = {"role": "user", "id": "P-7", "@referredType": "Individual"}
    user5 = {"role": "user", "partyOrPartyRole": {"@type": "PartyRef", "id": "P-7"}}
    body = {
        "status": "active",
        "relatedParty": [*of_customer(version, MINE), user if version == "v4" else user5],
        "billingAccount": {"id": "BA-MINE"},
    }
    asset_id = both("POST", PRODUCTS[version], body).json()["id"]
    given_away(product, asset_id)
    shown = both("GET", f"{PRODUCTS[version]}/{asset_id}")
    assert shown.status_code == 200, shown.text
    assert shown.json()["billingAccount"] is None
    assert "P-7" not in shown.text
    assert MINE not in shown.text


@BOTH
def test_a_product_that_was_given_away_is_not_repeated(product: Node, version: str) -> None:
    mine, key = Caller(product, [MINE], ADMINISTRATOR), str(uuid4())
    first = recorded(mine, version, Idempotency_Key=key)
    assert recorded(mine, version, Idempotency_Key=key).text == first.text
    patch, address = str(uuid4()), f"{PRODUCTS[version]}/{first.json()['id']}"
    corrected = mine("PATCH", address, {"name": "x"}, **MERGE, Idempotency_Key=patch)
    assert mine("PATCH", address, {"name": "x"}, **MERGE, Idempotency_Key=patch).text == corrected.text
    given_away(product, first.json()["id"])
    again = [
        recorded(mine, version, Idempotency_Key=key),
        mine("PATCH", address, {"name": "x"}, **MERGE, Idempotency_Key=patch),
        Caller(product, [FOREIGN], ADMINISTRATOR)("PATCH", address, {"name": "x"}, **MERGE, Idempotency_Key=patch),
    ]
    assert {(one.status_code, one.json()["code"]) for one in again} == {(404, "ASSET_NOT_FOUND")}


def test_the_audit_record_of_a_product_goes_with_the_product(product: Node) -> None:
    mine = Caller(product, [MINE], ADMINISTRATOR)
    asset_id = recorded(mine, Correction_Reason="as she told us").json()["id"]
    engine = sa.create_engine(product.database)
    with engine.connect() as connection:
        record = connection.scalar(sa.text("SELECT id FROM audit WHERE subject = :asset"), {"asset": asset_id})
    engine.dispose()
    assert mine("GET", f"/api/v1/audit-records/{record}").json()["reason"] == "as she told us"
    given_away(product, asset_id)
    hidden, unknown = (mine("GET", f"/api/v1/audit-records/{one}") for one in (record, uuid4()))
    assert (hidden.status_code, hidden.json()["code"]) == (404, unknown.json()["code"])
    assert product.get(f"/api/v1/audit-records/{record}").status_code == 200


@BOTH
def test_no_query_finds_what_is_not_seen(product: Node, version: str) -> None:
    mine, theirs = Caller(product, [MINE], ADMINISTRATOR), Caller(product, [FOREIGN], ADMINISTRATOR)
    serial = str(uuid4())
    made = recorded(mine, version, serial=serial)
    asset_id, path = made.json()["id"], PRODUCTS[version]
    for query in (
        f"id={asset_id}",
        f"productSerialNumber={serial}",
        f"filter=$[?(@.productSerialNumber=='{serial}')]",
        f"id={asset_id}&filter=$.productCharacteristic[?(@.value=='my own net')]",
        f"id={asset_id}&productCharacteristic.value.regex=my+own&sort=-name",
        f"billingAccount.id=BA-MINE&fields=id&relatedParty{'' if version == 'v4' else '.partyOrPartyRole'}.id={MINE}",
    ):
        assert asset_id in [one["id"] for one in mine("GET", f"{path}?{query}").json()], query
        found = theirs("GET", f"{path}?{query}")
        assert (found.status_code, found.json(), found.headers["X-Total-Count"]) == (200, [], "0"), query
    for headers in ({}, {"If_None_Match": made.headers["ETag"]}):
        assert theirs("GET", f"{path}/{asset_id}", **headers).status_code == 404
    for headers in ({}, {"If_Match": made.headers["ETag"]}, {"If_Match": '"7"'}):
        refused = [theirs("PATCH", f"{path}/{one}", {"name": "x"}, **MERGE, **headers) for one in (asset_id, uuid4())]
        assert {(one.status_code, one.json()["code"]) for one in refused} == {(404, "ASSET_NOT_FOUND")}
        assert theirs("DELETE", f"{path}/{asset_id}", **headers).status_code == 404


@BOTH
def test_a_dry_run_tells_no_more_than_the_request_would(product: Node, version: str) -> None:
    mine, theirs = Caller(product, [MINE], ADMINISTRATOR), Caller(product, [FOREIGN], ADMINISTRATOR)
    asset_id = recorded(mine).json()["id"]

    def tried(caller: Caller, api: str, operation: str, payload: Any) -> dict[str, Any]:
        body = {"api": api, "version": version, "operation": operation, "payload": payload}
        answer = caller("POST", TRY, body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    of_mine = {"status": "active", "relatedParty": of_customer(version, MINE)}
    [error] = tried(theirs, "TMF637", "createProduct", of_mine)["errors"]
    assert error["reason"] == "CUSTOMER_NOT_FOUND"
    assert tried(mine, "TMF637", "createProduct", of_mine)["accepted"]

    def change_of(product_id: str) -> dict[str, Any]:
        item = {"id": "1", "action": "delete", "product": {"id": product_id}}
        return {"relatedParty": of_customer(version, FOREIGN), "productOrderItem": [item]}

    foreign, unknown = (
        tried(theirs, "TMF622", "createProductOrder", change_of(one)) for one in (asset_id, str(uuid4()))
    )
    assert [one["reason"] for one in foreign["errors"]] == ["PRODUCT_NOT_FOUND"]
    assert foreign == unknown


@BOTH
def test_a_listener_of_another_client_is_not_there(product: Node, version: str) -> None:
    hub = HUBS[version]
    registered = product.post(hub, {"callback": "https://listener.example/products"}, "qa")
    assert registered.status_code == 201, registered.text
    for method in ("GET", "DELETE"):
        answer = product.request(method, f"{hub}/{registered.json()['id']}", "partner-acme")
        assert (answer.status_code, answer.json()["code"]) == (404, "LISTENER_NOT_FOUND")
    assert product.get(f"{hub}/{registered.json()['id']}", "qa").status_code == 200


def test_an_order_of_an_unseen_product_is_one_of_an_unknown_product(product: Node) -> None:
    mine, theirs = Caller(product, [MINE], ADMINISTRATOR), Caller(product, [FOREIGN], ADMINISTRATOR)
    asset_id = recorded(mine).json()["id"]
    answers = []
    for one in (asset_id, str(uuid4())):
        item = {"action": "DISCONNECT", "assetId": one}
        refused = theirs("POST", ORDERS, {"customerId": FOREIGN, "items": [item]})
        answers.append((refused.status_code, refused.text.count(one), refused.json()["code"]))
    assert answers[0] == answers[1]
    assert answers[0][2] == "PRODUCT_NOT_FOUND"
