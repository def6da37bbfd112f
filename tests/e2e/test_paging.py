"""Lists that are paged through over HTTP while others write to them."""

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.support.product import ORDERS, TMF622, Node, partner_order, running_product

V4 = TMF622.replace("/v5/", "/v4/")
TASKS, TASKS_V4 = (path.rpartition("/")[0] + "/cancelProductOrder" for path in (TMF622, V4))
REPORTS = "/api/v1/bridge-reports"
PROCESSES = "/api/v1/operations/processes"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """Orders are accepted and not carried out, so that there are processes to list and orders to remove."""
    with running_product(tmp_path_factory.mktemp("paging"), HOLD_PROCESSES="true") as node:
        yield node


def drafted(product: Node, client: str, category: str = "paged") -> str:
    body = partner_order() | {"requestedInitialState": "draft", "category": category}
    return str(product.post(TMF622, body, client=client).json()["id"])


def placed(product: Node, client: str) -> str:
    return str(product.post(TMF622, partner_order() | {"category": "paged"}, client=client).json()["id"])


def cancelled(product: Node, client: str) -> str:
    return str(product.post(TASKS, {"productOrder": {"id": drafted(product, client)}}, client=client).json()["id"])


def links(answer: requests.Response) -> dict[str, str]:
    found = re.findall(r'<([^>]*)>; rel="(\w+)"', answer.headers["Link"])
    return {relation: address for address, relation in found}


def following(answer: requests.Response) -> str | None:
    """The address of the next page, from the header on TMF622 and from the body on `/api/v1`."""
    if isinstance(answer.json(), dict):
        address: str | None = answer.json()["next"]
        return address
    return links(answer).get("next")


def members(answer: requests.Response) -> list[str]:
    body = answer.json()
    return [str(one.get("id") or one.get("subject")) for one in (body["items"] if isinstance(body, dict) else body)]


def walk(product: Node, path: str, client: str, meanwhile: Any = lambda shown: None) -> list[str]:
    shown: list[str] = []
    address: str | None = path
    while address is not None:
        answer = product.get(address.removeprefix(product.url), client=client)
        assert answer.ok, answer.text
        shown += members(answer)
        address = following(answer)
        if address is not None:
            assert "cursor=" in address
            assert "offset=" not in address
            meanwhile(shown)
    return shown


MAKE = {TMF622: drafted, V4: placed, TASKS: cancelled, TASKS_V4: cancelled, ORDERS: drafted, PROCESSES: placed}


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (TMF622, "limit=2"),
        (TMF622, "limit=2&sort=-creationDate&category=paged&fields=id"),
        (TMF622, "limit=2&sort=description,-creationDate&state.ne=held"),
        (V4, "limit=2&sort=-orderDate&category=paged"),
        (TASKS, "limit=2&sort=-creationDate,id"),
        (TASKS_V4, "limit=2"),
        (ORDERS, "limit=2"),
        (PROCESSES, "limit=2&state=scheduled"),
    ],
)  # fmt: skip
def test_what_others_add_and_remove_makes_nothing_come_twice_or_not_at_all(
    product: Node, path: str, query: str
) -> None:
    """With offsets, each order that is added in front would make the last one shown come again."""
    client = "qa"
    there = [MAKE[path](product, client) for _ in range(5)]

    def meanwhile(shown: list[str]) -> None:
        if len(shown) > 12:
            return
        MAKE[path](product, client)
        if MAKE[path] is drafted:
            assert product.request("DELETE", f"{TMF622}/{shown[-1]}").status_code == 204

    shown = walk(product, f"{path}?{query}", client, meanwhile)
    assert len(shown) == len(set(shown)), "nothing comes twice"
    assert set(there) <= set(shown)


def test_offsets_are_still_taken_and_lead_to_cursors(product: Node) -> None:
    there = [drafted(product, "partner-acme") for _ in range(5)][::-1]
    first = product.get(f"{TMF622}?offset=1&limit=2", client="partner-acme")
    assert (first.status_code, members(first)) == (206, there[1:3])
    assert links(first)["self"].endswith("?offset=1&limit=2")
    assert links(first)["prev"].endswith("?offset=0&limit=2")
    second = product.get(links(first)["next"].removeprefix(product.url), client="partner-acme")
    assert (second.status_code, members(second)) == (206, there[3:5])
    assert links(second)["self"] == links(first)["next"]
    assert links(second)["prev"].endswith("?offset=1&limit=2")
    assert links(second)["last"] == links(first)["last"]
    assert first.headers["X-Total-Count"] == second.headers["X-Total-Count"]


@pytest.mark.parametrize("path", [V4, TASKS_V4])
def test_the_bridges_report_of_a_page_is_of_that_page(product: Node, path: str) -> None:
    for _ in range(3):
        MAKE[path](product, "partner-acme")
    page = product.get(f"{path}?limit=1&fields=id", client="partner-acme")
    page = product.get(links(page)["next"].removeprefix(product.url), client="partner-acme")
    report = product.get(links(page)["describedby"].removeprefix(product.url), client="partner-acme")
    assert report.ok, report.text
    assert members(report) == members(page)


def test_a_cursor_shows_nobody_elses_orders(product: Node) -> None:
    for client in ("partner-acme", "conformance"):
        for _ in range(2):
            drafted(product, client)
    cursor = links(product.get(f"{TMF622}?limit=1", client="partner-acme"))["next"].removeprefix(product.url)
    theirs = product.get(cursor, client="conformance")
    mine = set(walk(product, TMF622, "conformance"))
    assert set(members(theirs)) <= mine


LISTS = [TMF622, V4, TASKS, TASKS_V4, ORDERS, PROCESSES, f"{REPORTS}/productOrder", f"{REPORTS}/cancelProductOrder"]


def made(told: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(told).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize("path", LISTS)
def test_hostile_cursors_are_400_and_say_so(product: Node, path: str) -> None:
    for _ in range(2):
        placed(product, "qa")
    given = following(product.get(f"{TMF622}?limit=1"))
    assert given is not None
    elsewhere = given.rpartition("cursor=")[2] if path not in (TMF622, V4, f"{REPORTS}/productOrder") else "x"
    digest = json.loads(base64.urlsafe_b64decode(given.rpartition("cursor=")[2] + "=="))[0]
    hostile = [
        elsewhere,
        "x",
        "%00",
        "..%2f..",
        "%F0%9F%99%82",
        "%FF",
        "A" * 8_000,
        made({"$ne": None}),
        made([digest, 0, "' OR 1=1 --", "x"]),
        made([digest, -1, "k"]),
        made([digest, 0, {"a": 1}]),
        made([digest, 0, "k\0"]),
    ]
    for cursor in hostile:
        answer = product.get(f"{path}?cursor={cursor}")
        assert answer.status_code == 400, (cursor, answer.text)
        assert answer.json()["code"] in ("INVALID_REQUEST", "BAD_REQUEST"), answer.text
    for query in ("cursor=x&cursor=x", "cursor=x&offset=0", "cursor=", "cursor", f"cursor={'A' * 20_000}"):
        assert product.get(f"{path}?{query}").status_code == 400, query
    told = product.get(f"{path}?cursor=x").json()
    assert [mistake["pointer"] for mistake in told["errors"]] == ["/cursor"]
    assert "cursor is not for this list" in told["errors"][0]["message"]
    assert "Traceback" not in product.log.read_text()
