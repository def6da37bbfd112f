"""Bodies, ids and words that the canonical API's catalog refuses, and hostile or half-entitled clients."""

from typing import Any
from urllib.parse import quote

import pytest
import requests

from tests.support.product import Node
from tests.support.shelves import API, EVERY_SHELF, MONTHLY, NEEDED, OFFERINGS, TMF, add, change
from tests.support.waiting import LONG

NUL = "a%00b"


@EVERY_SHELF
def test_a_query_with_nul_is_refused(product: Node, shelf: str) -> None:
    queries = [f"/x?version={NUL}", f"?text={NUL}", f"?status={NUL}", f"?at={NUL}", f"/x/versions?limit={NUL}"]
    if shelf == "product-offerings":
        queries += [f"?{name}={NUL}" for name in ("category", "channel", "segment", "place", "characteristic")]
        queries += [f"?characteristic=a:{NUL}", f"?minPrice=1&currency={NUL}"]
        queries += [f"/po_broadband_1g/versions/compare?from={NUL}&to=1", f"/po_broadband_1g/pricing-model?at={NUL}"]
    for query in queries:
        answer = product.get(f"{API}/{shelf}{query}")
        assert answer.status_code == 400, (query, answer.text)


@pytest.mark.parametrize("text", ["c++", "-x", "col:x", '"', "%", "' OR 1=1 --", "*", "\\", "NEAR(a b)", "a" * 200])
def test_hostile_words_find_nothing_and_break_nothing(product: Node, text: str) -> None:
    assert product.get(OFFERINGS, params={"text": text}).status_code == 200


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
        (
            {"name": "x", "productOfferingPrices": [{"price": {"name": "x", "percentage": 1_000_001}}]},
            "/productOfferingPrices/0/price/percentage",
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
        ("product-offering-rules", {"then": {"any": [{"fact": "x", "in": list(range(100))}] * 11}}, "/then"),
        ("product-offering-rules", {"least": 2, "most": 1}, "/most"),
        ("decomposition-templates", {"tasks": [{"code": "a", "when": nested(11)}]}, "/tasks"),
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
