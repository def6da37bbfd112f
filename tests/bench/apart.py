"""How fast `serve` accepts orders while `work` carries them out, and how long an order waits behind those of another
client.

`serve` has one core, and everything else the other one.
"""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.bench import load, servers
from tests.bench.load import Job, Seen
from tests.bench.payloads import PORTAL_ORDERS, PRODUCT_ORDERS, portal_order_body
from tests.support.product import partner_order
from tests.support.simulators import running_backends

CONNECTIONS = 8
SECONDS = 5.0
LEAST_RATE = 0.9
MOST_P50 = 1.5
"""What accepting may lose while processes run."""
MANY = 5_000
"""Orders of one client that wait when another one places its order."""
WITHIN_SECONDS = 2.0
HEADS = ("measure", "orders/s", "p50 ms", "p99 ms", "not 2xx", "carried out/s", "aim")


@dataclass(frozen=True)
class Sides:
    product: servers.Product
    serve: servers.Server
    token: str


def table_rows(database: str, directory: Path, rounds: int) -> list[list[str]]:
    """Medians of the rounds, and the wait of one order behind `MANY`."""
    held: list[Seen] = []
    running: list[tuple[Seen, float]] = []
    with _serving(database, directory) as sides:
        for _ in range(rounds):
            held.append(load.run(_job(sides)))
            with sides.product.working(_on(1)) as work:
                before, began = _ended(work), time.monotonic()
                seen = load.run(_job(sides))
                running.append((seen, (_ended(work) - before) / (time.monotonic() - began)))
        waited = _behind(sides)
    alone, (beside, done) = (
        _median(held),
        running[sorted(range(rounds), key=lambda at: running[at][0].rate)[rounds // 2]],
    )
    rate, p50 = beside.rate / alone.rate, beside.p50 / alone.p50
    verdict = "reached" if rate >= LEAST_RATE and p50 <= MOST_P50 else "not reached"
    aim = f"{rate:.2f} × the rate (≥ {LEAST_RATE}), {p50:.2f} × the p50 (≤ {MOST_P50}): **{verdict}**"
    fair = "reached" if waited <= WITHIN_SECONDS else "not reached"
    return [
        _row(f"{database}: POST, nothing carried out", alone, "", ""),
        _row(f"{database}: POST while `work` carries out", beside, f"{done:.0f}", aim),
        [f"{database}: one order behind {MANY:,} of another client", "", f"{waited * 1000:.0f}", "", "", "",
         f"confirmed within {WITHIN_SECONDS:.0f} s: **{fair}**"],
    ]  # fmt: skip


@contextmanager
def _serving(database: str, directory: Path) -> Iterator[Sides]:
    with ExitStack() as stack:
        backends = stack.enter_context(running_backends(directory))
        settings = stack.enter_context(servers.database_settings(database, directory))
        product = servers.Product(directory, settings | {"BACKENDS_URL": backends.url})
        serve = stack.enter_context(product.served(("serve",), _on(0)))
        yield Sides(product, serve, product.token())


def _behind(sides: Sides) -> float:
    """Seconds until the portal's order is confirmed while `MANY` orders of another client wait."""
    waiting = 0
    while waiting < MANY:
        waiting += load.run(_job(sides)).sent
    headers = {"Authorization": f"Bearer {sides.product.token('portal')}", "Content-Type": "application/json"}
    with sides.product.working(_on(1)) as work:
        while not _ended(work):
            time.sleep(0.1)
        began = time.monotonic()
        address = f"http://127.0.0.1:{sides.serve.port}{PORTAL_ORDERS}"
        requests.post(address, data=portal_order_body(), headers=headers, timeout=60).raise_for_status()
        return time.monotonic() - began


def _job(sides: Sides) -> Job:
    body, paths = json.dumps(partner_order()), [PRODUCT_ORDERS]
    return Job(sides.serve.port, "POST", paths, sides.token, body, connections=CONNECTIONS, seconds=SECONDS)


def _ended(work: servers.Server) -> float:
    """The processes that ended so far in this `work`."""
    page = requests.get(f"http://127.0.0.1:{work.port}/metrics", timeout=30).text
    counts = (line.split()[-1] for line in page.splitlines() if line.startswith("facade_process_seconds_count"))
    return sum(map(float, counts))


def _on(core: int) -> tuple[str, ...]:
    """Words before a command that keep it on one core, where that is possible."""
    return ("taskset", "-c", str(core)) if shutil.which("taskset") else ()


def _median(rounds: list[Seen]) -> Seen:
    return sorted(rounds, key=lambda seen: seen.rate)[len(rounds) // 2]


def _row(name: str, seen: Seen, done: str, aim: str) -> list[str]:
    return [name, f"{seen.rate:.0f}", f"{seen.p50:.1f}", f"{seen.p99:.1f}", str(seen.failures), done, aim]
