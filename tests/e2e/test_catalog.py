"""TMF620 categories over real HTTP, in both versions and on both databases: created, read and listed."""

import json
from uuid import uuid4

import pytest

from tests.support.categories import (
    API,
    BOTH,
    V4,
    V5,
    below,
    create,
    names,
    patch,
)
from tests.support.product import ROOT, Node


@pytest.mark.parametrize("version", ["v5", "v4"])
@pytest.mark.parametrize("name", ["50-every-kind-of-attribute", "51-the-least-that-is-needed"])
def test_a_golden_request_is_answered_as_written(product: Node, version: str, name: str) -> None:
    path = f"{API}/{version}/category"
    request, answer = (
        json.loads((ROOT / "fixtures" / "golden" / "tmf620" / version / f"{name}.{kind}.json").read_text())
        for kind in ("request", "response")
    )
    if "parent" in request or "parentId" in request:
        parent = create(product)["id"]
        for one in (request, answer):
            one.update({"parentId": parent} if version == "v4" else {"parent": one["parent"] | {"id": parent}})
    created = product.post(path, request)
    assert created.status_code == 201, created.text
    shown = created.json()
    assert created.headers["Location"] == shown["href"] == f"{product.url}{path}/{shown['id']}"
    assert shown == answer | {name: shown[name] for name in ("id", "href", "lastUpdate")}
    read = product.get(f"{path}/{shown['id']}")
    assert (read.status_code, read.json()) == (200, shown)
    assert read.headers["ETag"] == created.headers["ETag"]


def test_each_version_shows_what_the_other_took(product: Node) -> None:
    parent = create(product)["id"]
    v4, v5 = create(product, V4, **below(V4, parent)), create(product, V5, **below(V5, parent))
    assert product.get(f"{V5}/{v4['id']}").json()["parent"] == {"@type": "CategoryRef", "id": parent}
    assert product.get(f"{V4}/{v5['id']}").json()["parentId"] == parent


def test_fields_select(product: Node) -> None:
    made = create(product, V4, **below(V4, create(product)["id"]))
    shown = product.get(f"{V4}/{made['id']}?fields=name,parentId").json()
    assert shown.keys() - {"id", "href", "@type"} == {"name", "parentId"}


@BOTH
def test_who_has_the_category_as_it_is_gets_304(product: Node, path: str) -> None:
    address = f"{path}/{create(product)['id']}"
    tag = product.get(address).headers["ETag"]
    same = product.get(address, headers={"If-None-Match": tag})
    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", tag)
    assert patch(product, address, {"description": "new"}).headers["ETag"] != tag
    assert product.get(address, headers={"If-None-Match": tag}).json()["description"] == "new"


@BOTH
def test_what_is_not_there_is_not_found(product: Node, path: str) -> None:
    for method, body in (("GET", None), ("PATCH", {"name": "x"}), ("DELETE", None)):
        answer = product.request(method, f"{path}/none", json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "CATALOG_ITEM_NOT_FOUND")
    assert product.get(f"{path}/none", headers={"If-None-Match": "*"}).status_code == 404


@pytest.fixture(scope="module")
def shelf(product: Node) -> str:
    """A category with three below it."""
    top = f"shelf {uuid4()}"
    parent: str = create(product, name=top)["id"]
    create(product, V5, name=f"{top} a", lifecycleStatus="In Design", **below(V5, parent))
    create(product, V4, name=f"{top} b", lifecycleStatus="in_design", description="b", **below(V4, parent))
    create(product, V5, name=f"{top} c", lifecycleStatus="Active", **below(V5, parent))
    return parent


def found(product: Node, shelf: str, path: str, **query: str) -> str:
    """The last letters of the names of what is found below the shelf, newest first unless sorted."""
    parent = "parentId" if path == V4 else "parent.id"
    return "".join(name[-1] for name in names(product, path, **{parent: shelf}, **query))


@BOTH
def test_categories_are_found_by_parent_name_and_status(product: Node, shelf: str, path: str) -> None:
    top = product.get(f"{path}/{shelf}").json()["name"]
    assert found(product, shelf, path) == "cba"
    assert names(product, path, name=top) == [top]
    assert names(product, path, name=f"{top} b") == [f"{top} b"]
    assert names(product, path, name="none") == []
    assert found(product, shelf, path, lifecycleStatus="In Design") == "ba"
    assert found(product, shelf, path, lifecycleStatus="Active,Launched") == "c"
    assert found(product, shelf, path, lifecycleStatus="Retired") == ""
    assert found(product, shelf, path, description="b") == "b"
    assert found(product, shelf, path, isRoot="true") == ""
    parent = "parentId" if path == V4 else "parent.id"
    assert sorted(names(product, path, filter=f"$[?(@.{parent}=='{shelf}' && @.name=~/.* [ac]$/)]")) == [
        f"{top} a",
        f"{top} c",
    ]


@BOTH
def test_lists_are_sorted_and_paged(product: Node, shelf: str, path: str) -> None:
    assert found(product, shelf, path, sort="name") == "abc"
    assert found(product, shelf, path, sort="-name") == "cba"
    assert found(product, shelf, path, sort="-lifecycleStatus,name") == "abc"
    parent = "parentId" if path == V4 else "parent.id"
    page = product.get(path, params={parent: shelf, "limit": "2", "sort": "name"})
    assert (page.status_code, len(page.json())) == (206, 2)
    assert (page.headers["X-Total-Count"], page.headers["X-Result-Count"]) == ("3", "2")
    following = page.links["next"]["url"].removeprefix(product.url)
    rest = product.get(following)
    assert [one["name"][-1] for one in rest.json()] == ["c"]


@pytest.mark.parametrize(
    ("path", "query"), [(V4, "parent.id=1"), (V5, "parentId=1"), (V5, "href=x"), (V4, "nonsense=1"), (V5, "sort=none")]
)
def test_what_is_no_attribute_is_no_filter(product: Node, path: str, query: str) -> None:
    assert product.get(f"{path}?{query}").status_code == 400
