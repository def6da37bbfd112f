"""What the canonical API tells of one offering: its configuration, prices, tasks and versions."""

from typing import Any
from uuid import uuid4

import pytest

from tests.support.product import Node
from tests.support.shelves import API, EVERY_SHELF, MONTHLY, OFFERINGS, PARTNER, add, change, published


@pytest.fixture(scope="module")
def fibre(product: Node) -> str:
    """A published offering of a specification, with a price by reference and one that depends on a choice."""
    one = uuid4().hex[:8]
    published(
        product,
        "product-specifications",
        id=f"spec {one}",
        characteristics=[
            {
                "code": "speed",
                "valueType": "number",
                "least": 1,
                "allowedValues": [{"value": 500, "default": True}, {"value": 1000}],
            },
            {"code": "colour", "allowedValues": [{"value": "white"}, {"value": "black"}]},
        ],
    )
    published(
        product,
        "product-offering-prices",
        id=f"setup {one}",
        name="setup",
        chargeType="ONE_TIME",
        amount={"value": "49.90", "currency": "EUR"},
    )
    published(product, "product-categories", id=f"category {one}")
    offering: str = published(
        product,
        id=f"fibre {one}",
        productSpecification={"id": f"spec {one}"},
        productOfferingPrices=[{"productOfferingPrice": {"id": f"setup {one}"}}, {"price": MONTHLY}],
        characteristicUses=[{"code": "colour", "allowedValues": [{"value": "white", "default": True}]}],
        channels=[{"id": "web"}],
        categories=[{"id": f"category {one}"}],
    ).json()["id"]
    return offering


def test_an_offering_shows_characteristics_and_prices_as_they_count(product: Node, fibre: str) -> None:
    shown = product.get(f"{OFFERINGS}/{fibre}", PARTNER).json()
    assert [(one["code"], one["required"], len(one["allowedValues"])) for one in shown["characteristics"]] == [
        ("speed", True, 2),
        ("colour", False, 1),
    ]
    assert [(one["name"], one["amount"]["value"]) for one in shown["prices"]] == [
        ("setup", "49.90"),
        ("monthly", "39.90"),
    ]


UNKNOWN: dict[str, tuple[dict[str, Any], list[str]]] = {
    "product-catalogs": ({"categories": [{"id": "none"}]}, ["category none"]),
    "product-categories": ({"parentId": "none"}, ["category none"]),
    "product-specifications": ({"parts": [{"id": "none", "version": "7"}]}, ["specification none in version 7"]),
    "product-offering-prices": ({"relationships": [{"type": "alters", "to": {"id": "none"}}]}, ["price none"]),
    "product-offering-rules": ({"offerings": [{"id": "none"}]}, ["offering none"]),
    "decomposition-templates": ({"productOffering": {"id": "none"}}, ["offering none"]),
    "product-offerings": (
        {
            "productSpecification": {"id": "none"},
            "productOfferingPrices": [{"productOfferingPrice": {"id": "none"}}],
            "groups": [{"name": "g", "members": [{"productOffering": {"id": "none"}}] * 2}],
            "channels": [{"id": "none"}],
        },
        ["specification none", "price none", "offering none"],
    ),
}


@EVERY_SHELF
def test_an_item_says_which_of_those_that_it_names_do_not_exist(product: Node, shelf: str) -> None:
    named, told = UNKNOWN[shelf]
    made = add(product, shelf, **named)
    assert made.json()["unresolved"] == told
    assert product.get(f"{API}/{shelf}/{made.json()['id']}").json()["unresolved"] == told


def test_what_comes_later_is_resolved(product: Node) -> None:
    later = f"later {uuid4()}"
    bundle = add(
        product, members=[{"productOffering": {"id": later}}, {"productOffering": {"id": later, "version": "2"}}]
    )
    address = f"{OFFERINGS}/{bundle.json()['id']}"
    assert bundle.json()["unresolved"] == [f"offering {later}", f"offering {later} in version 2"]
    add(product, id=later)
    assert product.get(address).json()["unresolved"] == [f"offering {later} in version 2"]
    add(product, id=later, offeringVersion="2")
    assert product.get(address).json()["unresolved"] == []


def test_the_configuration_model_tells_the_defaults_and_where_they_come_from(product: Node, fibre: str) -> None:
    model = product.get(f"{OFFERINGS}/{fibre}/configuration-model", PARTNER).json()
    assert [(one["code"], one["value"]) for one in model["defaults"]] == [("speed", 500), ("colour", "white")]
    assert {one["source"] for one in model["defaults"]} == {f"offering {fibre}"}
    assert model["unresolved"] == []


