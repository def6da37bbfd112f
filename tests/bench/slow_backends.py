"""What a backend that hangs or is slow leaves of the product: for those who do not need it, and for many at once."""

import itertools
import statistics
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench import servers
from tests.bench.composite_reads import placed
from tests.bench.load import Job, Seen, run
from tests.bench.payloads import PORTAL_ORDERS, PRODUCT_ORDERS, portal_order_body, product_order_body
from tests.support.simulators import Backends, running_backends

CONTEXT = "/api/v1/customer/C12345/context"
HANGING = "billing"
ASKING, ORDERING = 64, 32
"""Clients that ask for what the hanging backend has, and that place orders, which need it too: always, hang or not."""

PACE = 0.8
"""Seconds between an answer and the next request of each of them: they ask no more with the hang than without, because
the aim is about what a hang takes, not about the load of clients that are turned away fast.
"""

LONGEST_ANSWER = 11.0
"""Seconds after which all of them have been answered: a little more than an order is waited for."""

OTHERS = 16
SECONDS = 6.0
SERIALS = itertools.count(0, 100_000)
"""Where the running numbers of each job begin: an external id belongs to one order."""
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
            without = _beside_those_who_need_it(server, token, job).rate
            backends.fault(HANGING, hang=True)
            taken.append(Held(f"{name}; {HANGING} hangs", without, _beside_those_who_need_it(server, token, job)))
        found.append(_median(taken))
    return found


def _many_at_once(server: servers.Server, token: str, backends: Backends, rounds: int) -> Held:
    backends.fault("crm", latencyMs=BACKEND_MS)
    job = Job(server.port, "GET", [f"{CONTEXT}?include=profile"], token, connections=MANY, seconds=SECONDS)
    ideal = MANY / (BACKEND_MS / 1000)
    name = f"{MANY} clients, {WORKERS} workers, {BACKEND_MS} ms of backend time; without: the ideal"
    return _median([Held(name, ideal, run(job)) for _ in range(rounds)])


def _timed(job: Job) -> Job:
    first = next(SERIALS)
    return Job(job.port, job.method, job.paths, job.token, job.body, first, connections=OTHERS, seconds=SECONDS)


def _median(taken: list[Held]) -> Held:
    middle = statistics.median_low([one.kept for one in taken])
    return next(one for one in taken if one.kept == middle)


def _beside_those_who_need_it(server: servers.Server, token: str, job: Job) -> Seen:
    """What a job sees while others ask for what the hanging backend has."""
    asked, order = f"{CONTEXT}?include=outstandingBalances", portal_order_body().decode()
    needing_it = (
        Job(server.port, "GET", [asked], token, connections=ASKING, seconds=SECONDS + 1, pace=PACE),
        Job(
            server.port, "POST", [PORTAL_ORDERS], token, order, connections=ORDERING, seconds=LONGEST_ANSWER, pace=PACE
        ),
    )
    with ThreadPoolExecutor() as beside:
        others = [beside.submit(run, other) for other in needing_it]
        seen = run(_timed(job))
        for other in others:
            other.result()
    return seen


@contextmanager
def _served(
    database: str, directory: Path, backends: Backends, **settings: int
) -> Iterator[tuple[servers.Server, str]]:
    with servers.database_settings(database, directory) as kept:
        own = {name: str(value) for name, value in settings.items()}
        product = servers.Product(directory, kept | own | {"BACKENDS_URL": backends.url})
        with product.served() as server:
            yield server, product.token()
