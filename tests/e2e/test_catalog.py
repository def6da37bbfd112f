"""TMF620 categories over real HTTP, in both versions and on both databases."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
import requests
import sqlalchemy as sa

from facade.tmf.tmf620.items import REFUSED
from tests.support.postgres import new_database
from tests.support.product import ROOT, Node, running_product
from tests.support.waiting import LONG

API = "/tmf-api/productCatalogManagement"
V5, V4 = f"{API}/v5/category", f"{API}/v4/category"
BOTH = pytest.mark.parametrize("path", [V5, V4], ids=["v5", "v4"])
MERGE, JSON_PATCH, QUERY = (f"application/{name}+json" for name in ("merge-patch", "json-patch", "json-patch-query"))
BEGINS, ENDS = {"startDateTime": "2020-09-23T00:00:00Z"}, "2024-03-25T00:00:00Z"
READER = "partner-acme"
"""A client that may read the catalog and change nothing of it."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def product(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    environment: dict[str, str] = {}
    with ExitStack() as stack:
        if request.param == "postgresql":
            server = request.getfixturevalue("postgres_server")
            environment["DATABASE_URL"] = stack.enter_context(new_database(server))
        yield stack.enter_context(running_product(tmp_path_factory.mktemp("catalog"), **environment))


def create(product: Node, path: str = V5, **attributes: Any) -> dict[str, Any]:
    answer = product.post(path, {"name": "Cloud services", **attributes})
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


def below(path: str, parent: str) -> dict[str, Any]:
    return {"parentId": parent} if path == V4 else {"parent": {"@type": "CategoryRef", "id": parent}}


def patch(product: Node, address: str, body: Any, media_type: str = MERGE, **headers: str) -> requests.Response:
    told = {"Content-Type": media_type, **headers}
    return product.request("PATCH", address, data=json.dumps(body), headers=told)


def names(product: Node, path: str, **query: str) -> list[str]:
    answer = product.get(path, params=query)
    assert answer.status_code in (200, 206), answer.text
    return [one["name"] for one in answer.json()]


# --- create and read --------------------------------------------------------------------------------------------------


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


# --- lists ------------------------------------------------------------------------------------------------------------


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


# --- changes ----------------------------------------------------------------------------------------------------------


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
    made = create(product, **{name: value for name, value in published("117").items() if name not in ("id", *REFUSED)})
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


# --- repeated requests ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sent:
    method: str
    path: str
    body: Any = None

    def send(self, product: Node, key: str) -> requests.Response:
        return product.request(self.method, self.path, json=self.body, headers={"Idempotency-Key": key})


Pair = tuple[Sent, Sent]


def creating(product: Node, path: str) -> Pair:
    return Sent("POST", path, {"name": "one"}), Sent("POST", path, {"name": "other"})


def patching(product: Node, path: str) -> Pair:
    address = f"{path}/{create(product)['id']}"
    return Sent("PATCH", address, {"name": "one"}), Sent("PATCH", address, {"name": "other"})


def deleting(product: Node, path: str) -> Pair:
    first, other = (Sent("DELETE", f"{path}/{create(product)['id']}") for _ in range(2))
    return first, other


def registering(product: Node, path: str) -> Pair:
    first, other = (Sent("POST", hub(path), {"callback": f"https://93.184.215.14/{uuid4()}"}) for _ in range(2))
    return first, other


def hub(path: str) -> str:
    return f"{path.rpartition('/')[0]}/hub"


