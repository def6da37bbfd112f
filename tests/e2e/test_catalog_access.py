"""Who may see and change which categories, and what the product tells about them."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import requests

from tests.support.categories import BOTH, READER, V4, below, create, hub, names, patch, read
from tests.support.product import Node
from tests.support.waiting import LONG


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
    assert (wrong["accepted"], wrong["errors"][0]["reason"]) == (False, "CYCLIC_CATEGORIES")
    assert wrong["errors"][0]["pointer"] == ("/parentId" if path == V4 else "/parent/id")


def test_who_may_not_write_the_catalog_may_not_try_it_either(product: Node) -> None:
    refused = tried(product, "v5", {"name": "x"}, READER)
    assert (refused.status_code, refused.json()["code"]) == (403, "INSUFFICIENT_SCOPE")


def test_what_v4_does_not_show_is_told_to_who_reads_the_catalog(product: Node) -> None:
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
