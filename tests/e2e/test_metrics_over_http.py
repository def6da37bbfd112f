"""/metrics over HTTP: one server process, several, and with a token."""

import json
import re
import resource
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from platform import python_version

import pytest
import requests

from tests.support.product import ORDERS, TMF622, Node, partner_order, portal_order, running_product
from tests.support.waiting import LONG, until


def numbers(node: Node) -> dict[str, float]:
    answer = requests.get(f"{node.url}/metrics", headers={"Accept": "text/plain"}, timeout=LONG)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/plain")
    return {
        name: float(value) for name, value in re.findall(r"^([^#\s].*?) ([0-9.e+-]+)$", answer.text, flags=re.MULTILINE)
    }


def total(found: dict[str, float], *parts: str) -> float:
    return sum(value for name, value in found.items() if all(part in name for part in parts))


@pytest.fixture(scope="module", params=["1", "2"])
def product(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_product(tmp_path_factory.mktemp("metrics"), WORKERS=request.param) as node:
        yield node


def test_requests_backends_processes_and_events_are_counted_whichever_process_is_asked(product: Node) -> None:
    for _ in range(6):
        partners = product.post(TMF622, partner_order(), client="partner-acme").json()["id"]
        assert product.post(ORDERS, portal_order(), client="portal").status_code == 201
        product.until_finished(partners)
        requests.get(f"{product.url}{ORDERS}", timeout=LONG)
    product.backends.fault("billing", status=503, operations=["charge"])
    waiting = product.post(TMF622, partner_order()).json()["id"]
    found: dict[str, float] = {}

    def counted() -> bool:
        found.update(numbers(product))
        away = total(found, "facade_processes{", 'problem="backendAway"')
        return away >= 1 and total(found, 'operation="charge"', 'outcome="answered"') >= 12

    until(counted, lambda: found)
    v5 = 'api="/tmf-api/productOrderingManagement/v5"'
    assert total(found, "facade_requests_total{", v5, 'client="partner-acme"', 'status="201"') == 6
    assert total(found, "facade_requests_total{", 'operation="placeOrder"', 'client="portal"', 'status="201"') == 6
    assert total(found, "facade_requests_total{", 'client=""', 'status="401"') == 6
    assert total(found, "facade_request_seconds_count{", 'operation="placeOrder"', 'client="portal"') == 6
    assert total(found, "facade_backend_calls_total{", 'backend="crm"', 'outcome="answered"') >= 12
    assert (found["facade_audit_waiting"], found["facade_audit_dropped_total"]) == (0, 0)
    assert total(found, "facade_process_begin_seconds_count{", 'process="place-order"') >= 13
    assert total(found, "facade_process_seconds_count{", 'process="place-order"') >= 12
    assert found["facade_process_places"] == 64 * int(product.environment["WORKERS"])
    assert found["facade_process_runs"] >= 0
    took = "facade_backend_answer_seconds"
    answers = total(found, f"{took}_count{{", 'backend="crm"', 'operation="getCustomer"')
    assert answers >= 12
    assert total(found, f"{took}_bucket{{", 'backend="crm"', 'operation="getCustomer"', 'le="+Inf"') == answers
    assert total(found, f"{took}_bucket{{", 'backend="crm"', 'operation="getCustomer"', 'le="10.0"') <= answers
    assert total(found, f"{took}_sum{{", 'backend="crm"', 'operation="getCustomer"') > 0
    assert total(found, "facade_backend_circuit{", 'backend="crm"', 'state="closed"') >= 1
    assert total(found, "facade_events_last_number") > 12
    assert total(found, "facade_events_waiting_oldest_seconds") >= 0
    assert total(found, "facade_process_oldest_seconds") > 0
    product.backends.clear()
    product.until_finished(waiting)


def test_build_and_process_are_told_of_all_server_processes_together(product: Node) -> None:
    workers = int(product.environment["WORKERS"])
    found: dict[str, float] = {}

    def together() -> bool:
        found.clear()
        found.update(numbers(product))
        return found["facade_server_processes"] == workers

    until(together, lambda: found)
    build = (f'version="{version("tmf-facade")}"', f'python="{python_version()}"')
    assert total(found, "facade_build_info{", *build) == 1
    if Path("/proc/self/stat").exists():
        assert found["process_cpu_seconds_total"] > 0
        assert found["process_resident_memory_bytes"] > workers * 20_000_000
        assert found["process_open_fds"] >= workers * 5
        assert found["process_max_fds"] in (*resource.getrlimit(resource.RLIMIT_NOFILE), float("inf"))
        assert found["process_start_time_seconds"] > 1_700_000_000


def test_every_server_process_says_that_it_listens(product: Node) -> None:
    def listening() -> set[int]:
        lines = [json.loads(line) for line in product.log.read_text().splitlines() if '"listening"' in line]
        assert all((one["role"], one["address"]) == ("serveAndWork", product.url) for one in lines)
        return {one["pid"] for one in lines}

    until(lambda: len(listening()) == int(product.environment["WORKERS"]), product.log.read_text)


def test_metrics_may_ask_for_a_token(tmp_path: Path) -> None:
    with running_product(tmp_path, METRICS_ACCESS="token") as node:
        assert requests.get(f"{node.url}/metrics", timeout=LONG).status_code == 401
        assert node.get("/metrics", "partner-acme").status_code == 403
        assert node.get("/metrics", "qa").status_code == 200
        wrong = requests.get(f"{node.url}/metrics", headers={"Authorization": "Bearer x"}, timeout=LONG)
        assert wrong.status_code == 401
