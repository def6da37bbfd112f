"""One process accepts orders, another one carries them out: whichever dies, nothing is lost or done twice."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.crashes import COMPLETED, STEPS, assert_ended
from tests.support.product import ORDERS, TMF622, Node, effects, partner_order, portal_order, running_apart
from tests.support.waiting import LONG, until

CHARGE, CANCEL = STEPS[3], STEPS[4]


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Node]]:
    with running_apart(tmp_path_factory.mktemp("apart")) as nodes:
        yield nodes


def readiness(node: Node) -> dict[str, Any]:
    found: dict[str, Any] = requests.get(f"{node.url}/health/ready", timeout=LONG).json()
    return found


def test_each_says_what_it_does(nodes: list[Node]) -> None:
    assert [readiness(node)["role"] for node in nodes] == ["serve", "work"]


def test_each_tells_in_its_log_where_it_listens(nodes: list[Node]) -> None:
    until(lambda: all('"listening"' in node.log.read_text() for node in nodes))
    for node in nodes:
        lines = [json.loads(line) for line in node.log.read_text().splitlines() if '"listening"' in line]
        assert [(one["role"], one["address"], one["pid"]) for one in lines] == [(*node.role, node.url, node.pid)]
    backends = nodes[0].backends
    assert backends.url in next(line for line in backends.log.read_text().splitlines() if "listening" in line)


def test_who_works_serves_health_and_metrics_only(nodes: list[Node]) -> None:
    work = nodes[1]
    answers = {path: requests.get(work.url + path, timeout=LONG).status_code for path in ("/metrics", ORDERS, TMF622)}
    assert answers == {"/metrics": 200, ORDERS: 404, TMF622: 404}


def test_the_portal_gets_its_answer_when_the_process_has_ended_elsewhere(nodes: list[Node]) -> None:
    answer = nodes[0].post(ORDERS, portal_order())
    assert (answer.status_code, answer.json()["status"]) == (201, "confirmed")


@pytest.mark.parametrize("dies", [(0,), (1,), (0, 1)], ids=["serve", "work", "both"])
@pytest.mark.parametrize(
    ("step", "dropped"),
    [(CHARGE, False), (CHARGE, True), (CANCEL, True)],
    ids=["before the charge", "after the charge", "after a compensation"],
)
def test_a_crash_of_either_or_both(nodes: list[Node], step: Any, dropped: bool, dies: tuple[int, ...]) -> None:
    serve, (backend, operation, customer, so_far, in_the_end) = nodes[0], step
    serve.backends.fault(backend, hang=True, dropAnswer=dropped, operations=[operation])
    order_id = serve.post(TMF622, partner_order(customer)).json()["id"]
    until(lambda: serve.backends.held(backend))
    assert effects(serve.backends, order_id) == so_far | ({operation: 1} if dropped else {})
    for index in dies:
        nodes[index].kill()
    serve.backends.clear()
    for index in dies:
        nodes[index].start()
    assert_ended(serve, order_id, customer, in_the_end)


def test_what_was_accepted_while_nobody_worked_is_carried_out_later(nodes: list[Node]) -> None:
    serve, work = nodes
    work.kill()
    orders = [serve.post(TMF622, partner_order()).json()["id"] for _ in range(3)]
    serve.kill()
    work.start()
    serve.start()
    for order_id in orders:
        assert_ended(serve, order_id, "C12345", COMPLETED)


def test_a_client_whose_orders_wait_too_long_gets_503_for_new_ones_and_others_are_accepted(tmp_path: Path) -> None:
    with running_apart(tmp_path, (), BACKLOG_SECONDS="1") as [serve]:
        key = {"Idempotency-Key": "first"}
        first = serve.post(TMF622, partner_order(), client="partner-acme", headers=key)
        assert first.status_code == 201

        answers: list[requests.Response] = []

        def refused() -> bool:
            answers.append(serve.post(TMF622, partner_order(), client="partner-acme"))
            return answers[-1].status_code != 201

        until(refused)
        assert (answers[-1].status_code, answers[-1].json()["code"]) == (503, "OVERLOADED")
        assert int(answers[-1].headers["Retry-After"]) > 0
        assert serve.post(TMF622, partner_order(), client="qa").status_code == 201
        again = serve.post(TMF622, partner_order(), client="partner-acme", headers=key)
        assert again.json()["id"] == first.json()["id"], "it was accepted before"


def test_of_two_workers_one_dies_for_good_and_the_other_takes_over(tmp_path: Path, postgres_url: str) -> None:
    environment = {"DATABASE_URL": postgres_url, "NODE_LEASE": "3"}
    with running_apart(tmp_path, ("one", "other"), **environment) as (serve, *workers):
        serve.backends.fault("billing", hang=True, dropAnswer=True, operations=["charge"])
        order_id = serve.post(TMF622, partner_order()).json()["id"]
        until(lambda: serve.backends.held("billing"))
        [busy] = [node for node in workers if readiness(node)["running"]]
        busy.kill()
        serve.backends.clear()
        assert_ended(serve, order_id, "C12345", COMPLETED)
