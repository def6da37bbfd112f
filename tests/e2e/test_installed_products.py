"""TMF637 products over real HTTP, in both versions and on both databases: recorded, read, found, corrected, removed."""

import json
from typing import Any
from uuid import uuid4

import pytest
import requests

from tests.support.product import ROOT, Node

API = "/tmf-api/productInventory"
V5, V4 = f"{API}/v5/product", f"{API}/v4/product"
BOTH = pytest.mark.parametrize("path", [V5, V4], ids=["v5", "v4"])
PUBLISHED = ROOT / "fixtures" / "published" / "tmf637" / "v5"
MEDIA_TYPES = {"15": "json", "17": "merge-patch+json", "19": "json-patch+json"}
READER = "partner-acme"
"""A client that reads what it ordered, and corrects nothing."""


def example(number: str) -> Any:
    return json.loads(next(PUBLISHED.glob(f"{number}-*")).read_text())


def record(product: Node, path: str = V5, **attributes: Any) -> dict[str, Any]:
    answer = product.post(path, {"status": "active", **attributes})
    assert answer.status_code == 201, answer.text
    recorded: dict[str, Any] = answer.json()
    return recorded


def correct(
    product: Node, address: str, body: Any, kind: str = "merge-patch+json", **headers: str
) -> requests.Response:
    told = {"Content-Type": f"application/{kind}", **headers}
    return product.request("PATCH", address, data=json.dumps(body), headers=told)


def of_customer(path: str, customer: str) -> dict[str, Any]:
    if path == V4:
        return {"relatedParty": [{"id": customer, "role": "Customer", "@referredType": "Customer"}]}
    return {"relatedParty": [{"role": "Customer", "partyOrPartyRole": {"@type": "PartyRoleRef", "id": customer}}]}


def ids(product: Node, path: str, client: str = "qa", **query: str) -> list[str]:
    answer = product.get(path, client, params=query)
    assert answer.status_code in (200, 206), answer.text
    return [one["id"] for one in answer.json()]


@pytest.mark.parametrize("version", ["v5", "v4"])
def test_a_golden_request_is_answered_as_written(product: Node, version: str) -> None:
    folder, path = ROOT / "fixtures" / "golden" / "tmf637" / version, f"{API}/{version}/product"
    request, answer = (json.loads((folder / f"80-product.{kind}.json").read_text()) for kind in ("request", "response"))
    own = {"id": str(uuid4())}
    created = product.post(path, request | own)
    assert created.status_code == 201, created.text
    shown = created.json()
    assert created.headers["Location"] == shown["href"] == f"{product.url}{path}/{own['id']}"
    assert shown == answer | own | {name: shown[name] for name in ("href", "creationDate") if name in shown}
    read = product.get(f"{path}/{own['id']}")
    assert (read.status_code, read.json(), read.headers["ETag"]) == (200, shown, created.headers["ETag"])


@pytest.mark.parametrize("number", ["11", "13", "105", "107"])
def test_the_published_products_are_recorded(product: Node, number: str) -> None:
    answer = product.post(V5, example(number))
    assert answer.status_code == 201, answer.text
    assert answer.json().items() >= {name: value for name, value in example(number).items() if name != "status"}.items()


def test_the_published_product_of_v4_is_recorded_in_v4(product: Node) -> None:
    [sample] = json.loads((PUBLISHED.parent / "v4" / "01-sample-product.json").read_text())
    own = {"id": str(uuid4())}
    shown = product.post(V4, sample | own).json()
    assert shown["href"] == f"{product.url}{V4}/{own['id']}", "the address elsewhere is ignored"
    assert [one["orderItemAction"] for one in shown["productOrderItem"]] == ["add", "change", "change"]
    assert ids(product, V4, **{"productOrderItem.productOrderId": "df65-gh12", "id": own["id"]}) == [own["id"]]


