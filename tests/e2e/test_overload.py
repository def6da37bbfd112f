"""Too many requests, and the end of a server process with requests in flight."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from facade.security.guesses import OF_A_CLIENT, OF_A_CLIENT_FROM_AN_ADDRESS, WINDOW_SECONDS
from facade.settings import Settings
from tests.support.product import ORDERS, TMF622, Node, effects, partner_order, portal_order, running_product
from tests.support.simulators import HELD
from tests.support.waiting import LONG, until


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_product(tmp_path_factory.mktemp("limited"), RATE_LIMIT="0.01", RATE_BURST="5") as node:
        yield node


@pytest.mark.parametrize(("path", "client"), [(TMF622, "partner-acme"), (ORDERS, "portal")])
def test_a_client_that_asks_too_often_is_told_when_to_come_back(limited: Node, path: str, client: str) -> None:
    answers = [limited.get(path, client) for _ in range(6)]
    assert [answer.status_code for answer in answers[:5]] == [answers[0].status_code] * 5
    refused = answers[5]
    assert (refused.status_code, refused.json()["code"]) == (429, "RATE_LIMITED")
    assert 1 <= int(refused.headers["Retry-After"]) <= 500
    assert ("@type" in refused.json()) is (path == TMF622)
    assert limited.get(ORDERS, "qa").status_code == 200, "others may ask"
    assert requests.get(f"{limited.url}/health/live", timeout=LONG).status_code == 200


def test_secrets_cannot_be_guessed_at_without_end(limited: Node) -> None:
    def ask(client: str, secret: str, **headers: str) -> requests.Response:
        form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
        return requests.post(f"{limited.url}/oauth/token", data=form, headers=headers, timeout=LONG)

    for _ in range(OF_A_CLIENT_FROM_AN_ADDRESS):
        assert ask("conformance", "wrong").status_code == 401
    for secret in ("wrong", "conformance-secret"):
        refused = ask("conformance", secret)
        assert (refused.status_code, refused.json()["code"]) == (429, "RATE_LIMITED")
        assert 1 <= int(refused.headers["Retry-After"]) <= WINDOW_SECONDS
    assert ask("portal", "portal-secret").status_code == 200, "others may ask"
    seen = [ask("conformance", "wrong", **{"X-Forwarded-For": f"10.0.{n}.1"}).status_code for n in range(OF_A_CLIENT)]
    assert seen[-1] == 429, "another address at each time is no way around"


def test_an_overload_is_answered_while_it_lasts_and_health_too(tmp_path: Path) -> None:
    with running_product(tmp_path, THREADS="1", QUEUE_LENGTH="1", QUEUE_SECONDS="1") as node:
        node.token("qa")
        node.backends.fault("billing", latencyMs=HELD, operations=["charge"])
        with ThreadPoolExecutor(5) as pool:
            placing = pool.submit(node.post, ORDERS, portal_order())
            until(lambda: node.backends.held("billing"))
            answers = list(pool.map(lambda _: node.get(ORDERS), range(4)))
            assert requests.get(f"{node.url}/health/ready", timeout=LONG).status_code == 200
            assert not placing.done(), "it has the only thread"
            for answer in answers:
                assert (answer.status_code, answer.json()["code"]) == (503, "OVERLOADED")
                assert answer.headers["Retry-After"] == "1"
            node.backends.clear()
            assert placing.result(LONG).status_code == 201
        assert node.get(ORDERS).status_code == 200


THREADS = 24
MOST_CALLS = Settings(threads=THREADS).backend_places
"""Calls to one backend that may be under way at once."""


def test_orders_and_reads_that_wait_for_one_backend_leave_threads_for_everybody_else(tmp_path: Path) -> None:
    with running_product(tmp_path, THREADS=str(THREADS)) as node:
        order_id = node.post(TMF622, partner_order()).json()["id"]
        node.until_finished(order_id)
        node.backends.fault("billing", hang=True)
        with ThreadPoolExecutor(72) as pool:
            for number in range(72):
                if number % 2:
                    pool.submit(node.post, ORDERS, portal_order())
                else:
                    pool.submit(node.get, "/api/v1/customer/C12345/context?include=outstandingBalances")
            until(lambda: node.backends.held("billing") == MOST_CALLS)
            answers = [node.get(f"{TMF622}/{order_id}").status_code for _ in range(5)]
            assert node.backends.held("billing") == MOST_CALLS, "all this while the backend hangs"
            node.backends.clear()
    assert answers == [200] * 5


def turned_away(node: Node) -> bool:
    """Whether it takes no connections any more."""
    try:
        requests.get(f"{node.url}/health/live", timeout=LONG)
    except requests.ConnectionError:
        return True
    return False


def test_a_server_process_that_is_to_end_finishes_what_is_in_flight(tmp_path: Path) -> None:
    with running_product(tmp_path) as node:
        node.token("qa")
        node.backends.fault("billing", latencyMs=HELD, operations=["charge"])
        with ThreadPoolExecutor(2) as pool:
            placing = pool.submit(node.post, ORDERS, portal_order())
            until(lambda: node.backends.held("billing"))
            stopping = pool.submit(node.stop)
            until(lambda: turned_away(node))
            assert not placing.done()
            node.backends.clear()
            answer = placing.result(LONG)
            assert stopping.result(LONG)
        assert answer.status_code == 201, answer.text
        node.start()
        assert node.until_finished(answer.json()["id"])["state"] == "COMPLETED"


def test_an_order_under_way_is_handed_over_when_its_server_process_ends(tmp_path: Path) -> None:
    with running_product(tmp_path) as node:
        node.backends.fault("billing", status=503, operations=["charge"])
        order_id = node.post(TMF622, partner_order()).json()["id"]
        until(lambda: node.backends.hit("billing"))
        node.stop()
        node.backends.clear()
        node.start()
        assert node.until_finished(order_id)["state"] == "COMPLETED"
        assert effects(node.backends, order_id) == {"reserve": 2, "createOrder": 1, "charge": 1}
