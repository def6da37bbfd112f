"""TMF620's catalogs, specifications, prices and offerings over real HTTP, in both versions and on both databases."""

import json
from typing import Any
from uuid import uuid4

import pytest
import requests

from facade.tmf.tmf620.api import TMF620
from tests.support.product import ROOT, Node

API = "/tmf-api/productCatalogManagement"
MERGE = "application/merge-patch+json"
GOLDEN = {
    "productSpecification": "60", "productOfferingPrice": "70", "productOffering": "80", "productCatalog": "90",
}  # fmt: skip
EACH = pytest.mark.parametrize("name", GOLDEN)
BOTH = pytest.mark.parametrize("version", ["v5", "v4"])
OTHER = {"v4": "v5", "v5": "v4"}


def path(version: str, name: str) -> str:
    return f"{API}/{version}/{TMF620.resource(name).name_in(version)}"


def golden(version: str, name: str, kind: str = "request") -> dict[str, Any]:
    file = ROOT / "fixtures" / "golden" / "tmf620" / version / f"{GOLDEN[name]}-{name}.{kind}.json"
    body: dict[str, Any] = json.loads(file.read_text())
    return body


def create(product: Node, version: str, name: str, /, **changes: Any) -> dict[str, Any]:
    answer = product.post(path(version, name), {"name": "x", **changes})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def read(product: Node, version: str, name: str, item_id: str) -> dict[str, Any]:
    answer = product.get(f"{path(version, name)}/{item_id}")
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def patch(product: Node, address: str, body: Any, media_type: str = MERGE) -> requests.Response:
    return product.request("PATCH", address, data=json.dumps(body), headers={"Content-Type": media_type})


def ids(product: Node, version: str, name: str, query: str) -> set[str]:
    answer = product.get(f"{path(version, name)}?{query}")
    assert answer.status_code in (200, 206), answer.text
    return {one["id"] for one in answer.json()}


# --- create, read, list, change, delete -------------------------------------------------------------------------------


@EACH
@BOTH
def test_a_golden_request_is_answered_as_written_and_read_in_both_versions(
    product: Node, version: str, name: str
) -> None:
    created = product.post(path(version, name), golden(version, name))
    assert created.status_code == 201, created.text
    shown = created.json()
    own = {one: shown[one] for one in ("id", "href", "lastUpdate")}
    assert shown == golden(version, name, "response") | own
    assert created.headers["Location"] == shown["href"] == f"{product.url}{path(version, name)}/{shown['id']}"
    assert read(product, version, name, shown["id"]) == shown
    other = read(product, OTHER[version], name, shown["id"])
    assert {one: other[one] for one in ("id", "name", "lastUpdate", "lifecycleStatus", "version")} == {
        one: shown[one] for one in ("id", "name", "lastUpdate", "lifecycleStatus", "version")
    }
    assert all(isinstance(other[one], str) for one in ("id", "href", "name", "lastUpdate", "lifecycleStatus"))


@EACH
@BOTH
def test_a_draft_is_changed_in_place_and_both_versions_show_it(product: Node, version: str, name: str) -> None:
    made = create(product, version, name)
    address = f"{path(version, name)}/{made['id']}"
    changed = patch(product, address, {"name": "y", "description": "new"}, "application/json")
    assert changed.status_code == 200, changed.text
    for one in ("v4", "v5"):
        shown = read(product, one, name, made["id"])
        assert (shown["name"], shown["description"], shown["version"]) == ("y", "new", made["version"])


@EACH
@BOTH
def test_a_change_of_what_is_published_makes_a_version(product: Node, version: str, name: str) -> None:
    made = create(product, version, name, lifecycleStatus="Active", version="1.0")
    address = f"{path(version, name)}/{made['id']}"
    changed = patch(product, address, {"description": "new"})
    assert changed.status_code == 200, changed.text
    assert (changed.json()["version"], changed.json()["description"]) == ("2.0", "new")
    assert "description" not in product.get(f"{address}:(version=1.0)").json()
    assert read(product, OTHER[version], name, made["id"])["version"] == "2.0"
    assert {one["version"] for one in product.get(f"{path(version, name)}?id={made['id']}").json()} == {"1.0", "2.0"}


