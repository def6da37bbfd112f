"""The canonical API's customer assets over HTTP, on both databases."""

from typing import Any
from uuid import uuid4

import pytest

from tests.support.product import Node

ASSETS, PRODUCTS = "/api/v1/customer-assets", "/tmf-api/productInventory/v5/product"


def record(product: Node, customer: str, **attributes: Any) -> str:
    party = {"role": "Customer", "partyOrPartyRole": {"@type": "PartyRoleRef", "id": customer}}
    answer = product.post(PRODUCTS, {"status": "active", "relatedParty": [party], **attributes})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def correct(product: Node, asset_id: str, reason: str, **changes: Any) -> None:
    headers = {"Correction-Reason": reason, "Content-Type": "application/merge-patch+json"}
    answer = product.request("PATCH", f"{PRODUCTS}/{asset_id}", json=changes, headers=headers)
    assert answer.status_code == 200, answer.text


def ids(product: Node, client: str = "portal", **query: str) -> list[str]:
    answer = product.get(ASSETS, client, params=query)
    assert answer.status_code == 200, answer.text
    return [one["assetId"] for one in answer.json()["items"]]


def test_an_asset_is_shown_as_it_was_recorded(product: Node) -> None:
    offering = {"@type": "ProductOfferingRef", "id": "po_broadband_1g", "name": "Broadband", "version": "1"}
    values = [{"name": "downstream", "value": 1000}, {"name": "colour", "value": "black"}]
    asset_id = record(
        product, "C12345", productOffering=offering, productCharacteristic=values, startDate="2026-01-05T00:00:00Z"
    )
    answer = product.get(f"{ASSETS}/{asset_id}", "portal")
    assert answer.headers["ETag"] == '"1"'
    shown = answer.json()
    times = {name: shown[name] for name in ("createdAt", "changedAt")}
    assert shown == times | {
        "assetId": asset_id,
        "customerId": "C12345",
        "status": "ACTIVE",
        "productOffering": {"id": "po_broadband_1g", "version": "1", "name": "Broadband"},
        "quantity": 1,
        "characteristics": [{"code": "downstream", "value": 1000}, {"code": "colour", "value": "black"}],
        "subscription": None,
        "orders": [],
        "startedAt": "2026-01-05T00:00:00.000Z",
    }


def test_assets_are_found_by_all_filters_together(product: Node) -> None:
    customer, offering, place = (str(uuid4()) for _ in range(3))
    made = record(
        product,
        customer,
        productOffering={"id": offering},
        productCharacteristic=[{"name": "downstream", "value": 500}, {"name": "note", "value": "a=b"}],
        place=[{"role": "here", "place": {"@type": "PlaceRef", "id": place}}],
    )
    other = record(product, customer, status="suspended")
    assert ids(product, customerId=customer) == [other, made]
    assert ids(product, customerId=customer, status="SUSPENDED,TERMINATED") == [other]
    assert ids(product, customerId=customer, limit="1", offset="1") == [made]
    for query in (
        {"offeringId": offering},
        {"place": place},
        {"customerId": customer, "characteristic": "downstream=500"},
        {"customerId": customer, "characteristic": "note=a=b", "status": "ACTIVE"},
    ):
        assert ids(product, **query) == [made], query
    assert ids(product, customerId=customer, characteristic="downstream=50") == []
    assert ids(product, customerId=customer, characteristic="downstream=5.0e2") == [made], "numbers are found by value"
    digits = record(product, customer, productCharacteristic=[{"name": "downstream", "value": "0500"}])
    assert ids(product, customerId=customer, characteristic="downstream=0500") == [digits, made]


def test_what_happened_is_told_with_each_attribute_that_changed(product: Node) -> None:
    asset_id = record(product, "C12345", name="Line")
    correct(product, asset_id, "wrong name", name="Fibre", productSerialNumber="SN1")
    correct(product, asset_id, "not paid", status="suspended")
    entries = product.get(f"{ASSETS}/{asset_id}/timeline", "portal").json()["items"]
    assert [(one["reason"], one["status"], one["trigger"]) for one in entries] == [
        ("corrected through TMF637", "ACTIVE", "correct"),
        ("wrong name", "ACTIVE", "correct"),
        ("not paid", "SUSPENDED", "suspend"),
    ]
    assert [one["changes"] for one in entries] == [
        [],
        [
            {"attribute": "name", "before": "Line", "after": "Fibre"},
            {"attribute": "serialNumber", "before": None, "after": "SN1"},
        ],
        [],
    ]
    assert {one["actor"] for one in entries} == {"qa"}


@pytest.mark.parametrize("path", ["", "/timeline"])
def test_whom_it_does_not_concern_does_not_see_it(product: Node, path: str) -> None:
    asset_id = record(product, "C12347")
    for client in ("partner-acme", "partner-claim"):
        answer = product.get(f"{ASSETS}/{asset_id}{path}", client)
        assert (answer.status_code, answer.json()["code"]) == (404, "ASSET_NOT_FOUND")
        assert asset_id not in ids(product, client, customerId="C12347")


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"status": "SLEEPING"}, "/status"),
        ({"characteristic": "downstream"}, "/characteristic"),
        ({"colour": "x"}, None),
    ],
)
def test_what_cannot_be_asked_for_is_refused(product: Node, query: dict[str, str], pointer: str | None) -> None:
    answer = product.get(ASSETS, "portal", params=query)
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_REQUEST")
    assert pointer in [None, *(one["pointer"] for one in answer.json()["errors"])]