def test_the_pricing_model_tells_what_the_defaults_cost(product: Node, fibre: str) -> None:
    model = product.get(f"{OFFERINGS}/{fibre}/pricing-model", PARTNER).json()
    assert model["withDefaults"] == {
        "oneTime": {"value": "49.90", "currency": "EUR"},
        "recurring": [{"amount": {"value": "39.90", "currency": "EUR"}, "period": "month"}],
    }


def test_tasks_stand_after_those_that_they_depend_on(product: Node, fibre: str) -> None:
    address = f"{OFFERINGS}/{fibre}/decomposition-template"
    assert product.get(address).status_code == 404
    tasks = [{"code": "c", "dependsOn": ["b"]}, {"code": "b", "dependsOn": ["a"]}, {"code": "a"}]
    published(product, "decomposition-templates", productOffering={"id": fibre}, tasks=tasks)
    assert [one["code"] for one in product.get(address).json()["tasks"]] == ["a", "b", "c"]


def eligible(product: Node, offering: str, /, **facts: Any) -> tuple[bool, list[str]]:
    answer = product.post(f"{OFFERINGS}/{offering}/check-eligibility", {"facts": facts}, PARTNER)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    return told["eligible"], [one["message"] for one in told["reasons"]]


def test_whoever_cannot_have_an_offering_is_told_why(product: Node, fibre: str) -> None:
    assert eligible(product, fibre, channel="web") == (True, [])
    ok, reasons = eligible(product, fibre, channel="shop")
    assert (ok, len(reasons)) == (False, 1)
    rule = {"type": "REQUIRES", "message": "Premium router requires contract term 24M.", "offerings": [{"id": fibre}]}
    published(product, "product-offering-rules", **rule, then={"fact": "term", "gte": 24})
    excluded = {"type": "EXCLUDES", "message": "Not with DSL.", "offerings": [{"id": fibre}], "others": [{"id": "dsl"}]}
    published(product, "product-offering-rules", **excluded)
    assert eligible(product, fibre, channel="web", term=24) == (True, [])
    assert eligible(product, fibre, channel="web", term=12) == (False, ["Premium router requires contract term 24M."])
    assert eligible(product, fibre, term=24, offering=["dsl"]) == (False, ["Not with DSL."])
    draft = add(product, name="draft").json()["id"]
    assert product.post(f"{OFFERINGS}/{draft}/check-eligibility", {}, PARTNER).status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"channel": "web"}, True),
        ({"channel": "shop"}, False),
        ({"segment": "any"}, True),
        ({"characteristic": "speed:1000"}, True),
        ({"characteristic": "speed:2000"}, False),
        ({"characteristic": "colour:white"}, True),
        ({"characteristic": "colour:black"}, False),
        ({"minPrice": "49.90", "maxPrice": "49.90", "currency": "EUR"}, True),
        ({"minPrice": "39.901", "maxPrice": "49.89", "currency": "EUR"}, False),
        ({"maxPrice": "50", "currency": "CZK"}, False),
        ({"status": "LAUNCHED"}, True),
        ({"status": "RETIRED"}, False),
    ],
)
def test_offerings_are_found_by_what_they_are(product: Node, fibre: str, query: dict[str, str], found: bool) -> None:
    category = fibre.replace("fibre", "category")
    answer = product.get(OFFERINGS, PARTNER, params={"category": category, **query}).json()
    assert [one["id"] for one in answer["items"]] == ([fibre] if found else [])


def test_half_a_range_of_prices_is_refused(product: Node) -> None:
    refused = product.get(OFFERINGS, params={"minPrice": "1"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/currency")


def test_versions_are_compared(product: Node) -> None:
    first = published(product, name="a", sku="1", channels=[{"id": "web"}])
    address = f"{OFFERINGS}/{first.json()['id']}"
    change(
        product,
        "PUT",
        address,
        {"name": "b", "sku": "1", "channels": [{"id": "web"}, {"id": "shop"}]},
        first.headers["ETag"],
    )
    told = product.get(f"{address}/versions/compare", params={"from": "1.0", "to": "2.0"}).json()
    found = {one["pointer"]: (one["from"], one["to"]) for one in told["differences"]}
    assert (found["/name"], found["/channels/1"]) == (("a", "b"), (None, {"id": "shop"}))
    assert "/sku" not in found
    assert product.get(f"{address}/versions/compare", params={"from": "1.0", "to": "9"}).status_code == 404
