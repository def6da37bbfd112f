"""Orders carried out against the simulated backends, against a bare Flask handler that makes the same calls."""

import http.client
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench import servers
from tests.bench.load import Job
from tests.bench.payloads import PORTAL_ORDERS, portal_order_body
from tests.bench.product_orders import measure
from tests.bench.report import Comparison, Overhead, Round
from tests.support.simulators import Backends, running_backends

AIM = 0.5
SECONDS = 3.0
CLIENTS = (8, 16)
LATENCIES = {"crm": 20, "inventory": 30, "bss": 40, "billing": 50}
"""Of one call to each backend, in milliseconds."""

ORDERS_IN_A_ROUND = 8


@dataclass(frozen=True)
class Sides:
    ours: servers.Server
    bare: servers.Server
    backends: Backends
    token: str


@contextmanager
def running(database: str, directory: Path) -> Iterator[Sides]:
    """The product with its processes running, the bare handler, and the backends that both call."""
    with ExitStack() as stack:
        backends = stack.enter_context(running_backends(directory))
        settings = stack.enter_context(servers.database_settings(database, directory))
        product = servers.Product(directory, settings | {"BACKENDS_URL": backends.url})
        ours = stack.enter_context(product.served())
        address = {"BACKENDS_URL": backends.url}
        bare = stack.enter_context(servers.uvicorn("tests.bench.bare_flask:app", "/health", directory, address))
        yield Sides(ours, bare, backends, product.token())


def compare(rounds: int, sides: Sides) -> list[Comparison]:
    """Orders completed per second by clients that wait for each."""
    found: dict[int, tuple[list[Round], list[Round]]] = {clients: ([], []) for clients in CLIENTS}
    for number in range(rounds):
        for clients, (mine, theirs) in found.items():
            turns = [(mine, sides.ours), (theirs, sides.bare)]
            for rows, server in turns if number % 2 else reversed(turns):
                job = Job(
                    server.port,
                    "POST",
                    [PORTAL_ORDERS],
                    sides.token,
                    portal_order_body().decode(),
                    connections=clients,
                    seconds=SECONDS,
                )
                rows.append(measure(job, server))
    return [
        Comparison(f"orders completed, {clients} clients", mine, theirs, AIM)
        for clients, (mine, theirs) in found.items()
    ]


def overhead(rounds: int, sides: Sides) -> Overhead:
    """Latency of one order at a time while every backend is as slow as `LATENCIES` says."""
    for backend, milliseconds in LATENCIES.items():
        sides.backends.fault(backend, latencyMs=milliseconds)
    ours: list[float] = []
    bare: list[float] = []
    try:
        for _ in range(rounds):
            ours += _latencies(sides.ours, sides.token)
            bare += _latencies(sides.bare, sides.token)
    finally:
        sides.backends.clear()
    return Overhead(sum(LATENCIES.values()), ours, bare)


def _latencies(server: servers.Server, token: str) -> Iterable[float]:
    """The first order of a round is not counted: connections may have to be made again."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    taken = []
    for _ in range(ORDERS_IN_A_ROUND + 1):
        began = time.perf_counter()
        connection.request("POST", PORTAL_ORDERS, portal_order_body(), headers)
        answer = connection.getresponse()
        text = answer.read()
        taken.append((time.perf_counter() - began) * 1000)
        if answer.status != 201:
            raise RuntimeError(f"the order was not carried out: {answer.status} {text.decode()}")
    connection.close()
    return taken[1:]
