"""Versions of categories over real HTTP."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from tests.support.categories import BOTH, READER, create, patch, read
from tests.support.product import Node


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
