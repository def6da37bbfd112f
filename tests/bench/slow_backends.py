"""What a backend that hangs or is slow leaves of the product: for those who do not need it, and for many at once."""

import statistics
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.bench import servers
from tests.bench.composite_reads import placed
from tests.bench.load import Job, Seen, run
from tests.bench.payloads import PRODUCT_ORDERS, product_order_body
from tests.support.simulators import Backends, running_backends

CONTEXT = "/api/v1/customer/C12345/context"
HANGING = "billing"
NEEDING_IT = 16
"""Clients that ask again and again for what the hanging backend has."""

OTHERS = 16
SECONDS = 4.0
MANY = 64
WORKERS = 2
BACKEND_MS = 140
"""Of the one call that each of many requests makes."""

KEPT = 0.8
HEADS = ("measure", "without /s", "with /s", "p50 ms", "p99 ms", "not 2xx", "kept")


@dataclass(frozen=True)
class Held:
    """The rate of requests `without` trouble, or the best there could be, and what was seen with it."""

    name: str
    without: float
    seen: Seen

    @property
    def kept(self) -> float:
        return self.seen.rate / self.without

    def row(self) -> list[str]:
        verdict = "reached" if self.kept >= KEPT else "not reached"
        figures = [f"{self.without:.0f}", f"{self.seen.rate:.0f}", f"{self.seen.p50:.1f}", f"{self.seen.p99:.1f}"]
        return [self.name, *figures, str(self.seen.failures), f"{self.kept:.0%} (≥ {KEPT:.0%}: **{verdict}**)"]


def measure(database: str, directory: Path, rounds: int) -> list[Held]:
    """The median round of each."""
    with running_backends(directory) as backends:
        (directory / "one").mkdir()
        (directory / "many").mkdir()
        with _served(database, directory / "one", backends, WORKERS=1) as (server, token):
            found = _with_one_hanging(server, token, backends, rounds)
        backends.clear()
        with _served(database, directory / "many", backends, WORKERS=WORKERS) as (server, token):
            found.append(_many_at_once(server, token, backends, rounds))
        return found


def _with_one_hanging(server: servers.Server, token: str, backends: Backends, rounds: int) -> list[Held]:
    order = placed(server, token)["id"]
    jobs = {
        "TMF622 GET by id": Job(server.port, "GET", [f"{PRODUCT_ORDERS}/{order}"], token),
        "TMF622 POST, acknowledged": Job(server.port, "POST", [PRODUCT_ORDERS], token, product_order_body().decode()),
        "customer context without balances": Job(server.port, "GET", [f"{CONTEXT}?include=profile"], token),
    }
    found = []
    for name, job in jobs.items():
        taken = []
        for _ in range(rounds):
            backends.clear()
            without = run(_timed(job)).rate
            backends.fault(HANGING, hang=True)
            with _asked_for(server, token):
                taken.append(Held(f"{name}; {HANGING} hangs", without, run(_timed(job))))
        found.append(_median(taken))
    return found


def _many_at_once(server: servers.Server, token: str, backends: Backends, rounds: int) -> Held:
    backends.fault("crm", latencyMs=BACKEND_MS)
    job = Job(server.port, "GET", [f"{CONTEXT}?include=profile"], token, connections=MANY, seconds=SECONDS)
    ideal = MANY / (BACKEND_MS / 1000)
    name = f"{MANY} clients, {WORKERS} workers, {BACKEND_MS} ms of backend time; without: the ideal"
    return _median([Held(name, ideal, run(job)) for _ in range(rounds)])


def _timed(job: Job) -> Job:
    return Job(job.port, job.method, job.paths, job.token, job.body, connections=OTHERS, seconds=SECONDS)


def _median(taken: list[Held]) -> Held:
    middle = statistics.median_low([one.kept for one in taken])
    return next(one for one in taken if one.kept == middle)


@contextmanager
def _asked_for(server: servers.Server, token: str) -> Iterator[None]:
    """Meanwhile some clients keep asking for what the hanging backend has."""
    over = threading.Event()

    def ask() -> None:
        with requests.Session() as session:
            while not over.is_set():
                headers = {"Authorization": f"Bearer {token}"}
                session.get(f"http://127.0.0.1:{server.port}{CONTEXT}?include=outstandingBalances", headers=headers)

    threads = [threading.Thread(target=ask) for _ in range(NEEDING_IT)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


@contextmanager
def _served(
    database: str, directory: Path, backends: Backends, **settings: int
) -> Iterator[tuple[servers.Server, str]]:
    with servers.database_settings(database, directory) as kept:
        own = {name: str(value) for name, value in settings.items()}
        product = servers.Product(directory, kept | own | {"BACKENDS_URL": backends.url})
        with product.served() as server:
            yield server, product.token()