@BOTH
@pytest.mark.parametrize("make", [creating, patching, deleting, registering])
def test_the_same_key_and_body_get_the_first_answer_and_another_body_is_refused(
    product: Node, make: Callable[[Node, str], Pair], path: str
) -> None:
    (first, other), key = make(product, path), str(uuid4())
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: first.send(product, key), range(4)))
    assert answers[0].ok, answers[0].text
    told = {(one.status_code, one.content, one.headers.get("ETag"), one.headers.get("Location")) for one in answers}
    assert len(told) == 1
    refused = other.send(product, key)
    assert (refused.status_code, refused.json()["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")


@BOTH
def test_a_repeat_gets_its_own_first_answer_whatever_happened_since(product: Node, path: str) -> None:
    key, parent = str(uuid4()), create(product)["id"]
    making = Sent("POST", path, {"name": "child", **below(path, parent)})
    made = making.send(product, key).json()
    changing = Sent("PATCH", f"{path}/{made['id']}", {"name": "changed"})
    changed = changing.send(product, f"{key}-2").json()
    assert patch(product, f"{path}/{made['id']}", {"name": "changed again"}).status_code == 200
    assert making.send(product, key).json() == made
    assert changing.send(product, f"{key}-2").json() == changed
    assert product.get(f"{path}/{made['id']}").json()["name"] == "changed again"
    for category_id in (made["id"], parent):
        assert product.request("DELETE", f"{path}/{category_id}").status_code == 204
    gone = making.send(product, key)
    assert (gone.status_code, gone.json()["code"]) == (404, "CATALOG_ITEM_NOT_FOUND")


@BOTH
def test_a_refused_request_leaves_its_key_free(product: Node, path: str) -> None:
    key = str(uuid4())
    refused = Sent("POST", path, {"name": "child", "lifecycleStatus": "Sleeping"}).send(product, key)
    assert refused.json()["code"] == "INVALID_REQUEST"
    taken = Sent("POST", path, {"name": "child", **below(path, create(product)["id"])}).send(product, key)
    assert taken.status_code == 201


# --- versions ---------------------------------------------------------------------------------------------------------


def read(product: Node, path: str, named: str, client: str = "qa") -> dict[str, Any]:
    answer = product.get(f"{path}/{named}", client)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


@BOTH
def test_a_change_of_what_is_published_makes_a_version_and_a_draft_changes_in_place(product: Node, path: str) -> None:
    made = create(product, path, lifecycleStatus="Active", acmeShelf=7)
    answer = patch(product, f"{path}/{made['id']}", {"name": "renamed"})
    second = answer.json()
    assert (answer.status_code, second["version"], second["id"], second["name"]) == (200, "2.0", made["id"], "renamed")
    assert second["href"] == f"{product.url}{path}/{made['id']}:(version=2.0)"
    assert answer.headers["ETag"] == '"2.0-1"'
    assert read(product, path, f"{made['id']}:(version=2.0)") == second
    assert read(product, path, made["id"]) == second | {"href": made["href"]}
    first = read(product, path, f"{made['id']}:(version=1.0)")
    ended = {name: first[name] for name in ("href", "lastUpdate", "validFor")}
    assert first == made | ended
    assert first["validFor"]["endDateTime"] == second["validFor"]["startDateTime"]
    draft = create(product, path, name="draft", id=made["id"])
    assert (draft["version"], draft["lifecycleStatus"]) == ("3.0", "In Study")
    changed = patch(product, f"{path}/{made['id']}:(version=3.0)", {"name": "still a draft"})
    assert (changed.json()["version"], changed.headers["ETag"]) == ("3.0", '"3.0-2"')
    assert read(product, path, made["id"])["version"] == "2.0"


@BOTH
def test_a_status_and_an_end_are_recorded_on_the_version(product: Node, path: str) -> None:
    made = create(product, path, lifecycleStatus="Active")
    address = f"{path}/{made['id']}"
    ends = {"validFor": {"endDateTime": "2100-01-01T00:00:00Z"}}
    for change in (ends, {"lifecycleStatus": "Launched"}, {"lifecycleStatus": "Retired"}):
        answer = patch(product, address, change)
        assert (answer.status_code, answer.json()["version"], answer.json()["href"]) == (200, "1.0", made["href"])
    assert answer.json()["validFor"] == ends["validFor"]
    assert answer.headers["ETag"] == '"1.0-4"'


@BOTH
def test_versions_are_found_by_the_id_and_by_their_names(product: Node, path: str) -> None:
    made = create(product, path, name=f"many {uuid4()}", lifecycleStatus="Active", version="2026.Q3")
    item_id = made["id"]
    patch(product, f"{path}/{item_id}", {"description": "second"})
    create(product, path, id=item_id, name=made["name"], version="draft")
    every = {
        f"{product.url}{path}/{item_id}:(version={version})": version for version in ("2026.Q3", "2027.0", "draft")
    }
    listed = product.get(path, params={"id": item_id})
    assert {one["href"]: one["version"] for one in listed.json()} == every
    assert listed.headers["X-Total-Count"] == "3"
    for href in every:
        assert product.get(href.removeprefix(product.url)).json() in listed.json()
    assert [one["version"] for one in product.get(path, READER, params={"id": item_id}).json()] == ["2027.0"]
    assert [one["version"] for one in product.get(path, params={"name": made["name"]}).json()] == ["2027.0"]
    for client, version, found in (
        ("qa", "2026.Q3", 1), (READER, "2026.Q3", 1), ("qa", "draft", 1), (READER, "draft", 0), ("qa", "none", 0)
    ):  # fmt: skip
        answer = product.get(path, client, params={"id": item_id, "version": version})
        assert [one["version"] for one in answer.json()] == [version] * found, (client, version)


@BOTH
def test_who_knows_one_version_is_told_when_another_counts(product: Node, path: str) -> None:
    address = f"{path}/{create(product, path, lifecycleStatus='Active')['id']}"
    tag = product.get(address).headers["ETag"]
    patch(product, address, {"description": "new"})
    now = product.get(address, headers={"If-None-Match": tag})
    assert (now.status_code, now.headers["ETag"]) == (200, '"2.0-1"')
    one = product.get(f"{address}:(version=2.0)", headers={"If-None-Match": '"2.0-1"'})
    assert (one.status_code, one.headers["ETag"]) == (304, '"2.0-1"')


@BOTH
@pytest.mark.parametrize("status", ["In Study", "Active"])
def test_of_two_administrators_the_second_is_told_so(product: Node, path: str, status: str) -> None:
    address = f"{path}/{create(product, path, lifecycleStatus=status)['id']}"
    tag = product.get(address).headers["ETag"]

    def change(number: int) -> int:
        return patch(product, address, {"name": f"by {number}"}, **{"If-Match": tag}).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(change, range(4))) == [200, 412, 412, 412]


