"""The canonical API's catalog over real HTTP, on both databases."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
import requests
import sqlalchemy as sa

from tests.support.postgres import new_database
from tests.support.product import Node, running_product
from tests.support.waiting import LONG

API = "/api/v1"
OFFERINGS = f"{API}/product-offerings"
TMF = "/tmf-api/productCatalogManagement"
PARTNER = "partner-acme"
SHELVES = (
    "product-catalogs",
    "product-categories",
    "product-specifications",
    "product-offerings",
    "product-offering-prices",
    "product-offering-rules",
    "decomposition-templates",
)
NEEDED: dict[str, dict[str, Any]] = {
    "product-offering-rules": {"type": "REQUIRES", "message": "Premium router requires contract term 24M."},
    "decomposition-templates": {"productOffering": {"id": "po_broadband_1g"}},
}
"""What items of these shelves must have beside a name."""
EVERY_SHELF = pytest.mark.parametrize("shelf", SHELVES)
MONTHLY = {
    "name": "monthly",
    "chargeType": "RECURRING",
    "period": "month",
    "amount": {"value": "39.90", "currency": "EUR"},
}
RICH = {
    "description": "Up to 1 Gbit/s",
    "sku": "FIBRE-1000",
    "productSpecification": {"id": "spec-fibre"},
    "categories": [{"id": "internet"}],
    "productOfferingPrices": [{"price": MONTHLY}, {"productOfferingPrice": {"id": "pop-setup", "version": "1.0"}}],
    "commitments": [{"name": "24 months", "duration": {"amount": 24, "units": "month"}}],
    "channels": [{"id": "web"}],
    "segments": [{"id": "consumer"}],
    "places": [{"id": "CZ"}],
    "characteristicUses": [
        {"code": "speed", "allowedValues": [{"value": 1000, "unit": "Mbit/s", "default": True}, {"from": 1, "to": 5}]},
        {"code": "colour", "allowedValues": [{"value": "red"}, {"value": True}, {"value": {"a": [1]}}]},
    ],
    "groups": [
        {
            "name": "extras",
            "least": 0,
            "most": 2,
            "groups": [{"name": "tv", "members": [{"productOffering": {"id": "tv"}}]}],
        }
    ],
    "members": [{"productOffering": {"id": "router"}, "least": 1, "most": 1, "default": 1}],
    "relationships": [{"type": "requires", "to": {"id": "line"}, "role": "carrier"}],
    "allowedActions": [{"action": "ADD", "channels": [{"id": "web"}]}],
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def product(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    environment: dict[str, str] = {}
    with ExitStack() as stack:
        if request.param == "postgresql":
            server = request.getfixturevalue("postgres_server")
            environment["DATABASE_URL"] = stack.enter_context(new_database(server))
        yield stack.enter_context(running_product(tmp_path_factory.mktemp("portal-catalog"), **environment))


def add(product: Node, shelf: str = "product-offerings", /, **attributes: Any) -> requests.Response:
    named = {"name": f"Something {uuid4()}", **NEEDED.get(shelf, {})}
    answer = product.post(f"{API}/{shelf}", named | attributes)
    assert answer.status_code == 201, answer.text
    return answer


def change(
    product: Node, method: str, address: str, body: Any, tag: str, client: str = "qa", **headers: str
) -> requests.Response:
    return product.request(method, address, client, json=body, headers={"If-Match": tag, **headers})


def published(product: Node, shelf: str = "product-offerings", **attributes: Any) -> requests.Response:
    made = add(product, shelf, **attributes)
    return change(product, "POST", f"{API}/{shelf}/{made.json()['id']}/publish", {}, made.headers["ETag"])


def after(moment: str) -> str:
    """A millisecond later: times are shown without what is less."""
    return (datetime.fromisoformat(moment) + timedelta(milliseconds=1)).isoformat().replace("+00:00", "Z")


def names(product: Node, client: str = "qa", **query: str) -> list[str]:
    answer = product.get(OFFERINGS, client, params=query)
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json()["items"]]


@EVERY_SHELF
def test_an_item_is_added_read_changed_published_retired_and_removed(product: Node, shelf: str) -> None:
    made = add(product, shelf, description="new")
    item, address = made.json(), f"{API}/{shelf}/{made.json()['id']}"
    version = "offeringVersion" if shelf == "product-offerings" else "version"
    assert (item["lifecycleStatus"], item[version], made.headers["Location"]) == (
        "IN_STUDY",
        "1.0",
        f"{product.url}{address}",
    )
    assert "catalogVersion" not in item
    assert product.get(address).json() == item
    needed = NEEDED.get(shelf, {})
    changed = change(product, "PUT", address, {"name": "other", **needed}, made.headers["ETag"])
    assert (changed.json()["name"], changed.json()[version], "description" in changed.json()) == ("other", "1.0", False)
    launched = change(product, "POST", f"{address}/publish", {}, changed.headers["ETag"])
    assert (launched.json()["lifecycleStatus"], launched.json()["catalogVersion"][4:6]) == ("LAUNCHED", ".Q")
    second = change(product, "PUT", address, {"name": "third", **needed}, launched.headers["ETag"])
    assert (second.json()[version], second.json()["lifecycleStatus"]) == ("2.0", "LAUNCHED")
    assert product.get(address).json() == second.json()
    listed = product.get(f"{address}/versions").json()
    assert [(one[version], one["name"]) for one in listed["items"]] == [("2.0", "third"), ("1.0", "other")]
    first = product.get(f"{address}?version=1.0", PARTNER).json()
    assert first["validFor"]["endDateTime"] == second.json()["validFor"]["startDateTime"]
    retired = change(product, "POST", f"{address}/retire", {"reason": "old"}, second.headers["ETag"])
    assert (retired.json()["lifecycleStatus"], retired.json()["statusReason"]) == ("RETIRED", "old")
    assert change(product, "DELETE", address, None, retired.headers["ETag"]).status_code == 204
    assert product.get(address).status_code == product.get(f"{address}/versions").status_code == 404


def test_an_offering_says_what_was_sent(product: Node) -> None:
    made = add(product, id=f"po {uuid4()}", **RICH)
    assert {name: made.json()[name] for name in RICH} == RICH
    assert product.get(f"{OFFERINGS}/{made.json()['id']}").json() == made.json()


def test_a_change_needs_the_version_that_was_read(product: Node) -> None:
    made = add(product)
    address = f"{OFFERINGS}/{made.json()['id']}"
    missing = product.request("PUT", address, json={"name": "x"})
    assert (missing.status_code, missing.json()["errors"][0]["pointer"]) == (400, "/If-Match")
    assert change(product, "PUT", address, {"name": "first"}, made.headers["ETag"]).status_code == 200
    for method, at, body in (
        ("PUT", address, {"name": "second"}),
        ("POST", f"{address}/publish", {}),
        ("DELETE", address, None),
    ):
        refused = change(product, method, at, body, made.headers["ETag"])
        assert (refused.status_code, refused.json()["code"]) == (412, "VERSION_MISMATCH")
    assert product.get(address).json()["name"] == "first"


def test_the_version_of_any_moment_can_be_read(product: Node) -> None:
    first = published(product, name="as it was")
    address = f"{OFFERINGS}/{first.json()['id']}"
    second = change(product, "PUT", address, {"name": "as it is"}, first.headers["ETag"])
    between = first.json()["lastUpdate"]
    assert product.get(address, params={"at": after(between)}).json()["name"] == "as it was"
    assert product.get(address, params={"at": after(second.json()["lastUpdate"])}).json()["name"] == "as it is"
    assert product.get(address, PARTNER, params={"at": "2020-01-01T00:00:00Z"}).status_code == 404
    retired = change(product, "POST", f"{address}/retire", {}, second.headers["ETag"])
    assert retired.json()["lifecycleStatus"] == "RETIRED"
    then = product.get(address, params={"at": after(second.json()["lastUpdate"])}).json()
    assert then["lifecycleStatus"] == "LAUNCHED"


def test_who_may_not_write_sees_what_is_published(product: Node) -> None:
    word = f"w{uuid4().hex}"
    draft = add(product, name=f"{word} draft").json()["id"]
    published(product, name=f"{word} published")
    assert names(product, text=word) == [f"{word} published", f"{word} draft"]
    assert names(product, PARTNER, text=word) == [f"{word} published"]
    assert product.get(f"{OFFERINGS}/{draft}", PARTNER).status_code == 404
    assert product.get(f"{OFFERINGS}/{draft}/versions", PARTNER).status_code == 404
    assert product.post(OFFERINGS, {"name": "x"}, PARTNER).status_code == 403


def test_a_repeat_gets_the_item_that_was_made_and_another_body_is_refused(product: Node) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    first, again = (product.request("POST", OFFERINGS, json={"name": "once"}, headers=key) for _ in range(2))
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    other = product.request("POST", OFFERINGS, json={"name": "twice"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")


def test_words_are_found_whatever_their_case_and_accents(product: Node) -> None:
    word = f"x{uuid4().hex[:10]}"
    published(product, name=f"{word} Straße Zürich", sku="AX/7590")
    for text in (word, f"{word} strasse", f"{word} STRASSE zur", f"{word} 7590", f"{word} ax zürich"):
        assert names(product, text=text) == [f"{word} Straße Zürich"], text
    for text in (f"{word} none", f"{word}y", f"{word} urich"):
        assert names(product, text=text) == [], text


@pytest.mark.parametrize("text", ["c++", "-x", "col:x", '"', "%", "' OR 1=1 --", "*", "\\", "NEAR(a b)", "a" * 200])
def test_hostile_words_find_nothing_and_break_nothing(product: Node, text: str) -> None:
    assert product.get(OFFERINGS, params={"text": text}).status_code == 200


def test_what_was_changed_in_the_portal_shows_to_partners_and_the_other_way(product: Node) -> None:
    made = product.post(f"{TMF}/v5/category", {"name": "tmf", "lifecycleStatus": "Active", "acmeShelf": 7}).json()
    address = f"{API}/product-categories/{made['id']}"
    read = product.get(address)
    assert (read.json()["name"], read.json()["lifecycleStatus"]) == ("tmf", "ACTIVE")
    assert change(product, "PUT", address, {"name": "portal"}, read.headers["ETag"]).status_code == 200
    for version in ("v4", "v5"):
        shown = product.get(f"{TMF}/{version}/category/{made['id']}").json()
        assert (shown["name"], shown["version"], shown["acmeShelf"]) == ("portal", "2.0", 7)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/name"),
        ({"name": "x", "id": "a/b"}, "/id"),
        ({"name": "x", "nonsense": 1}, "/nonsense"),
        ({"name": "x", "lifecycleStatus": "SOLD"}, "/lifecycleStatus"),
        ({"name": "x", "validFor": {"startDateTime": "2026-02-31T00:00:00Z"}}, "/validFor/startDateTime"),
        (
            {"name": "x", "validFor": {"startDateTime": "2026-02-01T00:00:00Z", "endDateTime": "2026-01-01T00:00:00Z"}},
            "/validFor/endDateTime",
        ),
        (
            {
                "name": "x",
                "productOfferingPrices": [{"price": {**MONTHLY, "amount": {"value": "1,5", "currency": "EUR"}}}],
            },
            "/productOfferingPrices/0/price/amount/value",
        ),
    ],
)
def test_a_wrong_body_is_told_where_it_is_wrong(product: Node, body: dict[str, Any], pointer: str) -> None:
    refused = product.post(OFFERINGS, body)
    assert refused.status_code == 400
    assert pointer in [one["pointer"] for one in refused.json()["errors"]]


RULE = {
    **NEEDED["product-offering-rules"],
    "offerings": [{"id": "po_router_premium"}],
    "when": {"all": [{"fact": "segment", "in": ["consumer", "business"]}, {"not": {"fact": "age", "lt": 18}}]},
    "then": {"any": [{"fact": "term", "gte": 24}, {"fact": "staff", "eq": True}]},
}
TASKS = [
    {"code": "reserve", "name": "Reserve access", "system": "inventory"},
    {"code": "ship", "dependsOn": ["reserve"], "when": {"fact": "router", "eq": "ours"}},
]


@pytest.mark.parametrize(
    ("shelf", "contents"),
    [
        ("product-offering-rules", RULE),
        ("decomposition-templates", {**NEEDED["decomposition-templates"], "tasks": TASKS}),
    ],
)
def test_conditions_and_tasks_are_answered_as_sent(product: Node, shelf: str, contents: dict[str, Any]) -> None:
    made = add(product, shelf, **contents).json()
    assert {name: made[name] for name in contents} == contents


def nested(levels: int) -> dict[str, Any]:
    return {"fact": "x", "eq": 1} if levels == 1 else {"not": nested(levels - 1)}


@pytest.mark.parametrize(
    ("shelf", "contents", "pointer"),
    [
        ("product-offering-rules", {"when": {}}, "/when"),
        ("product-offering-rules", {"when": {"fact": "x"}}, "/when"),
        ("product-offering-rules", {"then": {"fact": "x", "lt": "y"}}, "/then"),
        ("product-offering-rules", {"when": nested(11)}, "/when"),
        ("product-offering-rules", {"least": 2, "most": 1}, "/most"),
        ("decomposition-templates", {"tasks": [{"code": "a"}, {"code": "a"}]}, "/tasks"),
        ("decomposition-templates", {"tasks": [{"code": "a", "dependsOn": ["b"]}]}, "/tasks"),
        (
            "decomposition-templates",
            {"tasks": [{"code": "a", "dependsOn": ["b"]}, {"code": "b", "dependsOn": ["a"]}]},
            "/tasks",
        ),
    ],
)
def test_a_rule_or_template_that_makes_no_sense_is_refused(
    product: Node, shelf: str, contents: dict[str, Any], pointer: str
) -> None:
    refused = product.post(f"{API}/{shelf}", {"name": "x", **NEEDED[shelf], **contents})
    assert refused.status_code == 400, refused.text
    assert any(one["pointer"].startswith(pointer) for one in refused.json()["errors"])


# --- what is told of one offering -------------------------------------------------------------------------------------


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


def test_what_an_offering_goes_through_is_recorded_by_name(product: Node) -> None:
    made = published(product).json()["id"]
    engine = sa.create_engine(product.database)
    with engine.connect() as connection:
        asked = sa.text("SELECT type FROM outbox WHERE payload LIKE :id ORDER BY position")
        recorded = list(connection.scalars(asked, {"id": f'%"item_id":"{made}"%'}))
    engine.dispose()
    assert recorded == ["ProductOfferingCreated", "ProductOfferingChanged", "ProductOfferingPublished"]


# --- hostile and half-entitled clients --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "item_id", ["a b", "%2F", "%", "ä€🚀", "a?b#c", "a&b", "42:version=1.0", "€" * 100, "..a", "\u202ex"], ids=ascii
)
def test_an_odd_id_names_its_item_in_both_apis(product: Node, item_id: str) -> None:
    made = add(product, "product-categories", id=item_id, lifecycleStatus="ACTIVE")
    location = made.headers["Location"].removeprefix(product.url)
    assert product.get(location).json() == made.json()
    assert product.get(f"{TMF}/v4/category/{quote(item_id, safe='')}").json()["id"] == item_id
    assert change(product, "DELETE", location, None, made.headers["ETag"]).status_code == 204


@EVERY_SHELF
@pytest.mark.parametrize(
    "item_id", ["", " ", "a/b", "a(", ".", "..", "a\r\nX-Evil: 1", "\x7f", "\x9f", "\u2028"], ids=ascii
)
def test_an_id_that_no_address_could_name_is_refused(product: Node, shelf: str, item_id: str) -> None:
    answer = product.post(f"{API}/{shelf}", {"id": item_id, "name": "x", **NEEDED.get(shelf, {})})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/id")


@EVERY_SHELF
def test_who_may_only_prepare_changes_removes_nothing_that_everybody_sees(product: Node, shelf: str) -> None:
    form = {"grant_type": "client_credentials", "scope": "catalog:read catalog:write"}
    form |= {"client_id": "qa", "client_secret": "qa-secret"}
    token = requests.post(f"{product.url}/oauth/token", data=form, timeout=LONG).json()["access_token"]
    needed = NEEDED.get(shelf, {})
    for status, expected in (("ACTIVE", 403), ("RETIRED", 403), ("IN_STUDY", 204)):
        made = add(product, shelf, lifecycleStatus=status)
        address = f"{product.url}{API}/{shelf}/{made.json()['id']}"
        headers = {"Authorization": f"Bearer {token}", "If-Match": made.headers["ETag"]}
        for method, body in (("PUT", {"name": "x", **needed}), ("DELETE", None)):
            answer = requests.request(method, address, json=body, headers=headers, timeout=LONG)
            assert answer.status_code in (expected, 200), answer.text
            headers["If-Match"] = answer.headers.get("ETag", headers["If-Match"])
            assert answer.ok is (expected == 204)