@pytest.mark.parametrize("number", MEDIA_TYPES)
def test_the_published_corrections_are_made(product: Node, number: str) -> None:
    address = f"{V5}/{record(product, **example('11') | {'status': 'pendingActive'})['id']}"
    answer = correct(product, address, example(number), MEDIA_TYPES[number])
    assert (answer.status_code, answer.json()["status"]) == (200, "active")


def test_the_published_correction_that_names_places_by_a_query(product: Node) -> None:
    """Its query has `user`; as the product has it, the role is `User`."""
    address = f"{V5}/{record(product, **example('11'))['id']}"
    answer = correct(product, address, example("21"), "json-patch-query+json")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/0/path")
    meant = json.loads(json.dumps(example("21")).replace("role=user", "role=User"))
    shown = correct(product, address, meant, "json-patch-query+json").json()
    assert shown["relatedParty"][0]["partyOrPartyRole"]["id"] == "777"
    assert shown["productCharacteristic"][1]["value"]["volume"] == 120


@BOTH
def test_each_version_shows_what_the_other_took(product: Node, path: str) -> None:
    made = record(product, path, name="Line", **of_customer(path, "C12345"))
    v4, v5 = (product.get(f"{one}/{made['id']}").json() for one in (V4, V5))
    assert (v4["name"], v5["name"]) == ("Line", "Line")
    assert v4["relatedParty"][0]["id"] == v5["relatedParty"][0]["partyOrPartyRole"]["id"] == "C12345"
    assert v4["productOffering"] is v5["productOffering"] is None


@BOTH
def test_products_are_found_by_what_they_have(product: Node, path: str) -> None:
    customer, number, order = (str(uuid4()) for _ in range(3))
    place: dict[str, Any] = {"id": number, "role": "here"}
    item = {"orderItemId": "1", "role": "x"}
    v5 = path == V5
    made = record(
        product,
        path,
        **of_customer(path, customer),
        productOffering={"id": order},
        place=[{"role": "here", "place": {"@type": "PlaceRef", "id": number}} if v5 else place],
        productCharacteristic=[{"name": "number", "value": number}],
        productOrderItem=[item | ({"orderId": order} if v5 else {"productOrderId": order})],
        startDate="2031-05-03T12:00:00Z",
    )["id"]
    other = record(product, path, **of_customer(path, customer), status="suspended")["id"]
    party, place_id, of_order = (
        ("relatedParty.partyOrPartyRole.id", "place.place.id", "productOrderItem.orderId")
        if v5
        else ("relatedParty.id", "place.id", "productOrderItem.productOrderId")
    )
    assert ids(product, path, **{party: customer}) == [other, made]
    assert ids(product, path, **{party: customer, "status": "suspended"}) == [other]
    for query in (
        {"productOffering.id": order},
        {place_id: number},
        {of_order: order},
        {"productCharacteristic.name": "number", "productCharacteristic.value": number},
        {party: customer, "startDate.gt": "2031-01-01T00:00:00Z"},
    ):
        assert ids(product, path, **query) == [made], query


@BOTH
def test_products_are_found_by_numbers_and_truth_values(product: Node, path: str) -> None:
    customer = str(uuid4())
    party = "relatedParty.partyOrPartyRole.id" if path == V5 else "relatedParty.id"
    made = {}
    for value in (500, 500.5, True, "500", "true"):
        said = {"name": "x", "value": value}
        made[repr(value)] = record(product, path, productCharacteristic=[said], **of_customer(path, customer))["id"]

    def found(value: str, **more: str) -> set[str]:
        named = {party: customer, "productCharacteristic.value": value, **more}
        return {name for name, one in made.items() if one in ids(product, path, **named)}

    assert found("500") == {"500", "'500'"}
    assert found("500.50") == {"500.5"}
    assert found("5e2") == {"500"}
    assert found("true") == {"True", "'true'"}
    assert found("500", filter="$.productCharacteristic[?(@.name=='x' && @.value=='500')]") == {"'500'"}
    assert found("500", filter="$.productCharacteristic[?(@.name=='x' && @.value==500)]") == {"500"}


