"""The simulated world is put as a test needs it, and reset."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.launched import COMMAND, free_ports
from tests.support.simulator_client import NAMES, Client, name
from tests.support.simulators import ROOT, Backends, contract, running_backends
from tests.support.waiting import LONG, until

ADA = {"name": "Ada Tester", "email": "ada@example.com", "status": "verified"}
CHANGES: list[tuple[str, str, Any]] = [
    ("POST", "/_reset", None),
    ("PUT", "/_world/customers/C77777", ADA),
    ("PUT", "/_world/stock/SKU999", {"available": 3}),
]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Backends that no other test uses, because a reset forgets what other tests did."""
    with running_backends(tmp_path_factory.mktemp("world")) as backends:
        yield Client(backends)


def control(backends: Backends, method: str, path: str, body: Any = None) -> requests.Response:
    return requests.request(method, backends.url + path, json=body, timeout=LONG)


@pytest.mark.parametrize("customer", ["C77777", "C12345"])
def test_a_customer_that_was_put_is_answered_by_crm(own: Client, customer: str) -> None:
    for status in ("verified", "suspended"):
        put = control(own.backends, "PUT", f"/_world/customers/{customer}", ADA | {"status": status})
        assert (put.status_code, put.json()) == (200, {"id": customer, **ADA, "status": status})
        assert own.call("GET", f"/crm/customers/{customer}").json() == put.json()


@pytest.mark.parametrize("sku", ["SKU999", "SKU-NEW"])
def test_stock_that_was_put_can_be_reserved_and_what_is_reserved_stays(own: Client, sku: str) -> None:
    assert control(own.backends, "PUT", f"/_world/stock/{sku}", {"available": 2}).status_code == 200
    assert own.reserve(sku, 2).status_code == 201
    assert own.reserve(sku, 1).json()["code"] == "INSUFFICIENT_STOCK"
    put = control(own.backends, "PUT", f"/_world/stock/{sku}", {"available": 7})
    assert put.json() == {"sku": sku, "available": 7, "reserved": 2}
    assert own.call("GET", f"/inventory/stock/{sku}").json() == put.json()


def test_a_reset_makes_the_world_as_on_the_first_day(own: Client, tmp_path: Path) -> None:
    with running_backends(tmp_path) as fresh:
        first_day = told(Client(fresh))
    key, order = name(), own.order()
    own.charge(order, key)
    own.reserve(key=key)
    control(own.backends, "PUT", "/_world/customers/C77777", ADA)
    control(own.backends, "PUT", "/_world/customers/C12345", ADA | {"status": "suspended"})
    control(own.backends, "PUT", "/_world/stock/SKU201", {"available": 0})
    own.backends.fault("scm", status=503, operations=["getRecentShipments"])
    assert told(own) != first_day
    reset = control(own.backends, "POST", "/_reset")
    assert (reset.status_code, reset.json()) == (200, {})
    assert told(own) == first_day
    assert "scm" in control(own.backends, "GET", "/_faults").json()
    own.backends.clear()
    again = own.reserve(key=key, sku="SKU456")
    assert (again.status_code, again.json()["reservationId"]) == (201, "RSV002"), "an answer kept for the key is gone"
    own.backends.restart()
    assert own.call("GET", "/inventory/reservations/RSV002").status_code == 200


def told(client: Client) -> list[Any]:
    """What the backends say about everything that the tests here change."""
    paths = ["/crm/customers/C12345", "/crm/customers/C77777", "/bss/orders/ORD98766", "/inventory/stock/SKU201"]
    answers = [client.call("GET", path).json() for path in (*paths, "/billing/accounts?customerId=C12345")]
    return answers + [client.backends.ledger(backend) for backend in NAMES]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("customers/C77777", {"status": "verified"}),
        ("customers/C77777", ADA | {"status": "asleep"}),
        ("customers/C77777", ADA | {"id": "C1"}),
        (f"customers/{'C' * 65}", ADA),
        ("stock/SKU999", {"available": -1}),
        ("stock/SKU999", {"available": "3"}),
        ("stock/SKU999", {}),
    ],
)
def test_what_the_contract_does_not_allow_is_refused_by_name(own: Client, path: str, body: Any) -> None:
    answer = control(own.backends, "PUT", f"/_world/{path}", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_REQUEST")


def test_outside_development_the_world_is_neither_changed_nor_reset(tmp_path: Path) -> None:
    with simulated_in_production(tmp_path) as url:
        for method, path, body in CHANGES:
            answer = requests.request(method, url + path, json=body, timeout=LONG)
            assert (answer.status_code, answer.json()["code"]) == (403, "NOT_ALLOWED"), path


@contextmanager
def simulated_in_production(directory: Path) -> Iterator[str]:
    """`tmf-facade simulate` with settings of production."""
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    settings = {"FACADE_MODE": "production", "JWKS_URL": "https://issuer.example/jwks", "BACKENDS_SECRET": "s3cret"}
    settings |= {"BACKENDS_URL": url, "BACKENDS_PORT": str(port), "STATE_DIR": str(directory)}
    with (directory / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            [*COMMAND, "simulate"], cwd=ROOT, env=os.environ | settings, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        until(lambda: answers(process, url), (directory / "log.txt").read_text)
        yield url
    finally:
        process.terminate()
        process.wait(LONG)


def answers(process: subprocess.Popen[bytes], url: str) -> bool:
    assert process.poll() is None, "the backends did not start"
    try:
        return requests.get(f"{url}/_health", timeout=LONG).ok
    except requests.ConnectionError:
        return False


def test_every_change_of_the_world_is_tried_here() -> None:
    paths = contract("_control")["paths"]
    assert sum("403" in operation["responses"] for path in paths.values() for operation in path.values()) == len(
        CHANGES
    )
