"""How long anybody waits while the database answers nobody, and what looking after SQLite's file costs."""

import statistics
import timeit
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic
from uuid import uuid4

import requests
import sqlalchemy as sa

from adapters.persistence.sqlite_files import OpenedFiles
from tests.bench import report, servers
from tests.bench.composite_reads import placed
from tests.bench.payloads import PRODUCT_ORDERS, SERIAL, product_order_body
from tests.support.database_faults import frozen, locked
from tests.support.simulators import running_backends

ORDERING = 32
SECONDS = 10.0
HEADS = ("database", "request", "answers", "p50 ms", "longest ms")
CHECKS = 20_000

Ask = Callable[[], requests.Response]


@dataclass(frozen=True)
class Waited:
    """What became of one kind of request while the database answered nobody. `times` in milliseconds."""

    database: str
    request: str
    answers: str
    times: list[float]

    def row(self) -> list[str]:
        figures = [f"{statistics.median(self.times):.0f}", f"{max(self.times):.0f}"]
        return [self.database, self.request, f"{len(self.times)} × {self.answers}", *figures]


def tables(directory: Path) -> list[str]:
    """What was found, as Markdown."""
    waited = report.table(HEADS, [one.row() for one in _measure(directory)])
    check = _check(directory)
    return [waited, f"Comparing SQLite's opened file with its path takes {check:.0f} µs of a transaction that writes."]


def _measure(directory: Path) -> list[Waited]:
    """SQLite's file locked, then PostgreSQL frozen, each for ten seconds with 32 clients that place orders."""
    found: list[Waited] = []
    with running_backends(directory) as backends:
        for kind, name in (("sqlite", "SQLite, locked"), ("postgres", "PostgreSQL, frozen")):
            kept = directory / kind
            kept.mkdir()
            with _served(kind, kept, backends.url) as (server, token, url):
                found += _while_it_lasts(name, server, token, locked(url) if kind == "sqlite" else frozen(url))
    return found


def _check(directory: Path) -> float:
    """Microseconds for comparing the opened file with its path before a transaction and after its commit."""
    path = directory / "checked.db"
    files = OpenedFiles(str(path))
    files.opened()

    def check() -> None:
        files.check()
        files.check_kept()

    taken = min(timeit.repeat(check, number=CHECKS // 10, repeat=10))
    files.close()
    return taken / (CHECKS // 10) * 1e6


def _while_it_lasts(
    name: str, server: servers.Server, token: str, fault: AbstractContextManager[None]
) -> Iterator[Waited]:
    url, headers = f"http://127.0.0.1:{server.port}", {"Authorization": f"Bearer {token}"}
    order = placed(server, token)["id"]
    read = partial(requests.get, f"{url}{PRODUCT_ORDERS}/{order}", headers=headers, timeout=60)

    def place() -> requests.Response:
        body = product_order_body().replace(SERIAL.encode(), uuid4().hex.encode())
        return requests.post(
            f"{url}{PRODUCT_ORDERS}", headers=headers | {"Content-Type": "application/json"}, data=body, timeout=60
        )

    asked: dict[str, tuple[int, Ask]] = {
        "POST productOrder": (ORDERING, place),
        "GET productOrder": (4, read),
        "GET /health/live": (1, partial(requests.get, f"{url}/health/live", timeout=60)),
        "GET /health/ready": (1, partial(requests.get, f"{url}/health/ready", timeout=60)),
    }
    with fault, ThreadPoolExecutor(ORDERING + 6) as pool:
        until = monotonic() + SECONDS
        jobs = {
            request: [pool.submit(_again_and_again, ask, until) for _ in range(clients)]
            for request, (clients, ask) in asked.items()
        }
        seen = {request: [one for job in found for one in job.result()] for request, found in jobs.items()}
    for request, answers in seen.items():
        shown = ", ".join(sorted({answer for answer, _ in answers}))
        yield Waited(name, request, shown, [took for _, took in answers])


def _again_and_again(ask: Ask, until: float) -> list[tuple[str, float]]:
    """Each answer's status and code, and milliseconds until it came."""
    seen = []
    while monotonic() < until:
        began = monotonic()
        answer = ask()
        took = (monotonic() - began) * 1000
        code = "" if answer.ok else answer.json().get("code", "")
        seen.append((f"{answer.status_code} {code}".strip(), took))
    return seen


@contextmanager
def _served(kind: str, directory: Path, backends: str) -> Iterator[tuple[servers.Server, str, sa.URL]]:
    with servers.database_settings(kind, directory) as kept:
        product = servers.Product(directory, kept | {"BACKENDS_URL": backends})
        url = sa.make_url(kept.get("DATABASE_URL", f"sqlite:///{directory / 'facade.db'}"))
        with product.served() as server:
            yield server, product.token(), url