@EACH
@BOTH
def test_a_version_is_added_by_the_id_of_an_item(product: Node, version: str, name: str) -> None:
    made = create(product, version, name, version="1.0")
    again = product.post(path(version, name), {"name": "x", "id": made["id"], "version": "1.0"})
    assert (again.status_code, again.json()["code"]) == (409, "CATALOG_VERSION_EXISTS")
    added = product.post(path(version, name), {"name": "z", "id": made["id"], "version": "2.0"})
    assert added.status_code == 201, added.text
    assert read(product, OTHER[version], name, f"{made['id']}:(version=2.0)")["name"] == "z"


@EACH
@BOTH
def test_what_is_deleted_is_gone_in_both_versions(product: Node, version: str, name: str) -> None:
    made = create(product, version, name)
    assert product.request("DELETE", f"{path(version, name)}/{made['id']}").status_code == 204
    assert {product.get(f"{path(one, name)}/{made['id']}").status_code for one in ("v4", "v5")} == {404}


@EACH
@BOTH
def test_items_are_found_by_name_and_status_quoted_or_not(product: Node, version: str, name: str) -> None:
    word = f"Item {uuid4().hex}"
    made = create(product, version, name, name=word)
    for query in (f"name={word}", f'name="{word}"', f"name={word}&lifecycleStatus=In%20Study"):
        assert ids(product, version, name, query) == {made["id"]}
    assert ids(product, version, name, f"name={word}&lifecycleStatus=Active") == set()


FOUND_BY = [
    ("productOffering", "category.id", {"category": [{"@type": "CategoryRef"}]}),
    ("productOffering", "channel.id", {"channel": [{"@type": "ChannelRef"}]}),
    ("productOffering", "marketSegment.id", {"marketSegment": [{"@type": "MarketSegmentRef"}]}),
    ("productOffering", "productSpecification.id", {"productSpecification": {"@type": "ProductSpecificationRef"}}),
    ("productSpecification", "productNumber", {}),
    ("productOfferingPrice", "priceType", {}),
]


@pytest.mark.parametrize(("name", "by", "sent"), FOUND_BY, ids=[one[1] for one in FOUND_BY])
@BOTH
def test_items_are_found_by_what_they_name(
    product: Node, version: str, name: str, by: str, sent: dict[str, Any]
) -> None:
    word = uuid4().hex
    attribute, _, part = by.partition(".")
    value: Any = word
    if part:
        known = sent[attribute]
        value = [{**known[0], "id": word}] if isinstance(known, list) else {**known, "id": word}
    made = create(product, "v5", name, **{attribute: value})
    create(product, "v5", name)
    assert ids(product, version, name, f"{by}={word}") == {made["id"]}


# --- one catalog for both versions ------------------------------------------------------------------------------------

CHANGES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "productSpecification",
        {"productSpecCharacteristic": [{"name": "Colour", "productSpecCharacteristicValue": [{"value": True}]}]},
        {
            "productSpecCharacteristic": [
                {
                    "@type": "CharacteristicSpecification",
                    "name": "Colour",
                    "characteristicValueSpecification": [
                        {"@type": "BooleanCharacteristicValueSpecification", "value": True}
                    ],
                }
            ]
        },
    ),
    (
        "productOfferingPrice",
        {"constraint": [{"id": "7"}], "price": {"unit": "EUR", "value": 5}},
        {"policy": [{"@type": "PolicyRef", "id": "7"}], "price": {"unit": "EUR", "value": 5}},
    ),
    (
        "productOffering",
        {
            "productOfferingPrice": [
                {
                    "name": "Rent",
                    "recurringChargePeriod": "month",
                    "price": {"dutyFreeAmount": {"unit": "EUR", "value": 5}},
                }
            ],
            "marketSegment": [{"id": "homes"}],
        },
        {
            "productOfferingPrice": [
                {
                    "@type": "ProductOfferingPrice",
                    "name": "Rent",
                    "recurringChargePeriodType": "month",
                    "price": {"unit": "EUR", "value": 5, "dutyFreeAmount": {"unit": "EUR", "value": 5}},
                }
            ],
            "marketSegment": [{"@type": "MarketSegmentRef", "id": "homes"}],
        },
    ),
    ("productCatalog", {"category": [{"id": "c"}]}, {"category": [{"@type": "CategoryRef", "id": "c"}]}),
]


