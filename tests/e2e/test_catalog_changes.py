"""Categories changed, moved and removed over real HTTP."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from tests.support.categories import (
    BOTH,
    JSON_PATCH,
    MERGE,
    QUERY,
    V4,
    V5,
    below,
    create,
    names,
    patch,
)
from tests.support.product import ROOT, Node

BEGINS, ENDS = {"startDateTime": "2020-09-23T00:00:00Z"}, "2024-03-25T00:00:00Z"


@BOTH
@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/json", {"version": "2.0", "description": None}),
        (MERGE, {"version": "2.0", "description": None}),
        (
            JSON_PATCH,
            [{"op": "replace", "path": "/version", "value": "2.0"}, {"op": "remove", "path": "/description"}],
        ),
        (
            QUERY,
            [{"op": "replace", "path": "/version", "value": "2.0"}, {"op": "remove", "path": "/description"}],
        ),
    ],
)
def test_every_media_type_changes_a_category(product: Node, path: str, media_type: str, body: Any) -> None:
    made = create(product, path, version="1.0", description="old", acmeShelf=7)
    answer = patch(product, f"{path}/{made['id']}", body, media_type)
    assert answer.status_code == 200, answer.text
    expected = {name: value for name, value in made.items() if name not in ("description", "lastUpdate")}
    assert {name: value for name, value in answer.json().items() if name != "lastUpdate"} == expected | {
        "version": "2.0"
    }
    assert answer.json()["lastUpdate"] > made["lastUpdate"]
    assert product.get(f"{path}/{made['id']}").json() == answer.json()


@pytest.mark.parametrize(
    ("request_number", "media_type", "changed"),
    [
        ("139", MERGE, {"validFor": {**BEGINS, "endDateTime": ENDS}}),
        ("141", "application/json", {"validFor": {**BEGINS, "endDateTime": ENDS}}),
        ("143", JSON_PATCH, {"validFor": BEGINS}),
        ("145", QUERY, {"subCategory": ["6086"]}),
    ],
)
def test_a_published_patch_of_the_published_category_changes_what_it_names(
    product: Node, request_number: str, media_type: str, changed: dict[str, Any]
) -> None:
    made = create(product, **{name: value for name, value in published("117").items() if name != "id"})
    answer = patch(product, f"{V5}/{made['id']}", published(request_number), media_type)
    assert answer.status_code == 200, answer.text
    shown = {name: value for name, value in answer.json().items() if value != made.get(name) and name != "lastUpdate"}
    if "subCategory" in shown:
        shown["subCategory"] = [one["id"] for one in shown["subCategory"]]
    address = f"{made['href']}:(version=2.0)"
    assert shown == changed | {"version": "2.0", "href": address}
    assert product.get(address.removeprefix(product.url)).json() == answer.json()


def published(number: str) -> Any:
    folder = ROOT / "fixtures" / "published" / "tmf620" / "v5"
    return json.loads(next(folder.glob(f"{number}-*")).read_text())


@BOTH
def test_a_change_of_another_version_than_the_one_named_is_not_made(product: Node, path: str) -> None:
    address = f"{path}/{create(product)['id']}"
    tag = product.get(address).headers["ETag"]
    assert patch(product, address, {"name": "first"}, **{"If-Match": tag}).status_code == 200
    for method, body in (("PATCH", {"name": "second"}), ("DELETE", None)):
        refused = product.request(method, address, json=body, headers={"If-Match": tag})
        assert (refused.status_code, refused.json()["code"]) == (412, "VERSION_MISMATCH")
    assert product.get(address).json()["name"] == "first"


def test_of_changes_at_once_none_is_lost(product: Node) -> None:
    address = f"{V5}/{create(product, subCategory=[])['id']}"
    added = [{"op": "add", "path": "/subCategory/-", "value": {"@type": "CategoryRef", "id": str(n)}} for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda one: patch(product, address, [one], JSON_PATCH).status_code, added))
    assert answers == [200] * 8
    assert {one["id"] for one in product.get(address).json()["subCategory"]} == {str(n) for n in range(8)}


@BOTH
def test_a_status_follows_the_one_before(product: Node, path: str) -> None:
    address = f"{path}/{create(product)['id']}"
    refused = patch(product, address, {"lifecycleStatus": "Retired"})
    assert (refused.status_code, refused.json()["code"]) == (409, "INVALID_TRANSITION")
    assert refused.json()["message"] == (
        "what is In Study cannot become Retired; it can become In Design, Active, Launched"
    )
    for status in ("In Design", "In Test", "Active", "Launched", "Retired", "Obsolete"):
        answer = patch(product, address, {"lifecycleStatus": status.upper()})
        assert (answer.status_code, answer.json()["lifecycleStatus"]) == (200, status)
    assert patch(product, address, {"lifecycleStatus": "Active"}).status_code == 409
    assert patch(product, address, {"name": "renamed"}).json()["version"] == "2.0"


@BOTH
def test_a_category_moves_and_never_below_itself(product: Node, path: str) -> None:
    top, middle = create(product)["id"], create(product)["id"]
    leaf = create(product, path, **below(path, middle))["id"]
    moved = patch(product, f"{path}/{middle}", below(path, top))
    assert (moved.status_code, moved.json()["isRoot"]) == (200, False)
    place = "/parentId" if path == V4 else "/parent/id"
    for parent in (leaf, top):
        refused = patch(product, f"{path}/{top}", below(path, parent))
        assert (refused.status_code, refused.json()["code"]) == (400, "CYCLIC_CATEGORIES")
        assert [one["pointer"] for one in refused.json()["errors"]] == [place]
    root = patch(product, f"{path}/{middle}", dict.fromkeys(below(path, top)))
    assert (root.status_code, root.json()["isRoot"]) == (200, True)
    unknown = patch(product, f"{path}/{middle}", below(path, "nobody's"))
    assert (unknown.status_code, unknown.json()["isRoot"]) == (200, False)


@BOTH
def test_a_category_that_others_stand_below_is_not_removed(product: Node, path: str) -> None:
    top = create(product)["id"]
    leaf = create(product, path, **below(path, top))["id"]
    refused = product.request("DELETE", f"{path}/{top}")
    assert (refused.status_code, refused.json()["code"]) == (409, "CATALOG_ITEM_IN_USE")
    for category_id in (leaf, top):
        removed = product.request("DELETE", f"{path}/{category_id}")
        assert (removed.status_code, removed.content) == (204, b"")
        assert product.get(f"{V5}/{category_id}").status_code == product.get(f"{V4}/{category_id}").status_code == 404
    assert names(product, path, id=top) == []


def test_what_a_category_goes_through_is_recorded_in_order(product: Node) -> None:
    made = create(product)["id"]
    for body in ({"description": "x"}, {"lifecycleStatus": "In Design"}):
        assert patch(product, f"{V5}/{made}", body).status_code == 200
    assert product.request("DELETE", f"{V5}/{made}").status_code == 204
    engine = sa.create_engine(product.database)
    with engine.connect() as connection:
        asked = sa.text("SELECT type FROM outbox WHERE subject_type = 'category' AND subject = :id ORDER BY sequence")
        recorded = list(connection.scalars(asked, {"id": made}))
    engine.dispose()
    assert recorded == [
        "CategoryCreated",
        "CategoryChanged",
        "CategoryChanged",
        "CategoryStatusChanged",
        "CategoryRemoved",
    ]


def test_categories_outlive_a_restart(product: Node) -> None:
    made = create(product, V4, acmeShelf=7)
    product.kill()
    product.start()
    assert product.get(f"{V4}/{made['id']}").json() == made
