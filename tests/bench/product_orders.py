"""TMF622 POST acknowledged and GET by id, against a bare Connexion app."""

import itertools
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path

import requests

from tests.bench import load, servers
from tests.bench.load import Job, Seen
from tests.bench.payloads import PRODUCT_ORDERS, product_order_body
from tests.bench.report import Comparison, Round

AIM = 2.0
SECONDS = 2.0
READ_IDS = 200


def compare(wanted: Iterable[str], rounds: int, database: str, directory: Path) -> list[Comparison]:
    """`wanted`: post, get or both. The product takes orders in durably and carries none out."""
    with ExitStack() as stack:
        settings = stack.enter_context(servers.database_settings(database, directory))
        product = servers.Product(directory, settings | {"HOLD_PROCESSES": "true"})
        ours = stack.enter_context(product.served())
        bare = stack.enter_context(
            servers.uvicorn("tests.bench.bare_connexion:app", f"{PRODUCT_ORDERS}/x", directory, {"BENCH_SERVER": "1"})
        )
        token = product.token()
        _seed(ours, token)
        ids = _ids(ours, token)
        serial = itertools.count(100_000, 100_000)

        def post(server: servers.Server, token: str | None) -> Job:
            body = product_order_body().decode()
            return Job(server.port, "POST", [PRODUCT_ORDERS], token, body, first=next(serial), seconds=SECONDS)

        def get(server: servers.Server, token: str | None) -> Job:
            return Job(server.port, "GET", [f"{PRODUCT_ORDERS}/{one}" for one in ids], token, seconds=SECONDS)

        jobs: dict[str, Callable[[servers.Server, str | None], Job]] = {"post": post, "get": get}
        found: dict[str, tuple[list[Round], list[Round]]] = {name: ([], []) for name in jobs if name in wanted}
        for number in range(rounds):
            for name, (mine, theirs) in found.items():
                sides = [(mine, ours, token), (theirs, bare, None)]
                for rows, server, bearer in sides if number % 2 else reversed(sides):
                    rows.append(measure(jobs[name](server, bearer), server))
    names = {"post": "POST productOrder, acknowledged", "get": "GET productOrder by id"}
    return [Comparison(names[name], mine, theirs, AIM) for name, (mine, theirs) in found.items()]


def measure(job: Job, server: servers.Server) -> Round:
    before = server.cpu_seconds
    seen: Seen = load.run(job)
    return Round.of(seen, server.cpu_seconds - before)


def _seed(server: servers.Server, token: str) -> None:
    job = Job(server.port, "POST", [PRODUCT_ORDERS], token, product_order_body().decode(), seconds=1.0)
    seen = load.run(job)
    if seen.failures:
        raise RuntimeError(f"the product refused the order: {seen.statuses}")


def _ids(server: servers.Server, token: str) -> list[str]:
    answer = requests.get(
        f"http://127.0.0.1:{server.port}{PRODUCT_ORDERS}",
        params={"limit": str(READ_IDS), "fields": "id"},
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    )
    answer.raise_for_status()
    return [order["id"] for order in answer.json()]