@BOTH
def test_of_drafts_that_are_published_at_once_one_counts(product: Node, path: str) -> None:
    made = create(product, path)
    drafts = [create(product, path, id=made["id"])["version"] for _ in range(4)]

    def publish(version: str) -> int:
        return patch(product, f"{path}/{made['id']}:(version={version})", {"lifecycleStatus": "Active"}).status_code

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(publish, drafts)) == [200] * 4
    listed = product.get(path, params={"id": made["id"], "lifecycleStatus": "Active"}).json()
    assert len(listed) == 4
    open_ended = [one["version"] for one in listed if "endDateTime" not in one.get("validFor", {})]
    assert open_ended == [read(product, path, made["id"])["version"]]


def test_versions_of_one_id_created_at_once_have_different_names(product: Node) -> None:
    item_id = str(uuid4())
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: create(product, id=item_id)["version"], range(4)))
    assert sorted(made) == ["1.0", "2.0", "3.0", "4.0"]


@BOTH
def test_a_repeated_patch_that_made_a_version_gets_its_answer_again(product: Node, path: str) -> None:
    address = f"{path}/{create(product, path, lifecycleStatus='Active')['id']}"
    changing, key = Sent("PATCH", address, {"name": "renamed"}), str(uuid4())
    first = changing.send(product, key)
    patch(product, address, {"name": "renamed again"})
    again = changing.send(product, key)
    assert (again.status_code, again.content, again.headers["ETag"]) == (200, first.content, first.headers["ETag"])
    staying, key = Sent("PATCH", f"{address}:(version=1.0)", {"name": "Cloud services"}), str(uuid4())
    first = staying.send(product, key)
    assert first.json()["version"] == "1.0"
    assert staying.send(product, key).content == first.content


@BOTH
def test_one_version_is_removed_or_all(product: Node, path: str) -> None:
    address = f"{path}/{create(product, path, lifecycleStatus='Active')['id']}"
    for name in ("second", "third"):
        assert patch(product, address, {"name": name}).status_code == 200
    assert product.request("DELETE", f"{address}:(version=2.0)").status_code == 204
    assert product.get(f"{address}:(version=2.0)").json()["code"] == "CATALOG_ITEM_NOT_FOUND"
    assert product.request("DELETE", f"{address}:(version=3.0)").status_code == 204
    assert product.get(address).json()["version"] == "1.0"
    assert product.request("DELETE", address).status_code == 204
    for gone in (address, f"{address}:(version=1.0)"):
        assert product.get(gone).status_code == 404


@BOTH
def test_a_version_of_a_name_that_is_taken_and_one_that_overlaps_are_refused(product: Node, path: str) -> None:
    later = {"startDateTime": "2100-01-01T00:00:00Z"}
    made = create(product, path, lifecycleStatus="Active", validFor=later)
    taken = product.post(path, {"name": "x", "id": made["id"], "version": "1.0"})
    assert (taken.status_code, taken.json()["code"]) == (409, "CATALOG_VERSION_EXISTS")
    ends = {"validFor": {"endDateTime": "2100-01-02T00:00:00Z"}}
    overlapping = product.post(path, {"name": "x", "id": made["id"], "lifecycleStatus": "Active", **ends})
    assert (overlapping.status_code, overlapping.json()["code"]) == (400, "CATALOG_VERSIONS_OVERLAP")
    assert overlapping.json()["errors"][0]["pointer"] == "/validFor/endDateTime"
    fitting = {"validFor": {"endDateTime": "2100-01-01T00:00:00Z"}}
    create(product, path, id=made["id"], lifecycleStatus="Active", **fitting)


