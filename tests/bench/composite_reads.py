"""Answers made of several backends' parts while every backend takes its time: they cost what the slowest costs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.bench import servers
from tests.bench.load import Job, run
from tests.bench.payloads import PORTAL_ORDERS, portal_order_body
from tests.bench.whole_orders import LATENCIES
from tests.support.simulators import Backends, running_backends

SHIPPING_MS = 30
"""Of one call to SCM, which takes no part in an order."""

CLIENTS = (1, 16)
SECONDS = 4.0
HEADS = ("composite read", "slowest backend ms", "p50 ms", "p99 ms", "/s", "CPU ms", "p50 ≤ 1.15 × slowest + 5 ms")


@dataclass(frozen=True)
class Composite:
    """What clients saw who asked for one kind of answer; times in milliseconds."""

    name: str
    slowest: float
    p50: float
    p99: float
    rate: float
    cpu: float
    failures: int

    @property
    def aim(self) -> float:
        return 1.15 * self.slowest + 5

    def row(self) -> list[str]:
        verdict = "reached" if self.p50 <= self.aim else "not reached"
        figures = [f"{self.slowest:.0f}", f"{self.p50:.1f}", f"{self.p99:.1f}", f"{self.rate:.0f}", f"{self.cpu:.2f}"]
        return [self.name, *figures, f"{self.aim:.1f}: **{verdict}**"]


def measure(database: str, directory: Path, rounds: int) -> list[Composite]:
    """The median round of each answer, by one client and by sixteen."""
    with _running(database, directory) as (server, token, backends):
        order = placed(server, token)
        for backend, milliseconds in {**LATENCIES, "scm": SHIPPING_MS}.items():
            backends.fault(backend, latencyMs=milliseconds)
        paths = {
            "order snapshot": (f"{PORTAL_ORDERS}/{order}", max(LATENCIES["bss"], LATENCIES["billing"], SHIPPING_MS)),
            "customer context": ("/api/v1/customer/C12345/context", max(LATENCIES.values())),
        }
        found = []
        for name, (path, slowest) in paths.items():
            for clients in CLIENTS:
                title = f"{name}, {_count(clients)}"
                taken = [_one(title, path, slowest, clients, server, token) for _ in range(rounds)]
                found.append(sorted(taken, key=lambda one: one.p50)[len(taken) // 2])
        return found


def _one(name: str, path: str, slowest: float, clients: int, server: servers.Server, token: str) -> Composite:
    before = server.cpu_seconds
    seen = run(Job(server.port, "GET", [path], token, connections=clients, seconds=SECONDS))
    cpu = (server.cpu_seconds - before) / max(seen.sent, 1) * 1000
    return Composite(name, slowest, seen.p50, seen.p99, seen.rate, cpu, seen.failures)


def _count(clients: int) -> str:
    return "1 client" if clients == 1 else f"{clients} clients"


@contextmanager
def _running(database: str, directory: Path) -> Iterator[tuple[servers.Server, str, Backends]]:
    with running_backends(directory) as backends, servers.database_settings(database, directory) as settings:
        product = servers.Product(directory, settings | {"BACKENDS_URL": backends.url})
        with product.served() as server:
            yield server, product.token(), backends


def placed(server: servers.Server, token: str) -> str:
    """The number in BSS of an order that was carried out."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    address = f"http://127.0.0.1:{server.port}{PORTAL_ORDERS}"
    answer = requests.post(address, data=portal_order_body(), headers=headers, timeout=30)
    answer.raise_for_status()
    return str(answer.json()["id"])
