"""The product while its database is locked, frozen or full, and after that."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from functools import partial

import pytest
import requests

from tests.support.database_faults import locked
from tests.support.postgres import new_database
from tests.support.product import ORDERS, TMF622, Node, partner_order, portal_order, running_product

ENDS = 60.0
"""Seconds, generous: without a deadline requests take longer than this or never end."""

Call = Callable[[], requests.Response]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def product(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    settings = {"DATABASE_TIMEOUT": "3", "THREADS": "16"}
    with ExitStack() as stack:
        if request.param == "postgresql":
            server = request.getfixturevalue("postgres_server")
            settings["DATABASE_URL"] = stack.enter_context(new_database(server))
        node = stack.enter_context(running_product(tmp_path_factory.mktemp("faults"), **settings))
        node.token("qa")
        node.token("portal")
        yield node


def at_once(*calls: Call) -> list[requests.Response]:
    """Their answers. All have come when this returns, and so while a fault lasts."""
    pool = ThreadPoolExecutor(len(calls))
    jobs = [pool.submit(call) for call in calls]
    _, held_up = wait(jobs, ENDS)
    pool.shutdown(wait=False)
    assert not held_up
    return [job.result() for job in jobs]


def told(answers: list[requests.Response]) -> set[tuple[int, str]]:
    return {(answer.status_code, answer.json().get("code", "")) for answer in answers}


def test_a_locked_database_is_told_and_the_same_key_works_afterwards(product: Node) -> None:
    key = {"Idempotency-Key": f"locked-{product.port}"}
    place = partial(product.post, ORDERS, portal_order(), client="portal", headers=key)
    with locked(product.database):
        answers = at_once(*[place] * 40)
    assert told(answers) == {(503, "DATABASE_UNAVAILABLE")}
    assert all(answer.headers["Retry-After"].isdigit() for answer in answers)
    assert len({place().json()["id"] for _ in range(3)}) == 1


def test_refusals_neither_wait_for_a_locked_database_nor_hold_anybody_up(product: Node) -> None:
    refused = partial(product.post, TMF622, partner_order() | {"productOrderItem": []})
    nowhere = partial(product.get, "/nowhere")
    nobody = partial(requests.get, f"{product.url}{ORDERS}", timeout=60)
    with locked(product.database):
        answers = at_once(*[refused] * 45, nowhere, nobody)
    assert [answer.status_code for answer in answers] == [400] * 45 + [404, 401]
    evidence = [product.get(f"/api/v1/audit-records/{answer.json()['id']}") for answer in answers[:45]]
    assert {found.status_code for found in evidence} == {200}