# --- ids of clients ---------------------------------------------------------------------------------------------------

ODD_IDS = [
    "42", "4%2F2", "%", "%25", "a b", " a", "ä€🚀", "\"'", "a?b#c", "a&b=c;d,e", "a:b", "42:version=1.0", "[1]", "..a",
    "\\", "<script>", "-", "null", "*", "i" * 100, "€" * 100, "\u202ex", "A", "\u2167", "\u00a0x", "e\u0301",
]  # fmt: skip


@BOTH
@pytest.mark.parametrize("base", ODD_IDS, ids=ascii)
def test_an_odd_id_names_its_category_in_every_address(product: Node, path: str, base: str) -> None:
    item_id = base if len(base) == 100 else f"{base} {path.split('/')[3]}"
    name = str(uuid4())
    answer = product.post(path, {"id": item_id, "name": name, "lifecycleStatus": "Active"})
    if answer.status_code != 201:  # made by the other version
        assert (answer.status_code, len(base)) == (409 if len(base) == 100 else 0, 100), answer.text
        return
    made, location = answer.json(), answer.headers["Location"].removeprefix(product.url)
    assert (made["id"], made["href"]) == (item_id, answer.headers["Location"])
    assert product.get(location).json() == made
    present = location.removesuffix(":(version=1.0)")
    assert present == f"{path}/{quote(item_id, safe=':()=@+,;!$&' + chr(39) + '*')}"
    strict = f"{path}/{quote(item_id, safe='')}"
    for address in (present, strict):
        assert product.get(address).json() == made | {"href": product.url + present}
    assert product.get(f"{strict}%3A%28version%3D1.0%29").json() == made
    renamed = patch(product, strict, {"description": "new"})
    assert renamed.json()["href"] == f"{product.url}{present}:(version=2.0)"
    child = create(product, path, **below(path, item_id))
    assert product.request("DELETE", strict).json()["code"] == "CATALOG_ITEM_IN_USE"
    for gone in (f"{path}/{child['id']}", strict):
        assert product.request("DELETE", gone).status_code == 204
    assert product.get(strict).status_code == 404


