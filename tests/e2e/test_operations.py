"""Stuck work over HTTP: seen, decided about, audited; and on another node than the one it is stuck on."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.product import ORDERS, TMF622, Node, effects, partner_order, running_product
from tests.support.simulators import running_backends
from tests.support.waiting import until

PROCESSES = "/api/v1/operations/processes"
UNDONE = {"reserve": 2, "createOrder": 1, "cancelOrder": 1, "release": 2}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_product(tmp_path_factory.mktemp("operations")) as node:
        yield node


@pytest.fixture(autouse=True)
def no_faults(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "product" in request.fixturenames:
        request.getfixturevalue("product").backends.clear()


def stuck(node: Node, **fault: Any) -> str:
    """An order whose charge cannot be made, waiting."""
    node.backends.fault("billing", operations=["charge", "findCharges"], **fault)
    order_id = str(node.post(TMF622, partner_order()).json()["id"])
    until_it(node, order_id, lambda found: found["state"] == "waiting")
    return order_id


def until_it(node: Node, order_id: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The process of an order once this holds of it."""
    found: dict[str, Any] = {}

    def held() -> bool:
        found.clear()
        found.update(node.get(f"{PROCESSES}/place-order/{order_id}").json())
        return holds(found)

    until(held, lambda: found)
    return found


def decide(node: Node, order_id: str, headers: dict[str, str] | None = None, **decision: Any) -> requests.Response:
    """The answer, once no call is under way."""
    answers: list[requests.Response] = []

    def decided() -> bool:
        body = {"reason": "ticket 4711", **decision}
        answer = node.post(f"{PROCESSES}/place-order/{order_id}/decisions", body, headers=headers or {})
        answers.append(answer)
        under_way = answer.json().get("code") == "CALL_UNDER_WAY"
        assert not under_way or answer.headers["Retry-After"] == "1"
        return not under_way

    until(decided)
    return answers[-1]


def test_stuck_work_is_listed_with_why_and_since_when(product: Node) -> None:
    order_id = stuck(product, status=503)
    found = until_it(product, order_id, lambda found: found["state"] == "waiting" and found["tries"] > 1)
    assert (found["problem"], found["call"], found["nextCall"]) == ("backendAway", "charge", "charge")
    assert "billing" in found["waitingFor"]
    assert found["since"] < found["changedAt"]
    assert found["allowedActions"] == ["retry", "skip", "compensate"]
    assert {"call": "create-order#0", "outcome": "done"}.items() <= next(
        answer.items() for answer in found["record"] if answer["call"] == "create-order#0"
    )
    for query in ("", "?state=waiting,running", "?waitingFor=BILLING", "?age=0"):
        page = product.get(f"{PROCESSES}{query}").json()
        assert order_id in [process["subject"] for process in page["items"]]
    for query in ("?state=fallout", "?waitingFor=inventory", "?age=3600", "?limit=200&offset=200"):
        page = product.get(f"{PROCESSES}{query}").json()
        assert order_id not in [process["subject"] for process in page["items"]]
    product.backends.clear()
    assert product.until_finished(order_id)["state"] == "COMPLETED"
    assert product.get(f"{PROCESSES}/place-order/{order_id}").json()["allowedActions"] == []


def test_an_order_is_given_up_and_who_decided_it_is_on_record(product: Node) -> None:
    order_id = stuck(product, status=503)
    answer = decide(product, order_id, action="compensate")
    assert answer.status_code == 202, answer.text
    order = product.until_finished(order_id)
    assert (order["state"], order["failure"]["code"]) == ("FAILED", "GIVEN_UP")
    assert effects(product.backends, order_id) == UNDONE
    audit = product.get(f"/api/v1/audit-records/{answer.json()['auditRecordId']}").json()
    assert (audit["client"], audit["reason"], audit["orderId"]) == ("qa", "ticket 4711", order_id)
    assert audit["translation"][0]["rule"] == "compensate"
    refused = product.post(f"{PROCESSES}/place-order/{order_id}/decisions", {"action": "retry", "reason": "again"})
    assert (refused.status_code, refused.json()["code"]) == (409, "DECISION_REFUSED")
    assert refused.json()["allowedActions"] == []


