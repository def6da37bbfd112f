"""The product while its database is locked, frozen or full, and after that."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial

import pytest
import requests

from tests.support.database_faults import frozen, full, locked
from tests.support.postgres import new_database
from tests.support.product import ORDERS, TMF622, Node, effects, partner_order, portal_order, running_product
from tests.support.waiting import LONG, until

Call = Callable[[], requests.Response]
Fault = Callable[[Node], AbstractContextManager[None]]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def product(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    settings = {"DATABASE_TIMEOUT": "3", "THREADS": "16", "PORTAL_WAIT": "4", "BACKEND_READ_TIMEOUT": "5"}
    with ExitStack() as stack:
        if request.param == "postgresql":
            server = request.getfixturevalue("postgres_server")
            settings["DATABASE_URL"] = stack.enter_context(new_database(server))
        node = stack.enter_context(running_product(tmp_path_factory.mktemp("faults"), **settings))
        node.token("qa")
        node.token("portal")
        yield node


@contextmanager
def stopped(node: Node) -> Iterator[None]:
    """No lock can be had on SQLite's file; PostgreSQL is frozen."""
    with locked(node.database) if node.database.get_backend_name() == "sqlite" else frozen(node.database):
        yield


def disk_full(node: Node) -> AbstractContextManager[None]:
    return full(node.database, node.pid)


def at_once(*calls: Call) -> list[requests.Response]:
    """Their answers. All have come when this returns, and so while a fault lasts."""
    pool = ThreadPoolExecutor(len(calls))
    jobs = [pool.submit(call) for call in calls]
    _, held_up = wait(jobs, LONG)
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


def test_health_is_told_while_the_database_answers_nobody(product: Node) -> None:
    place = partial(product.post, ORDERS, portal_order(), client="portal")
    live, ready = (partial(requests.get, f"{product.url}/health/{one}", timeout=LONG) for one in ("live", "ready"))
    with stopped(product):
        until(lambda: ready().status_code == 503)  # what it found before counts for a second
        answers = at_once(*[live] * 20, *[ready] * 20, *[place] * 20)
    assert {answer.status_code for answer in answers[:20]} == {200}
    for answer in answers[20:40]:
        assert (answer.status_code, answer.json()["database"]) == (503, "down")
        assert "the database" in answer.json()["problems"][0]
    assert told(answers[40:]) == {(503, "DATABASE_UNAVAILABLE")}
    until(lambda: ready().status_code == 200)
    assert product.until_finished(place().json()["id"])["status"] == "confirmed"


@pytest.mark.parametrize("fault", [stopped, disk_full])
def test_an_order_in_flight_is_told_to_go_on_and_ends_after_the_fault(product: Node, fault: Fault) -> None:
    product.backends.fault("billing", dropAnswer=True, hang=True, operations=["charge"])
    charged = len(product.backends.ledger("billing"))
    with ThreadPoolExecutor(1) as pool:
        placing = pool.submit(product.post, ORDERS, portal_order(), client="portal")
        until(lambda: len(product.backends.ledger("billing")) > charged)
        with fault(product):
            told = placing.result(LONG)
    readable = fault is disk_full or product.database.get_backend_name() == "sqlite"
    assert (told.status_code, told.json().get("code")) == ((202, None) if readable else (503, "STILL_WORKING"))
    product.backends.clear()
    order_id = told.json()["id"]
    assert product.until_finished(order_id)["state"] == "COMPLETED"
    assert effects(product.backends, order_id) == {"reserve": 2, "createOrder": 1, "charge": 1}


def test_a_full_disk_is_told_while_reads_go_on(product: Node) -> None:
    known = product.post(ORDERS, portal_order(), client="portal").json()["id"]
    place = partial(product.post, TMF622, partner_order())
    read = partial(product.get, f"{ORDERS}/{known}", client="portal")
    ready = partial(requests.get, f"{product.url}/health/ready", timeout=LONG)
    with disk_full(product):
        answers = at_once(*[place] * 10, read)
        until(lambda: ready().status_code == 503)  # what it found before counts for a second
        assert "disk is full" in ready().json()["problems"][0]
    assert told(answers[:10]) == {(503, "DATABASE_NOT_WRITABLE")}
    assert answers[10].status_code == 200
    until(lambda: ready().status_code == 200)
    assert product.until_finished(place().json()["id"])["state"] == "COMPLETED"


def test_refusals_neither_wait_for_a_locked_database_nor_hold_anybody_up(product: Node) -> None:
    refused = partial(product.post, TMF622, partner_order() | {"productOrderItem": []})
    nowhere = partial(product.get, "/nowhere")
    nobody = partial(requests.get, f"{product.url}{ORDERS}", timeout=LONG)
    with locked(product.database):
        answers = at_once(*[refused] * 45, nowhere, nobody)
    assert [answer.status_code for answer in answers] == [400] * 45 + [404, 401]
    evidence = [product.get(f"/api/v1/audit-records/{answer.json()['id']}") for answer in answers[:45]]
    assert {found.status_code for found in evidence} == {200}


def test_a_node_ends_while_its_database_answers_nobody(product: Node) -> None:
    product.backends.fault("billing", hang=True, operations=["charge"])
    order_id = product.post(TMF622, partner_order()).json()["id"]
    until(lambda: product.backends.held("billing"))
    with stopped(product):
        assert product.stop()
    product.backends.clear()
    product.start()
    assert product.until_finished(order_id)["state"] == "COMPLETED"
    assert effects(product.backends, order_id) == {"reserve": 2, "createOrder": 1, "charge": 1}