def test_a_correction_has_a_reason_and_is_made_of_what_was_read(product: Node) -> None:
    made = product.post(V5, {"name": "Line", "status": "active"}, headers={"Correction-Reason": "from the old system"})
    address = f"{V5}/{made.json()['id']}"
    stale = {"If-Match": made.headers["ETag"], "Correction-Reason": "wrong name"}
    changed = correct(product, address, {"name": "Fibre"}, **stale)
    assert (changed.status_code, changed.json()["name"], changed.headers["ETag"]) == (200, "Fibre", '"2"')
    assert correct(product, address, {"name": "Cable"}, **stale).status_code == 412
    assert correct(product, address, {"status": "created"}).json()["code"] == "INVALID_TRANSITION"
    assert correct(product, address, {"name": "x"}, **{"Correction-Reason": "x" * 201}).status_code == 400


def test_a_repeated_request_records_once(product: Node) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    first, again = (product.post(V5, {"name": "Line"}, headers=key) for _ in range(2))
    assert first.json() == again.json()


@BOTH
def test_an_id_is_given_once_and_what_is_removed_is_gone(product: Node, path: str) -> None:
    own = str(uuid4())
    record(product, path, id=own)
    again = product.post(path, {"status": "active", "id": own})
    assert (again.status_code, again.json()["code"]) == (409, "ASSET_EXISTS")
    bundle = {"relationshipType": "bundles", **({"id": own} if path == V5 else {"product": {"id": own}})}
    around = record(product, path, productRelationship=[bundle])["id"]
    refused = product.request("DELETE", f"{path}/{own}")
    assert (refused.status_code, refused.json()["code"]) == (409, "ASSET_IN_USE")
    for one in (around, own):
        assert product.request("DELETE", f"{path}/{one}").status_code == 204
        assert product.get(f"{path}/{one}").json()["code"] == "ASSET_NOT_FOUND"


@BOTH
def test_a_partner_sees_and_changes_nothing_that_others_recorded(product: Node, path: str) -> None:
    made = record(product, path, **of_customer(path, "C12345"))["id"]
    answer = product.get(f"{path}/{made}", READER)
    assert (answer.status_code, answer.json()["code"]) == (404, "ASSET_NOT_FOUND")
    assert made not in ids(product, path, READER)
    assert made in ids(product, path, "portal"), "it has inventory:read:all"
    for method in ("PATCH", "DELETE"):
        assert product.request(method, f"{path}/{made}", READER, json={"name": "x"}).status_code == 403
    assert product.post(path, {"status": "active"}, READER).status_code == 403


def test_a_client_that_is_bound_to_customers_sees_those_of_them_only(product: Node) -> None:
    mine, other = (record(product, V5, **of_customer(V5, customer))["id"] for customer in ("C12345", "C12347"))
    seen = ids(product, V5, "partner-claim", sort="-creationDate")
    assert mine in seen
    assert other not in seen


def test_the_other_address_leads_to_the_same(product: Node) -> None:
    made, alias = record(product)["id"], "/tmf-api/productInventoryManagement/v5/product"
    assert product.get(f"{alias}/{made}").json()["href"] == f"{product.url}{alias}/{made}"


def test_a_listener_registers_as_in_the_guide(product: Node) -> None:
    """It has no `@type`, although the schema demands one."""
    body = {"callback": f"https://192.0.9.1/{uuid4()}", "query": "eventType=ProductCreateEvent"}
    answer = product.post(f"{API}/v5/hub", body)
    assert (answer.status_code, answer.json()["@type"]) == (201, "Hub")


@BOTH
def test_a_dry_run_records_nothing(product: Node, path: str) -> None:
    body = {"id": str(uuid4()), "status": "active"}
    told = {"api": "TMF637", "version": path.split("/")[3], "operation": "createProduct", "payload": body}
    answer = product.post("/api/v1/translations", told)
    assert (answer.status_code, answer.json()["accepted"]) == (200, True)
    assert product.get(f"{path}/{body['id']}").status_code == 404
