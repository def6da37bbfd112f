"""If-None-Match: a client that has a resource as it is now is told so, and gets no body."""

from collections.abc import Iterator

import pytest

from tests.support.product import TMF622, Node, partner_order, running_product

V4 = TMF622.replace("/v5/", "/v4/")
TASKS = f"{TMF622.rpartition('/')[0]}/cancelProductOrder"
CLIENT = "partner-acme"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_product(tmp_path_factory.mktemp("conditional")) as node:
        yield node


def a_draft(product: Node) -> str:
    answer = product.post(TMF622, partner_order() | {"requestedInitialState": "draft"}, CLIENT)
    return str(answer.json()["id"])


def an_order(product: Node) -> str:
    order_id = str(product.post(TMF622, partner_order(), CLIENT).json()["id"])
    product.until_finished(order_id)
    return order_id


@pytest.mark.parametrize("path", [TMF622, V4])
@pytest.mark.parametrize("known", ["{}", "W/{}", '"99", {}', "*"])
def test_who_has_the_resource_as_it_is_now_gets_304_and_no_body(product: Node, path: str, known: str) -> None:
    address = f"{path}/{an_order(product)}"
    tag = product.get(address, CLIENT).headers["ETag"]
    answer = product.get(address, CLIENT, headers={"If-None-Match": known.format(tag)})
    assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", tag)


def test_a_task_is_read_on_the_same_condition(product: Node) -> None:
    body = {"@type": "CancelProductOrder", "productOrder": {"@type": "ProductOrderRef", "id": a_draft(product)}}
    task = product.post(TASKS, body, CLIENT)
    address = f"{TASKS}/{task.json()['id']}"
    tag = product.get(address, CLIENT).headers["ETag"]
    assert product.get(address, CLIENT, headers={"If-None-Match": tag}).status_code == 304


def test_who_has_an_older_version_gets_the_new_one(product: Node) -> None:
    address = f"{TMF622}/{a_draft(product)}"
    tag = product.get(address, CLIENT).headers["ETag"]
    product.request("PATCH", address, CLIENT, json={"description": "changed"})
    answer = product.get(address, CLIENT, headers={"If-None-Match": tag})
    assert (answer.status_code, answer.json()["description"]) == (200, "changed")
    assert answer.headers["ETag"] != tag


def test_nobody_learns_by_the_condition_what_he_may_not_see(product: Node) -> None:
    draft = a_draft(product)
    for address, client in (
        (f"{TMF622}/{draft}", "conformance"),
        (f"{V4}/{draft}", CLIENT),
        (f"{TMF622}/none", CLIENT),
    ):
        answer = product.get(address, client, headers={"If-None-Match": "*"})
        assert answer.status_code in (403, 404), address


@pytest.mark.parametrize("path", [TMF622, V4])
def test_head_answers_what_get_does_without_the_body(product: Node, path: str) -> None:
    for address in (f"{path}/{an_order(product)}", f"{path}?limit=1"):
        whole, head = (product.request(method, address, CLIENT) for method in ("GET", "HEAD"))
        assert (head.status_code, head.content) == (whole.status_code, b"")
        for name in ("ETag", "Content-Type", "Content-Length", "X-Total-Count", "Link"):
            assert head.headers.get(name) == whole.headers.get(name), name