def test_a_charge_whose_answer_was_lost_is_settled_by_a_person(product: Node) -> None:
    order_id = stuck(product, dropAnswer=True)
    product.backends.fault("billing", status=503)
    found = until_it(product, order_id, lambda found: found["problem"] == "outcomeUnknown")
    assert found["uncertain"]
    refused = decide(product, order_id, action="compensate")
    assert (refused.status_code, refused.json()["allowedActions"]) == (409, ["retry", "skip"])
    key = {"Idempotency-Key": f"skip-{order_id}"}
    charge = next(entry for entry in product.backends.ledger("billing") if entry["key"] == f"{order_id}:charge")
    body = {"action": "skip", "call": "charge", "outcome": "done", "result": "CHG1", "reason": str(charge["key"])}
    answer = decide(product, order_id, key, **body)
    assert answer.status_code == 202, answer.text
    order = product.until_finished(order_id)
    assert (order["state"], order["paymentStatus"]) == ("COMPLETED", "success")
    again = product.post(f"{PROCESSES}/place-order/{order_id}/decisions", body, headers=key)
    assert (again.status_code, again.json()) == (202, answer.json())
    other = product.post(f"{PROCESSES}/place-order/{order_id}/decisions", body | {"reason": "else"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")


def test_an_order_in_fallout_is_undone_at_last(product: Node) -> None:
    product.backends.fault("bss", operations=["cancelOrder"], status=409)
    order_id = str(product.post(TMF622, partner_order("C40200")).json()["id"])
    until_it(product, order_id, lambda found: found["state"] == "fallout")
    listed = product.get(f"{PROCESSES}?state=fallout").json()["items"]
    assert [(one["subject"], one["problem"]) for one in listed] == [(order_id, "notUndone")]
    product.backends.clear()
    assert decide(product, order_id, action="retry").status_code == 202
    until_it(product, order_id, lambda found: found["state"] == "ended")
    order = product.until_finished(order_id)
    assert (order["state"], order["failure"]["notUndone"]) == ("FAILED", [])
    assert effects(product.backends, order_id) == UNDONE


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"action": "retry"}, 400),
        ({"action": "retry", "reason": ""}, 400),
        ({"action": "forget", "reason": "x"}, 400),
        ({"action": "retry", "reason": "x", "call": "charge"}, 400),
        ({"action": "skip", "reason": "x"}, 400),
        ({"action": "skip", "reason": "x", "call": "charge"}, 400),
        ({"action": "retry", "reason": "x"}, 404),
        ([], 400),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(product: Node, body: Any, status: int) -> None:
    assert product.post(f"{PROCESSES}/place-order/nobody/decisions", body).status_code == status
    assert product.get(f"{PROCESSES}/other/nobody").status_code == 404


@pytest.mark.parametrize("path", [f"{PROCESSES}/place-order/nobody/decisions", f"{ORDERS}/nobody/cancel"])
def test_blanks_are_no_reason(product: Node, path: str) -> None:
    body = {"reason": " \t\n"} | ({"action": "retry"} if path.startswith(PROCESSES) else {})
    answer = product.post(path, body)
    assert (answer.status_code, answer.json()["detail"]) == (400, "reason must not be blank.")


@pytest.mark.parametrize("query", ["?state=", "?state=waiting,x", "?age=-1", "?age=1e3", "?waitingFor=", "?x=1"])
def test_a_question_that_makes_no_sense_is_refused(product: Node, query: str) -> None:
    assert product.get(f"{PROCESSES}{query}").status_code == 400


@pytest.mark.parametrize("client", ["partner-acme", "portal"])
def test_nobody_else_sees_or_decides(product: Node, client: str) -> None:
    body = {"action": "retry", "reason": "x"}
    assert product.get(PROCESSES, client).status_code == 403
    assert product.post(f"{PROCESSES}/place-order/x/decisions", body, client).status_code == 403


def test_a_decision_taken_on_another_node_than_the_one_that_tries(tmp_path: Path, postgres_url: str) -> None:
    with running_backends(tmp_path) as backends:
        environment = {"DATABASE_URL": postgres_url}
        first, second = (Node(tmp_path, backends, environment, name) for name in ("first", "second"))
        first.prepare()
        first.start()
        second.start()
        try:
            given_up, goes_on = (stuck(first, status=503) for _ in range(2))
            assert decide(second, given_up, action="compensate").status_code == 202
            assert first.until_finished(given_up)["state"] == "FAILED"
            assert effects(backends, given_up) == UNDONE
            skip: dict[str, Any] = {"action": "skip", "call": "charge", "outcome": "done", "result": "CHG1"}
            assert decide(second, goes_on, **skip).status_code == 202
            assert first.until_finished(goes_on)["state"] == "COMPLETED"
            assert effects(backends, goes_on) == {"reserve": 2, "createOrder": 1}
        finally:
            first.stop()
            second.stop()
