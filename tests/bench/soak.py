"""`make soak`: minutes at half the rate that the product can bear; prints what came of it as Markdown.

Orders of partners and of the portal and all kinds of reads, mixed as MIX says. Afterwards no process should be
unfinished, and no request should have failed.
"""

import itertools
import sqlite3
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import orjson
import requests

from tests.bench import report, servers
from tests.bench.composite_reads import placed
from tests.bench.payloads import PORTAL_ORDERS, PRODUCT_ORDERS, portal_order_body, product_order
from tests.support.simulators import running_backends

CLIENTS = 16
FINDING_OUT = 15.0
"""Seconds at full speed, to know what half of it is."""
SAMPLE = 5.0

MIX = ("partner", "portal", "read", "read", "list", "context", "snapshot")


@dataclass
class Driven:
    """What the clients saw. `pace`: seconds between two requests of one client, 0 for none."""

    base: str
    token: str
    pace: float = 0.0
    over: threading.Event = field(default_factory=threading.Event)
    statuses: Counter[str] = field(default_factory=Counter)
    times: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in MIX})
    known: list[str] = field(default_factory=list)

    def run(self, seconds: float) -> None:
        threads = [threading.Thread(target=self._client, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        self.over.set()
        for thread in threads:
            thread.join()

    def _client(self, number: int) -> None:
        kinds = itertools.islice(itertools.cycle(MIX), number, None)
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {self.token}"
            due = time.monotonic() + self.pace * number / CLIENTS
            while not self.over.is_set():
                if self.over.wait(max(0.0, due - time.monotonic())):
                    return
                due = max(due + self.pace, time.monotonic() - self.pace)
                began = time.perf_counter()
                kind = next(kinds)
                answer = _ASKED[kind](session, self)
                self.times[kind].append(time.perf_counter() - began)
                self.statuses[str(answer.status_code)] += 1


def _partner(session: requests.Session, driven: Driven) -> requests.Response:
    answer = session.post(driven.base + PRODUCT_ORDERS, json=product_order(), timeout=30)
    return _remembered(answer, driven)


def _portal(session: requests.Session, driven: Driven) -> requests.Response:
    headers = {"Content-Type": "application/json"}
    return _remembered(
        session.post(driven.base + PORTAL_ORDERS, data=portal_order_body(), headers=headers, timeout=30), driven
    )


def _remembered(answer: requests.Response, driven: Driven) -> requests.Response:
    if answer.ok:
        driven.known.append(answer.json()["id"])
        del driven.known[:-100]
    return answer


def _reads(path: str) -> Callable[[requests.Session, Driven], requests.Response]:
    def read(session: requests.Session, driven: Driven) -> requests.Response:
        return session.get(driven.base + path.format(order=driven.known[-1]), timeout=30)

    return read


_ASKED: dict[str, Callable[[requests.Session, Driven], requests.Response]] = {
    "partner": _partner,
    "portal": _portal,
    "read": _reads(f"{PRODUCT_ORDERS}/{{order}}"),
    "list": _reads(f"{PRODUCT_ORDERS}?state=completed&limit=5"),
    "context": _reads("/api/v1/customer/C12345/context"),
    "snapshot": _reads(f"{PORTAL_ORDERS}/{{order}}"),
}


@click.command()
@click.option("--minutes", default=10.0, show_default=True)
def main(minutes: float) -> None:
    """Run the product for some minutes at half of what it can bear."""
    with tempfile.TemporaryDirectory(prefix="facade-soak-") as kept, running_backends(Path(kept)) as backends:
        product = servers.Product(Path(kept), {"BACKENDS_URL": backends.url})
        with product.served() as server:
            base, token = f"http://127.0.0.1:{server.port}", product.token()
            first = Driven(base, token, known=[placed(server, token)["id"]])
            first.run(FINDING_OUT)
            full = sum(first.statuses.values()) / FINDING_OUT
            click.echo(f"{full:.0f} requests a second at full speed; now half of that", err=True)
            soaked = Driven(base, token, pace=CLIENTS / (full / 2), known=first.known)
            memory = _sampled(server.pid, lambda: soaked.run(minutes * 60))
            unfinished = _unfinished(Path(kept) / "facade.db")
            click.echo(report.table(("soak", ""), _rows(minutes, soaked, memory, unfinished)))


def _sampled(pid: int, act: Callable[[], None]) -> list[float]:
    """Resident memory of a process in MB, every few seconds while `act` runs."""
    taken: list[float] = []
    over = threading.Event()

    def sample() -> None:
        while not over.wait(SAMPLE):
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
            taken.append(pages * 4096 / 1e6)

    thread = threading.Thread(target=sample)
    thread.start()
    act()
    over.set()
    thread.join()
    return taken


def _unfinished(database: Path, within: float = 30.0) -> int:
    """How many processes have not ended after `within` seconds."""
    until = time.monotonic() + within
    while True:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
            found = int(connection.execute("SELECT count(*) FROM processes WHERE state <> 'ended'").fetchone()[0])
        if not found or time.monotonic() > until:
            return found
        time.sleep(0.5)


def _rows(minutes: float, soaked: Driven, memory: list[float], unfinished: int) -> list[list[Any]]:
    tenth = max(1, len(memory) // 10)
    tenths = [f"{statistics.median(memory[start : start + tenth]):.0f}" for start in range(0, len(memory), tenth)]
    sent = sum(soaked.statuses.values())
    failed = sum(count for status, count in soaked.statuses.items() if not status.startswith("2"))
    return [
        ["time at half of full speed", f"{minutes:g} min"],
        ["requests", f"{sent} ({sent / (minutes * 60):.0f}/s)"],
        ["answers", orjson.dumps(dict(soaked.statuses)).decode()],
        ["not 2xx", str(failed)],
        *([f"{kind}: p50, p99", _percentiles(taken)] for kind, taken in soaked.times.items()),
        ["memory in MB, each tenth of the time", " ".join(tenths)],
        ["processes not ended 30 s later", str(unfinished)],
    ]


def _percentiles(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    return f"{statistics.median(ordered) * 1e3:.1f} ms, {ordered[int(len(ordered) * 0.99)] * 1e3:.1f} ms"


if __name__ == "__main__":
    main()
