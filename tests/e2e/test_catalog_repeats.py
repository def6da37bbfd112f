"""Requests about categories that are sent again with the same key."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from tests.support.categories import BOTH, Sent, below, create, hub, patch
from tests.support.product import Node

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
    assert refused.json()["code"] == "UNKNOWN_LIFECYCLE_STATUS"
    taken = Sent("POST", path, {"name": "child", **below(path, create(product)["id"])}).send(product, key)
    assert taken.status_code == 201


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
