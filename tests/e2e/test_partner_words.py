"""Two partners with ids and words of their own, which contradict each other: each reads what it says."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.product import ORDERS, TMF622, Node, partner_order, portal_order
from tests.support.waiting import until
from tests.unit.engine.worded import golden

RECORDS = "/api/v1/audit-records"
V4 = TMF622.replace("/v5/", "/v4/")
PRODUCTS = "/tmf-api/productInventory/v5/product"
OFFERINGS = "/tmf-api/productCatalogManagement/v5/productOffering"
PATHS = {"v5": TMF622, "v4": V4}
WORDS: Mapping[str, dict[str, str]] = {
    "partner-alpha": {
        "role": "Endkunde", "customer": "KD-C12345", "add": "neu", "tv": "A-200", "done": "fertig",
        "not done": "completed", "product": "P-{}", "not agreed": "E-WORT", "no stock": "E-LAGER",
    },
    "partner-beta": {
        "role": "Buyer of beta", "customer": "KD-1", "add": "order", "tv": "A-100", "done": "angenommen",
        "not done": "pending", "not agreed": "UNKNOWN_CODE", "no stock": "E-KUNDE",
        "product": "beta:{}",
    },
}  # fmt: skip
PARTNERS = pytest.mark.parametrize("partner", WORDS)
VERSIONS = pytest.mark.parametrize("version", PATHS)


@pytest.fixture(scope="module")
def product(product_on_sqlite: Node) -> Node:
    return product_on_sqlite


def order(partner: str, version: str, **changes: str) -> dict[str, Any]:
    words = WORDS[partner] | changes
    named = {"id": words["customer"], "@referredType": "Customer"}
    party = named if version == "v4" else {"partyOrPartyRole": {"@type": "PartyRoleRef", **named}}
    item = {"id": "1", "action": words["add"], "quantity": 1, "productOffering": {"id": words["tv"]}}
    return {"relatedParty": [{"role": words["role"], **party}], "productOrderItem": [item]}


def customer_in(shown: Any, version: str) -> str:
    [party] = shown["relatedParty"]
    return str((party if version == "v4" else party["partyOrPartyRole"])["id"])


def placed(product: Node, partner: str, version: str) -> str:
    answer = product.post(PATHS[version], order(partner, version), client=partner)
    assert answer.status_code == 201, answer.text
    order_id = str(answer.json()["id"])
    product.until_finished(order_id)
    return order_id


@PARTNERS
@VERSIONS
def test_who_sends_its_own_words_reads_its_own_words(product: Node, partner: str, version: str) -> None:
    order_id, words = placed(product, partner, version), WORDS[partner]
    shown = product.get(f"{PATHS[version]}/{order_id}", client=partner).json()
    [item] = shown["productOrderItem"]
    assert (shown["state"], item["state"]) == (words["done"], words["done"])
    assert (item["action"], item["productOffering"]["id"]) == (words["add"], words["tv"])
    assert (shown["relatedParty"][0]["role"], customer_in(shown, version)) == (words["role"], words["customer"])
    ours = product.get(f"{PATHS[version]}/{order_id}").json()
    [item] = ours["productOrderItem"]
    assert (ours["state"], item["action"], item["productOffering"]["id"]) == ("completed", "add", "po_tv_basic")
    assert (ours["relatedParty"][0]["role"], customer_in(ours, version)) == ("Customer", "C12345")
    assert product.get(f"{ORDERS}/{order_id}").json()["customerId"] == "C12345"


@PARTNERS
@VERSIONS
def test_lists_are_filtered_and_shown_in_the_partners_words(product: Node, partner: str, version: str) -> None:
    order_id, words = placed(product, partner, version), WORDS[partner]
    asked = {
        "state": words["done"],
        "productOrderItem.productOffering.id": words["tv"],
        "fields": "state",
        "id": order_id,
    }
    [found] = product.get(PATHS[version], client=partner, params=asked).json()
    assert found["state"] == words["done"]
    refused = product.get(PATHS[version], client=partner, params={"productOrderItem.productOffering.id": "po_tv_basic"})
    assert refused.status_code == 400
    assert words["tv"] in refused.text


@PARTNERS
@VERSIONS
def test_patches_are_in_the_partners_words(product: Node, partner: str, version: str) -> None:
    path, words = f"{PATHS[version]}/{placed(product, partner, version)}", WORDS[partner]

    def patched(value: str, note: str) -> Any:
        tests = [{"op": "test", "path": "/state", "value": value}, {"op": "add", "path": "/description", "value": note}]
        media_type = {"Content-Type": "application/json-patch+json"}
        return product.request("PATCH", path, partner, data=json.dumps(tests), headers=media_type)

    answer = patched(words["done"], "noted")
    assert answer.status_code == 200, answer.text
    assert (answer.json()["description"], answer.json()["state"]) == ("noted", words["done"])
    assert patched(words["not done"], "again").status_code == 409
    merged = product.request("PATCH", path, partner, json={"description": "merged", "state": words["done"]})
    assert (merged.status_code, merged.json()["description"]) == (200, "merged")
    refused = product.request("PATCH", path, partner, json={"billingAccount": {"id": "BA-1"}})
    assert refused.json()["errors"][0]["reason"] == words["not agreed"]


def test_entity_tags_are_those_of_the_words(product: Node) -> None:
    path = f"{TMF622}/{placed(product, 'partner-alpha', 'v5')}"
    alphas, ours = (product.get(path, client=client).headers["ETag"] for client in ("partner-alpha", "qa"))
    assert alphas != ours
    known = {"If-None-Match": alphas}
    assert product.get(path, client="partner-alpha", headers=known).status_code == 304
    assert product.get(path, headers=known).status_code == 200
    changes = {"description": "changed"}
    for tag, status in ((ours, 412), (alphas, 200)):
        answer = product.request("PATCH", path, "partner-alpha", json=changes, headers={"If-Match": tag})
        assert answer.status_code == status


@PARTNERS
def test_a_product_is_read_by_the_partners_id(product: Node, partner: str) -> None:
    words, order_id = WORDS[partner], placed(product, partner, "v5")
    [item] = product.get(f"{TMF622}/{order_id}", client=partner).json()["productOrderItem"]
    shown = product.get(f"{PRODUCTS}/{item['product']['id']}", client=partner).json()
    before, after = words["product"].split("{}")
    ours = shown["id"].removeprefix(before).removesuffix(after)
    assert shown["id"] == item["product"]["id"] == words["product"].format(ours)
    assert shown["href"].rpartition("/")[2].replace("%3A", ":") == shown["id"]
    assert shown["productOffering"]["id"] == words["tv"]
    assert product.get(f"{PRODUCTS}/{ours}", client=partner).status_code == 404
    in_v4 = product.get(f"{PRODUCTS.replace('/v5/', '/v4/')}/{item['product']['id']}", client=partner)
    assert in_v4.json()["id"] == shown["id"]
    report = in_v4.links["describedby"]["url"].removeprefix(product.url)
    assert product.get(report, client=partner).status_code == 200
    [listed] = product.get(PRODUCTS, client=partner, params={"id": shown["id"]}).json()
    assert listed["href"] == shown["href"]
    assert product.get(f"{PRODUCTS}/{ours}").json()["id"] == ours


@PARTNERS
def test_an_offering_is_read_by_the_partners_id(product: Node, partner: str) -> None:
    words = WORDS[partner]
    shown = product.get(f"{OFFERINGS}/{words['tv']}", client=partner).json()
    assert shown["id"] == shown["href"].rpartition("/")[2] == words["tv"]
    assert shown["name"] == product.get(f"{OFFERINGS}/po_tv_basic").json()["name"]
    assert product.get(f"{OFFERINGS}/po_tv_basic", client=partner).status_code == 404


@VERSIONS
def test_what_is_wrong_is_told_in_the_partners_words(product: Node, version: str) -> None:
    refused = product.post(PATHS[version], order("partner-alpha", version, tv="po_tv_basic"), client="partner-alpha")
    [error] = refused.json()["errors"]
    assert (refused.status_code, refused.json()["code"], refused.json()["reason"]) == (
        400,
        "E-WORT",
        "Unbekanntes Wort",
    )
    assert refused.json()["message"] == f"Nicht vereinbart: {error['pointer']}"
    assert (error["pointer"], error["reason"]) == ("/productOrderItem/0/productOffering/id", "E-WORT")
    assert error["allowed"] == ["A-100", "A-200", "A-300"]
    record = product.get(f"/api/v1/audit-records/{refused.json()['id']}", client="partner-alpha").json()
    assert (record["code"], record["status"]) == ("WORD_NOT_AGREED", 400)
    refused = product.post(PATHS[version], order("partner-alpha", version, add="stop"), client="partner-alpha")
    [error] = refused.json()["errors"]
    assert (error["pointer"], "neu" in error["allowed"], "add" in error["allowed"]) == (
        "/productOrderItem/0/action",
        True,
        False,
    )


@PARTNERS
def test_each_partner_reads_its_own_codes(product: Node, partner: str) -> None:
    words = WORDS[partner]
    order_id = product.post(TMF622, order(partner, "v5", tv="A-300"), client=partner).json()["id"]
    product.until_finished(order_id)
    shown = product.get(f"{TMF622}/{order_id}", client=partner).json()
    assert [one["code"] for one in shown["productOrderErrorMessage"]] == [words["no stock"]]
    [note] = product.get(f"{PATHS['v4']}/{order_id}", client=partner).json()["note"]
    assert note["id"] == words["no stock"]
    assert note["text"].startswith(f"{words['no stock']}: ")
    ours = product.get(f"{TMF622}/{order_id}").json()
    assert [one["code"] for one in ours["productOrderErrorMessage"]] == ["INSUFFICIENT_STOCK"]
    problem = product.post(ORDERS, portal_order(SKU999=1), client=partner)
    assert (problem.status_code, problem.json()["code"]) == (409, words["no stock"])
    assert problem.json()["type"] == "urn:tmf-facade:problem:insufficient-stock"


@VERSIONS
def test_a_message_of_the_partners_shows_parameters_in_its_words(product: Node, version: str) -> None:
    path = f"{PATHS[version]}/{placed(product, 'partner-alpha', version)}"
    refused = product.request("PATCH", path, "partner-alpha", json={"requestedStartDate": "2027-01-01T00:00:00Z"})
    assert (refused.status_code, refused.json()["code"]) == (409, "E-STATUS")
    assert refused.json()["message"].startswith("Im Status fertig nicht erlaubt. (")
    assert "is fertig" in refused.json()["message"]


@PARTNERS
@VERSIONS
def test_the_audit_record_tells_what_was_mapped(product: Node, partner: str, version: str) -> None:
    rule = f"mapped by profile: {WORDS[partner]['tv']} is po_tv_basic; "
    answer = product.post(PATHS[version], order(partner, version), client=partner)
    [record] = product.get(RECORDS, params={"orderId": answer.json()["id"]}).json()["items"]
    rules = {one["source"]: one["rule"] for one in record["translation"]}
    assert rules["/productOrderItem/0/productOffering/id"].startswith(rule)
    assert record["profileVersion"].startswith(f"{partner}@file:")
    body = {"api": "TMF622", "version": version, "operation": "createProductOrder", "payload": order(partner, version)}
    tried = product.post("/api/v1/translations", body, client=partner).json()
    assert tried["accepted"], tried
    assert tried["command"]["lines"][0]["offering_id"] == "po_tv_basic"
    rules = {one["source"]: one["rule"] for one in tried["fields"]}
    assert rules["/productOrderItem/0/productOffering/id"].startswith(rule)


@PARTNERS
@VERSIONS
def test_a_dry_run_tells_what_the_record_of_the_request_tells(product: Node, partner: str, version: str) -> None:
    payload = golden(f"{partner.removeprefix('partner-')}-{version}.request")
    payload.pop("externalId", None)  # it is unique
    body = {"api": "TMF622", "version": version, "operation": "createProductOrder", "payload": payload}
    tried = product.post("/api/v1/translations", body, client=partner).json()
    answer = product.post(PATHS[version], payload, client=partner)
    if tried["accepted"]:
        assert answer.status_code == 201, answer.text
        [record] = product.get(RECORDS, params={"orderId": answer.json()["id"]}).json()["items"]
    else:
        assert answer.json().get("errors", tried["errors"]) == tried["errors"]
        record = product.get(f"{RECORDS}/{answer.json()['id']}").json()
    assert record["translation"] == tried["fields"]


def test_a_repeated_key_gets_the_first_answer(product: Node) -> None:
    key = {"Idempotency-Key": "words-once"}
    sent = order("partner-alpha", "v5")
    first, again = (product.post(TMF622, sent, client="partner-alpha", headers=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"]
    assert again.json()["productOrderItem"][0]["productOffering"]["id"] == "A-200"


# --- words that change ------------------------------------------------------------------------------------------------

PROFILES = "/api/v1/partner-profiles"
CHANGING = "partner-pattern"


def activated(product: Node, offerings: dict[str, str], **more: Any) -> str:
    """The address of a version in which the partner calls offerings so."""
    versions = f"{PROFILES}/{CHANGING}/versions"
    made = product.post(versions, {"profile": {"ids": {"offerings": {"table": offerings}}, **more}})
    path = f"{versions}/{made.json()['number']}"
    answer = product.post(f"{path}/activate", {}, headers={"If-Match": made.headers["ETag"]})
    assert answer.status_code == 200, answer.text
    return path


def retire(product: Node, version: str) -> None:
    answer = product.post(f"{version}/retire", {}, headers={"If-Match": product.get(version).headers["ETag"]})
    assert answer.status_code == 200, answer.text


def test_an_order_that_is_judged_after_its_acknowledgement_shows_what_was_sent(product: Node) -> None:
    errors = {"WORD_NOT_AGREED": {"code": "NOT-OURS"}}
    version = activated(product, {"B-1": "po_tv_basic"}, validation="after", errors=errors)
    until(lambda: product.post(TMF622, partner_order("C12345", "B-1"), client=CHANGING).status_code == 201)
    sent = product.post(TMF622, partner_order("C12345", "B-1", "B-2"), client=CHANGING)
    assert sent.status_code == 201, sent.text
    product.until_finished(sent.json()["id"])
    shown = product.get(f"{TMF622}/{sent.json()['id']}", client=CHANGING).json()
    assert shown["state"] == "rejected"
    assert [item["productOffering"]["id"] for item in shown["productOrderItem"]] == ["B-1", "B-2"]
    [message] = shown["productOrderErrorMessage"]
    assert (message["code"], message["productOrderItem"][0]["productOrderItemId"]) == ("NOT-OURS", "2")
    retire(product, version)
    until(lambda: product.post(TMF622, partner_order("C12345", "B-1"), client=CHANGING).status_code == 400)


def test_a_repeated_key_gets_the_first_answer_in_the_words_of_today(product: Node) -> None:
    sent = partner_order("C12345", "A-1")
    key = {"Idempotency-Key": "words-that-change"}

    def tried() -> Any:
        return product.post(TMF622, sent, client=CHANGING, headers=key)

    activated(product, {"A-1": "po_tv_basic"})
    until(lambda: tried().status_code == 201)
    order_id = tried().json()["id"]
    product.until_finished(order_id)
    path = f"{TMF622}/{order_id}"
    before = product.get(path, client=CHANGING)
    version = activated(product, {"A-1": "po_broadband_1g", "A-2": "po_tv_basic"})

    def shown() -> str:
        return str(product.get(path, client=CHANGING).json()["productOrderItem"][0]["productOffering"]["id"])

    until(lambda: shown() == "A-2")
    known = {"If-None-Match": before.headers["ETag"]}
    assert product.get(path, client=CHANGING, headers=known).status_code == 200
    again = tried()
    assert (again.status_code, again.json()["id"]) == (201, order_id)
    assert again.json()["productOrderItem"][0]["productOffering"]["id"] == "A-2"
    retire(product, version)
    until(lambda: shown() == "po_tv_basic")
