"""How the simulated backends fail when told to."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.simulator_client import Client, name
from tests.support.simulators import HELD, Backends, running_backends
from tests.support.waiting import LONG, until


def test_latency_delays_the_call_and_then_it_works(client: Client) -> None:
    client.backends.fault("crm", latencyMs=300)
    with ThreadPoolExecutor(1) as pool:
        delayed = pool.submit(client.call, "GET", "/crm/customers/C12345")
        until(lambda: client.backends.hit("crm"))
        assert delayed.result(LONG).status_code == 200
    assert (client.backends.hit("crm"), client.backends.held("crm")) == (1, 0)


def test_calls_that_wait_hold_nobody_up_and_go_on_when_the_faults_are_cleared(client: Client) -> None:
    client.backends.fault("crm", latencyMs=HELD)
    with ThreadPoolExecutor(16) as pool:
        calls = [pool.submit(client.call, "GET", "/crm/customers/C12345") for _ in range(16)]
        until(lambda: client.backends.held("crm") == 16)
        assert client.call("GET", "/scm/shipments/ORD98765").status_code == 200
        assert not any(call.done() for call in calls)
        client.backends.clear()
        assert {call.result(LONG).status_code for call in calls} == {200}
    assert (client.backends.hit("crm"), client.backends.held("crm")) == (0, 0)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_status_is_answered_without_effect(client: Client, status: int) -> None:
    key = name()
    client.backends.fault("inventory", status=status)
    answer = client.reserve(key=key)
    assert answer.status_code == status
    assert ("Retry-After" in answer.headers) == (status != 500)
    assert client.backends.ledger("inventory", key=key) == []
    client.backends.clear()
    assert client.reserve(key=key).status_code == 201


def test_a_dropped_answer_closes_the_connection_after_the_effect(client: Client) -> None:
    key, order = name(), client.order()
    client.backends.fault("billing", dropAnswer=True, operations=["charge"])
    with pytest.raises(requests.ConnectionError):
        client.charge(order, key)
    assert len(client.backends.ledger("billing", key=key)) == 1
    (charge,) = client.call("GET", f"/billing/charges?orderId={order}").json()
    client.backends.clear()
    assert client.charge(order, key).json() == charge
    assert len(client.backends.ledger("billing", key=key)) == 1


def test_the_answer_to_a_refused_call_is_dropped_too(client: Client) -> None:
    client.backends.fault("inventory", dropAnswer=True)
    for body in ({"sku": "SKU999", "quantity": 1}, {"sku": "SKU999"}):
        with pytest.raises(requests.ConnectionError):
            client.call("POST", "/inventory/reservations", body)


def test_a_hanging_call_has_no_effect(client: Client) -> None:
    key = name()
    client.backends.fault("inventory", hang=True)
    with pytest.raises(requests.ReadTimeout):
        client.reserve(key=key, timeout=0.3)
    assert client.backends.ledger("inventory", key=key) == []


def test_a_slow_backend_acts_even_when_its_caller_has_gone(client: Client) -> None:
    key = name()
    client.backends.fault("inventory", latencyMs=HELD)
    with pytest.raises(requests.ReadTimeout):
        client.reserve(key=key, timeout=0.3)
    until(lambda: client.backends.held("inventory"))
    assert client.backends.ledger("inventory", key=key) == []
    client.backends.clear()
    until(lambda: len(client.backends.ledger("inventory", key=key)) == 1)


def test_a_call_whose_dropped_answer_hangs_has_its_effect(client: Client) -> None:
    key = name()
    client.backends.fault("inventory", hang=True, dropAnswer=True)
    with pytest.raises(requests.ReadTimeout):
        client.reserve(key=key, timeout=0.3)
    until(lambda: len(client.backends.ledger("inventory", key=key)) == 1)


def test_clearing_ends_hanging_calls_without_an_answer(client: Client) -> None:
    client.backends.fault("inventory", hang=True)
    keys = [name(), name()]
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(client.reserve, key=key) for key in keys]
        until(lambda: client.backends.held("inventory") == 2)
        client.backends.clear()
        for call in calls:
            assert isinstance(call.exception(LONG), requests.ConnectionError)
    assert [client.backends.ledger("inventory", key=key) for key in keys] == [[], []]
    assert client.reserve(key=keys[0]).status_code == 201


def test_a_malformed_answer_is_broken_json_after_the_effect(client: Client) -> None:
    key = name()
    client.backends.fault("inventory", malformed=True)
    headers = {"Authorization": f"Bearer {client.token}", "Idempotency-Key": key}
    body = {"sku": "SKU123", "quantity": 1}
    url = f"{client.backends.url}/inventory/reservations"
    answer = requests.post(url, json=body, headers=headers, timeout=LONG)
    assert answer.status_code == 201
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    assert len(client.backends.ledger("inventory", key=key)) == 1


def test_rate_is_the_share_of_calls_that_is_hit_and_can_be_repeated(client: Client) -> None:
    runs = []
    for _ in range(2):
        client.backends.fault("crm", status=503, rate=0.5)
        runs.append([client.call("GET", "/crm/customers/C12345").status_code for _ in range(60)])
    assert runs[0] == runs[1]
    assert 18 <= runs[0].count(503) <= 42
    client.backends.fault("crm", status=503, rate=0)
    assert client.call("GET", "/crm/customers/C12345").status_code == 200


def test_a_fault_is_limited_to_its_operations(client: Client) -> None:
    client.backends.fault("bss", status=503, operations=["createOrder"])
    assert client.call("GET", "/bss/orders/ORD98765").status_code == 200
    body = {"customerId": "C12345", "externalId": name(), "items": [{"sku": "SKU123", "quantity": 1}]}
    assert client.call("POST", "/bss/orders", body).status_code == 503


def test_faults_are_listed_and_cleared(backends: Backends) -> None:
    backends.fault("billing", dropAnswer=True, operations=["charge"])
    backends.fault("crm", latencyMs=5, rate=0.5)
    assert requests.get(f"{backends.url}/_faults", timeout=LONG).json() == {
        "billing": {"dropAnswer": True, "operations": ["charge"]},
        "crm": {"latencyMs": 5, "rate": 0.5},
    }
    backends.clear()
    assert requests.get(f"{backends.url}/_faults", timeout=LONG).json() == {}


def test_faults_are_forgotten_on_restart(tmp_path: Path) -> None:
    with running_backends(tmp_path) as backends:
        backends.fault("crm", status=503)
        backends.restart()
        assert Client(backends).call("GET", "/crm/customers/C12345").status_code == 200


@pytest.mark.parametrize(
    ("backend", "settings", "named"),
    [
        ("erp", {"status": 503}, "erp"),
        ("billing", {"status": 503, "operations": ["pay"]}, "pay"),
        ("billing", {"latency": 5}, "latency"),
        ("billing", {"rate": 2}, "rate"),
        ("billing", {"status": 200}, "status"),
    ],
)
def test_a_fault_that_is_not_understood_is_refused_by_name(
    backends: Backends, backend: str, settings: dict[str, Any], named: str
) -> None:
    answer = requests.put(f"{backends.url}/_faults/{backend}", json=settings, timeout=LONG)
    assert answer.status_code == 400
    assert named in answer.json()["message"]


def test_the_ledger_of_an_unknown_backend_is_refused_by_name(backends: Backends) -> None:
    answer = requests.get(f"{backends.url}/_ledger/erp", timeout=LONG)
    assert answer.status_code == 400
    assert "erp" in answer.json()["message"]


def test_the_simulation_stops_although_calls_hang(tmp_path: Path) -> None:
    with running_backends(tmp_path) as backends:
        backends.fault("crm", hang=True)
        with ThreadPoolExecutor(1) as pool:
            call = pool.submit(Client(backends).call, "GET", "/crm/customers/C12345")
            until(lambda: backends.held("crm"))
            backends.stop()
            assert isinstance(call.exception(LONG), requests.ConnectionError)
