"""Clients that may act for some customers only, and orders that are handed over to a customer of others."""

import json
from collections.abc import Iterator

import pytest
import requests

from tests.support.bound import (
    BODIES,
    CUSTOMERS_AT,
    FOREIGN,
    MERGE,
    MINE,
    PENDING,
    TASKS,
    UNKNOWN,
    V4,
    Caller,
    answer_of,
)
from tests.support.product import TMF622, Node, partner_order, running_product


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """One that carries no order out, so that every order can still be changed."""
    with running_product(tmp_path_factory.mktemp("held"), HOLD_PROCESSES="true", PORTAL_WAIT="0") as node:
        yield node


@pytest.mark.parametrize("path", [TMF622, V4])
def test_an_order_is_not_handed_over_to_a_customer_of_others(held: Node, path: str) -> None:
    body = BODIES[path]
    address = f"{path}/{held.post(path, body(MINE), client='partner-pattern').json()['id']}"
    before = held.get(address).headers["ETag"]

    def handed_to(customer: str) -> requests.Response:
        patch = json.dumps({"relatedParty": body(customer)["relatedParty"]})
        return held.request("PATCH", address, "partner-pattern", data=patch, headers=MERGE)

    refusals = [answer_of(handed_to(customer), customer) for customer in ("C40200", PENDING, UNKNOWN, "c12345")]
    assert refusals.count(refusals[0]) == len(refusals), refusals
    status, told, _ = refusals[0]
    assert (status, told["code"], told["message"]) == (404, "CUSTOMER_NOT_FOUND", "Customer not found")
    assert [mistake["pointer"] for mistake in told["errors"]] == [CUSTOMERS_AT[path]]
    assert held.get(address).headers["ETag"] == before
    assert handed_to("C12347").status_code == 200


@pytest.mark.parametrize("path", BODIES)
def test_an_order_that_was_handed_over_to_others_is_not_repeated(held: Node, path: str) -> None:
    mine, both = Caller(held, [MINE]), Caller(held, [MINE, FOREIGN])
    key = f"handed{path.replace('/', '-')}"
    placed = mine("POST", path, BODIES[path](MINE), Idempotency_Key=key).json()
    assert mine("POST", path, BODIES[path](MINE), Idempotency_Key=key).json()["id"] == placed["id"]
    handed = {"relatedParty": partner_order(FOREIGN)["relatedParty"]}
    assert both("PATCH", f"{TMF622}/{placed['id']}", handed, **MERGE).status_code == 200
    repeated = mine("POST", path, BODIES[path](MINE), Idempotency_Key=key)
    assert (repeated.status_code, repeated.json()["code"]) == (404, "ORDER_NOT_FOUND"), repeated.text
    again = both("POST", path, BODIES[path](MINE), Idempotency_Key=key)
    assert again.json()["id"] == placed["id"]


@pytest.mark.parametrize("version", ["v5", "v4"])
def test_a_patch_of_the_time_when_the_order_was_for_others_is_not_repeated(held: Node, version: str) -> None:
    mine, theirs = Caller(held, [MINE]), Caller(held, [FOREIGN])
    both, key = Caller(held, [MINE, FOREIGN]), f"patched-{version}"
    order_id = theirs("POST", TMF622, BODIES[TMF622](FOREIGN)).json()["id"]
    address, change = f"{TMF622.replace('/v5/', f'/{version}/')}/{order_id}", {"description": "for the lobby"}
    first = theirs("PATCH", address, change, **MERGE, Idempotency_Key=key)
    assert first.status_code == 200, first.text
    assert theirs("PATCH", address, change, **MERGE, Idempotency_Key=key).text == first.text
    handed = {"relatedParty": partner_order(MINE)["relatedParty"]}
    assert both("PATCH", f"{TMF622}/{order_id}", handed, **MERGE).status_code == 200
    repeated = mine("PATCH", address, change, **MERGE, Idempotency_Key=key)
    assert (repeated.status_code, repeated.json()["code"]) == (404, "ORDER_NOT_FOUND"), repeated.text
    assert FOREIGN not in repeated.text


@pytest.mark.parametrize("version", ["v5", "v4"])
def test_a_cancellation_for_others_is_not_repeated(held: Node, version: str) -> None:
    mine, theirs = Caller(held, [MINE]), Caller(held, [FOREIGN])
    orders, tasks = (path.replace("/v5/", f"/{version}/") for path in (TMF622, TASKS))
    key = f"cancel-{version}"
    placed = theirs("POST", orders, BODIES[orders](FOREIGN))
    assert placed.status_code == 201, placed.text
    order_id = placed.json()["id"]
    body, nobody = {"productOrder": {"id": order_id}}, {"productOrder": {"id": "none"}}
    first = theirs("POST", tasks, body, Idempotency_Key=key)
    assert first.status_code == 201, first.text
    assert theirs("POST", tasks, body, Idempotency_Key=key).text == first.text
    refused, unknown = mine("POST", tasks, body, Idempotency_Key=key), mine("POST", tasks, nobody)
    assert refused.status_code == unknown.status_code == 404, refused.text
    assert first.json()["id"] not in refused.text