@BOTH
@pytest.mark.parametrize(
    "item_id",
    [
        "", " ", "\t\n", "a/b", "/", "42:(version=1.0)", "(", "a)", ".", "..", "i" * 101, "\0", 7, None, [], {},
        "a\nb", "a\r\nX-Evil: 1", "\x7f", "\x85", "\x9f", "\u2028",
    ],
    ids=ascii,
)  # fmt: skip
def test_an_id_that_no_address_could_name_is_refused(product: Node, path: str, item_id: Any) -> None:
    body = json.dumps({"id": item_id, "name": "x"})
    answer = product.request("POST", path, data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"][0]["pointer"] == "/id"


@BOTH
@pytest.mark.parametrize(
    "last",
    [
        "none:(version=1.0)", "42:(version=", "42:(version=)", ":(version=1.0)", "42:(version=1.0)x", "42:(versio=1.0)",
        "42:(version=1.0):(version=1.0)", "42:((version=1.0))", "%3A%28version%3D%29", "%00", "%ff", "%ed%a0%80",
        "42:(version=%00)", "42:(version=%ff)", "v:(version=" + "9" * 3000 + ")", "%F0%9F%9A%80", "%", "%zz", "%2e%2e",
        "42%2F..%2F43", "%252e", "42:(version=1.0)%0a", "42:(version=1.0\n)", "x" * 3000,
    ],
    ids=lambda last: ascii(last)[:40],
)  # fmt: skip
def test_an_address_that_names_nothing_finds_nothing(product: Node, path: str, last: str) -> None:
    for method, body in (("GET", None), ("PATCH", {"name": "x"}), ("DELETE", None)):
        answer = product.request(method, f"{path}/{last}", json=body)
        assert answer.status_code in (400, 404, 405), (method, answer.status_code, answer.text)


# --- outsiders --------------------------------------------------------------------------------------------------------


@BOTH
def test_what_is_not_published_is_not_there_for_partners(product: Node, path: str) -> None:
    name = str(uuid4())
    draft = create(product, path, name=name)
    address, shown = f"{path}/{draft['id']}", {"name": name}
    tag = product.get(address).headers["ETag"]
    for named in (address, f"{address}:(version=1.0)"):
        assert product.get(named, READER).json()["code"] == "CATALOG_ITEM_NOT_FOUND"
        assert product.get(named, READER, headers={"If-None-Match": tag}).status_code == 404
    report = f"/api/v1/bridge-reports/category/{draft['id']}"
    assert (product.get(report).status_code, product.get(report, READER).status_code) == (200, 404)
    for query in (shown, {"id": draft["id"]}, {"id": draft["id"], "version": "1.0"}, {"lifecycleStatus": "In Study"}):
        listed = product.get(path, READER, params=query)
        assert (listed.json(), listed.headers["X-Total-Count"]) == ([], "0")
    assert [one["id"] for one in product.get(path, params=shown).json()] == [draft["id"]]
    for status in ("Active", "Retired", "Obsolete"):
        assert patch(product, address, {"lifecycleStatus": status}).status_code == 200
        assert product.get(address, READER).json()["lifecycleStatus"] == status
        assert len(product.get(path, READER, params=shown).json()) == 1


def with_scopes(product: Node, *scopes: str) -> Callable[..., requests.Response]:
    form = {"grant_type": "client_credentials", "client_id": "qa", "client_secret": "qa-secret"}
    answer = requests.post(f"{product.url}/oauth/token", data=form | {"scope": " ".join(scopes)}, timeout=LONG)
    token = {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def send(method: str, path: str, body: Any = None) -> requests.Response:
        return requests.request(method, product.url + path, json=body, headers=token, timeout=LONG)

    return send


@BOTH
def test_who_may_only_prepare_changes_changes_nothing_that_everybody_sees(product: Node, path: str) -> None:
    writer = with_scopes(product, "catalog:read", "catalog:write")
    published = create(product, path, lifecycleStatus="Active")
    draft = writer("POST", path, {"name": "draft"}).json()
    version = writer("POST", path, {"name": "draft", "id": published["id"]})
    assert version.json()["version"] == "2.0"
    address, prepared = f"{path}/{published['id']}", f"{path}/{draft['id']}"
    refused = (
        ("POST", path, {"name": "x", "lifecycleStatus": "Active"}),
        ("POST", path, {"name": "x", "lifecycleStatus": "Retired"}),
        ("PATCH", address, {"name": "x"}),
        ("PATCH", address, {"name": "x", "lifecycleStatus": None}),
        ("PATCH", address, {"acme": 1, "lifecycleStatus": None}),
        ("PATCH", address, {"lifecycleStatus": "Retired"}),
        ("PATCH", f"{address}:(version=1.0)", {"validFor": {"endDateTime": "2100-01-01T00:00:00Z"}}),
        ("PATCH", f"{address}:(version=2.0)", {"lifecycleStatus": "Active"}),
        ("PATCH", prepared, {"lifecycleStatus": "launched"}),
        ("DELETE", address, None),
        ("DELETE", f"{address}:(version=1.0)", None),
        ("POST", "/api/v1/translations", {"api": "TMF620", "version": path.split("/")[3], "operation": "createCategory",
                                          "payload": {"name": "x", "lifecycleStatus": "Active"}}),
    )  # fmt: skip
    for method, named, body in refused:
        answer = writer(method, named, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "INSUFFICIENT_SCOPE"), (method, named, body)
        assert "catalog:publish" in answer.headers["WWW-Authenticate"]
    assert read(product, path, published["id"]) == published
    for method, named, body, status in (
        ("GET", prepared, None, 200),
        ("PATCH", prepared, {"name": "y", "lifecycleStatus": "In Design"}, 200),
        ("PATCH", f"{address}:(version=2.0)", {"name": "y"}, 200),
        ("DELETE", f"{address}:(version=2.0)", None, 204),
        ("DELETE", prepared, None, 204),
    ):
        assert writer(method, named, body).status_code == status, (method, named)


@BOTH
def test_who_may_publish_and_not_write_sees_all_and_changes_nothing(product: Node, path: str) -> None:
    publisher = with_scopes(product, "catalog:read", "catalog:publish")
    draft = create(product, path)
    assert publisher("GET", f"{path}/{draft['id']}").status_code == 200
    assert publisher("PATCH", f"{path}/{draft['id']}", {"lifecycleStatus": "Active"}).status_code == 403


# --- who may do what --------------------------------------------------------------------------------------------------


@BOTH
def test_a_partner_reads_what_another_client_made_and_changes_nothing(product: Node, path: str) -> None:
    made = create(product, path, lifecycleStatus="Active")
    read = product.get(f"{path}/{made['id']}", READER)
    assert (read.status_code, read.json()) == (200, made)
    assert [one["id"] for one in product.get(path, READER, params={"id": made["id"]}).json()] == [made["id"]]
    for method, address, body in (
        ("POST", path, {"name": "x"}),
        ("PATCH", f"{path}/{made['id']}", {"name": "x"}),
        ("DELETE", f"{path}/{made['id']}", None),
    ):
        refused = product.request(method, address, READER, json=body)
        assert (refused.status_code, refused.json()["code"]) == (403, "INSUFFICIENT_SCOPE")


@BOTH
def test_a_listener_is_registered_for_events_of_categories(product: Node, path: str) -> None:
    body = {
        "callback": f"https://93.184.215.14/{uuid4()}",
        "query": "eventType=CategoryStateChangeEvent&event.category.lifecycleStatus=Active",
    }
    answer = product.post(hub(path), body, READER)
    assert answer.status_code == 201, answer.text
    address = f"{hub(path)}/{answer.json()['id']}"
    assert product.get(address, READER).json() == answer.json()
    assert product.request("DELETE", address, READER).status_code == 204
    unknown = product.post(hub(path), body | {"query": "eventType=ProductOrderCreateEvent"}, READER)
    assert unknown.status_code == 400
    allowed = unknown.json()["errors"][0]["allowed"]
    assert {one for one in allowed if one.startswith("Category")} == {
        "CategoryAttributeValueChangeEvent",
        "CategoryCreateEvent",
        "CategoryDeleteEvent",
        "CategoryStateChangeEvent",
    }


# --- what is told of it -----------------------------------------------------------------------------------------------


def tried(product: Node, version: str, payload: Any, client: str = "qa") -> requests.Response:
    body = {"api": "TMF620", "version": version, "operation": "createCategory", "payload": payload}
    return product.post("/api/v1/translations", body, client)


@BOTH
def test_a_category_is_tried_without_being_created(product: Node, path: str) -> None:
    name, parent, version = f"tried {uuid4()}", create(product)["id"], path.split("/")[3]
    answer = tried(product, version, {"name": name, "acme": 1, **below(path, parent)}).json()
    assert answer["accepted"] is True
    contents = answer["command"]["definition"]["contents"]
    assert (contents["name"], contents["parent_id"]) == (name, parent)
    assert "/acme" in answer["carried"]
    assert answer["backendCalls"] == []
    assert names(product, path, name=name) == []
    circle = {"id": name, "name": name, **below(path, name)}
    wrong = tried(product, version, circle).json()
    assert (wrong["accepted"], wrong["errors"][0]["code"]) == (False, "CYCLIC_CATEGORIES")
    assert wrong["errors"][0]["pointer"] == ("/parentId" if path == V4 else "/parent/id")


def test_who_may_not_write_the_catalogue_may_not_try_it_either(product: Node) -> None:
    refused = tried(product, "v5", {"name": "x"}, READER)
    assert (refused.status_code, refused.json()["code"]) == (403, "INSUFFICIENT_SCOPE")


def test_what_v4_does_not_show_is_told_to_who_reads_the_catalogue(product: Node) -> None:
    parent = create(product)["id"]
    below_it = {"@type": "CategoryRef", "id": parent, "name": "Cloud services"}
    made = create(product, parent=below_it, lifecycleStatus="Active")
    shown = product.get(f"{V4}/{made['id']}", READER)
    assert shown.headers["X-Bridge-Losses"] == "1"
    report = f"/api/v1/bridge-reports/category/{made['id']}"
    assert shown.links["describedby"]["url"] == f"{product.url}{report}"
    told = product.get(report, READER).json()
    assert [one["pointer"] for one in told["lowered"]] == ["/parent/name"]
    page = product.get(f"/api/v1/bridge-reports/category?parentId={parent}", READER).json()
    assert [(one["id"], len(one["lowered"])) for one in page] == [(made["id"], 1)]


def test_every_request_leaves_its_evidence(product: Node) -> None:
    refused = product.post(V4, {"name": "x", "parentId": " "}).json()
    record = product.get(f"/api/v1/audit-records/{refused['id']}").json()
    assert (record["operation"], record["status"]) == (f"POST {V4}", 400)
