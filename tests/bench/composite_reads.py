"""Answers made of several backends' parts while every backend takes its time: they cost what the slowest costs."""

import statistics
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.bench import servers
from tests.bench.load import Job, Seen, run
from tests.bench.payloads import PORTAL_ORDERS, portal_order_body
from tests.bench.whole_orders import LATENCIES
from tests.support.simulators import Backends, running_backends

SHIPPING_MS = 30
"""Of one call to SCM, which takes no part in an order."""

CLIENTS = (1, 16)
SECONDS = 3.0
HEADS = (
    "composite read",
    "slowest backend ms",
    "ours p50 / p99 ms",
    "baseline p50 / p99 ms",
    "ours CPU ms",
    "baseline CPU ms",
    "ours p50 (aim: 1.15 × slowest + 5 ms)",
)


@dataclass(frozen=True)
class Sides:
    ours: servers.Server
    bare: servers.Server
    backends: Backends
    token: str


@dataclass(frozen=True)
class Turn:
    """What clients saw in one round; CPU in milliseconds for each request."""

    seen: Seen
    cpu: float


@dataclass(frozen=True)
class Composite:
    name: str
    slowest: float
    ours: list[Turn]
    bare: list[Turn]

    @property
    def aim(self) -> float:
        return 1.15 * self.slowest + 5

    def row(self) -> list[str]:
        p50 = _median(self.ours, lambda turn: turn.seen.p50)
        latencies, cpu = [], []
        for turns in (self.ours, self.bare):
            p99 = _median(turns, lambda turn: turn.seen.p99)
            latencies.append(f"{_median(turns, lambda turn: turn.seen.p50):.1f} / {p99:.1f}")
            cpu.append(f"{_median(turns, lambda turn: turn.cpu):.2f}")
        verdict = f"**{p50:.1f}** (≤ {self.aim:.1f}: {'reached' if p50 <= self.aim else 'not reached'})"
        return [self.name, f"{self.slowest:.0f}", *latencies, *cpu, verdict]

    @property
    def failures(self) -> int:
        return sum(turn.seen.failures for turn in self.ours + self.bare)


def measure(database: str, directory: Path, rounds: int) -> list[Composite]:
    """Each answer by one client and by sixteen, both sides in turn."""
    with _running(database, directory) as sides:
        number = placed(sides.ours, sides.token)["orderId"]
        for backend, milliseconds in {**LATENCIES, "scm": SHIPPING_MS}.items():
            sides.backends.fault(backend, latencyMs=milliseconds)
        answers = {
            "order snapshot": (f"{PORTAL_ORDERS}/{number}", max(LATENCIES["bss"], LATENCIES["billing"], SHIPPING_MS)),
            "customer context": ("/api/v1/customer/C12345/context", max(*LATENCIES.values(), SHIPPING_MS)),
        }
        return [
            _compare(f"{name}, {clients} client{'s' * (clients > 1)}", path, slowest, clients, sides, rounds)
            for name, (path, slowest) in answers.items()
            for clients in CLIENTS
        ]


def failures(reads: list[Composite]) -> list[str]:
    """Warnings where answers were not 2xx: their latencies say nothing then."""
    return [f"WARNING {one.name}: {one.failures} answers were not 2xx" for one in reads if one.failures]


def _compare(name: str, path: str, slowest: float, clients: int, sides: Sides, rounds: int) -> Composite:
    found = Composite(name, slowest, [], [])
    for number in range(rounds):
        turns = [(found.ours, sides.ours), (found.bare, sides.bare)]
        for taken, server in turns if number % 2 else reversed(turns):
            before = server.cpu_seconds
            seen = run(Job(server.port, "GET", [path], sides.token, connections=clients, seconds=SECONDS))
            taken.append(Turn(seen, (server.cpu_seconds - before) / max(seen.sent, 1) * 1000))
    return found


@contextmanager
def _running(database: str, directory: Path) -> Iterator[Sides]:
    with ExitStack() as stack:
        backends = stack.enter_context(running_backends(directory))
        settings = stack.enter_context(servers.database_settings(database, directory))
        address = {"BACKENDS_URL": backends.url}
        product = servers.Product(directory, settings | address)
        ours = stack.enter_context(product.served())
        bare = stack.enter_context(servers.uvicorn("tests.bench.bare_reads:app", "/health", directory, address))
        yield Sides(ours, bare, backends, product.token())


def placed(server: servers.Server, token: str) -> dict[str, Any]:
    """An order that was carried out."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    address = f"http://127.0.0.1:{server.port}{PORTAL_ORDERS}"
    answer = requests.post(address, data=portal_order_body(), headers=headers, timeout=30)
    answer.raise_for_status()
    order: dict[str, Any] = answer.json()
    return order


def _median(turns: list[Turn], value: Callable[[Turn], float]) -> float:
    return statistics.median(value(turn) for turn in turns)