@pytest.mark.parametrize(("name", "v4", "v5"), CHANGES, ids=[one[0] for one in CHANGES])
def test_a_change_in_v4_shows_in_v5(product: Node, name: str, v4: dict[str, Any], v5: dict[str, Any]) -> None:
    made = create(product, "v4", name)
    changed = patch(product, f"{path('v4', name)}/{made['id']}", v4)
    assert changed.status_code == 200, changed.text
    shown = read(product, "v5", name, made["id"])
    assert {one: shown[one] for one in v5} == v5


@pytest.mark.parametrize(("name", "v4", "v5"), CHANGES, ids=[one[0] for one in CHANGES])
def test_a_change_in_v5_shows_in_v4(product: Node, name: str, v4: dict[str, Any], v5: dict[str, Any]) -> None:
    made = create(product, "v5", name)
    changed = patch(product, f"{path('v5', name)}/{made['id']}", v5)
    assert changed.status_code == 200, changed.text
    shown = read(product, "v4", name, made["id"])
    assert without_types({one: shown[one] for one in v4}) == v4


def without_types(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_types(member) for name, member in value.items() if name != "@type"}
    return [without_types(one) for one in value] if isinstance(value, list) else value


# --- rules ------------------------------------------------------------------------------------------------------------


@BOTH
def test_a_bundle_is_not_made_of_itself(product: Node, version: str) -> None:
    inner = create(product, version, "productOffering")["id"]
    outer = create(product, version, "productOffering", bundledProductOffering=[{"id": inner}])["id"]
    around = {
        "bundledProductOffering": [{"id": outer, **({"@type": "BundledProductOffering"} if version == "v5" else {})}]
    }
    refused = patch(product, f"{path(version, 'productOffering')}/{inner}", around)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/bundledProductOffering")
    assert refused.json()["code"] == "CYCLIC_CATALOG_ITEMS"


@BOTH
def test_an_offering_with_an_error_is_kept_and_not_launched(product: Node, version: str) -> None:
    faulty = {"productSpecification": {"id": "nobody"}, "lifecycleStatus": "Active"}
    if version == "v5":
        faulty["productSpecification"]["@type"] = "ProductSpecificationRef"  # type: ignore[index]
    kept = create(product, version, "productOffering", **faulty)
    address = f"{path(version, 'productOffering')}/{kept['id']}"
    told = "broken reference: there is no specification nobody"
    for refused in (
        patch(product, address, {"lifecycleStatus": "Launched"}),
        product.post(path(version, "productOffering"), {"name": "x", **faulty, "lifecycleStatus": "Launched"}),
        product.post(f"/api/v1/product-offerings/{kept['id']}/publish", {}, headers={"If-Match": "*"}),
    ):
        assert (refused.status_code, refused.json()["code"]) == (400, "OFFERING_NOT_SELLABLE"), refused.text
        assert told in refused.text
    assert read(product, version, "productOffering", kept["id"])["lifecycleStatus"] == "Active"
    assert patch(product, address, {"productSpecification": None, "lifecycleStatus": "Launched"}).status_code == 200


def test_what_others_refer_to_is_not_deleted(product: Node) -> None:
    specification = create(product, "v5", "productSpecification")["id"]
    create(
        product, "v5", "productOffering", productSpecification={"@type": "ProductSpecificationRef", "id": specification}
    )
    refused = product.request("DELETE", f"{path('v5', 'productSpecification')}/{specification}")
    assert (refused.status_code, refused.json()["code"]) == (409, "CATALOG_ITEM_IN_USE")


@EACH
def test_v4_tells_what_it_leaves_out(product: Node, name: str) -> None:
    made = create(product, "v5", name, **golden("v5", name))
    shown = product.get(f"{path('v4', name)}/{made['id']}")
    reports = f"{product.url}/api/v1/bridge-reports/{TMF620.resource(name).name_in('v4')}/{made['id']}"
    assert f"<{reports}>" in shown.headers["Link"]
    assert product.get(reports.removeprefix(product.url)).status_code == 200
