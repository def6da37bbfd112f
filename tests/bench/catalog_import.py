"""`python -m tests.bench.catalog_import`: imports of offerings against as many POSTs, and what others notice of them.

POSTs and the import are measured in the same run, on the same server. Prints Markdown; it measures, and never fails.
"""

import json
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
import requests

from tests.bench import servers
from tests.bench.load import Job, Seen, run
from tests.bench.payloads import SERIAL
from tests.bench.report import mark, table

LINES = 100_000
AIM = 20.0
PART = 1_000_000
SECONDS = 5.0
PACE = 0.02
API = "/tmf-api/productCatalogManagement/v5"
FILE = "/api/v1/catalog-files/bench.jsonl"
DATABASES = ("sqlite", "postgres")


def offering(serial: str) -> dict[str, Any]:
    return {
        "@type": "ProductOffering",
        "id": f"po-{serial}",
        "name": f"Fibre {serial}",
        "description": "Broadband over fibre for homes",
        "version": "1.0",
        "lifecycleStatus": "In study",
        "category": [{"@type": "CategoryRef", "id": "c7", "name": "Broadband"}],
        "productSpecification": {"@type": "ProductSpecificationRef", "id": "spec-fibre"},
        "productOfferingPrice": [{"@type": "ProductOfferingPriceRef", "id": "price-fibre"}],
        "marketSegment": [{"@type": "MarketSegmentRef", "id": "homes"}],
        "channel": [{"@type": "ChannelRef", "id": "online"}],
    }


@click.command()
@click.option("--lines", default=LINES, show_default=True, type=click.IntRange(min=1))
@click.option("--only", default=",".join(DATABASES), show_default=True)
def main(lines: int, only: str) -> None:
    """Measure imports on both databases."""
    for name in only.split(","):
        click.echo("\n" + measure(name, lines))


def measure(database: str, lines: int = LINES) -> str:
    """A table of rates and of what other writers wait, with and without an import."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="facade-import-")))
        settings = stack.enter_context(servers.database_settings(database, directory))
        product = servers.Product(directory, settings)
        server = stack.enter_context(product.served())
        return _measured(server, product.token(), lines, database)


def _measured(server: servers.Server, token: str, lines: int, database: str) -> str:
    before = server.cpu_seconds
    posts = run(_posting(server, token, "post", SECONDS))
    of_posts = (server.cpu_seconds - before) / max(1, posts.sent)
    alone = run(_posting(server, token, "calm", SECONDS, pace=PACE, connections=1))
    _upload(server, token, lines)
    with ThreadPoolExecutor(1) as pool:
        began, before = time.monotonic(), server.cpu_seconds
        job = _start(server, token)
        beside = pool.submit(run, _posting(server, token, "beside", SECONDS, pace=PACE, connections=1))
        _until_ended(server, token, job)
        taken, cpu = time.monotonic() - began, server.cpu_seconds - before
        others: Seen = beside.result()
    ratio, of_line = lines / taken / posts.rate, cpu / lines
    heads = (f"{database}, {lines:,} offerings", "a second", "ratio (aim)", "CPU µs", "others' POST p50 / p99 ms")
    imported = [f"**{ratio:.1f} ×** {mark(ratio >= AIM, f'≥ {AIM:g} ×')}", f"{of_line * 1e6:.0f}"]
    return table(
        heads,
        [
            ["POST, 16 connections", f"{posts.rate:,.0f}", "1 ×", f"{of_posts * 1e6:.0f}", _percentiles(alone)],
            ["import", f"{lines / taken:,.0f}", *imported, _percentiles(others)],
        ],
    )


def _percentiles(seen: Seen) -> str:
    return f"{seen.p50:.1f} / {seen.p99:.1f}"


def _posting(
    server: servers.Server, token: str, name: str, seconds: float, pace: float = 0.0, connections: int = 16
) -> Job:
    body = json.dumps(offering(f"{name}-{SERIAL}"))
    return Job(
        server.port,
        "POST",
        [f"{API}/productOffering"],
        token,
        body,
        connections=connections,
        seconds=seconds,
        pace=pace,
    )


def _upload(server: servers.Server, token: str, lines: int) -> None:
    content = b"".join(json.dumps(offering(f"line-{number}")).encode() + b"\n" for number in range(lines))
    for begin in range(0, len(content), PART):
        part = content[begin : begin + PART]
        place = f"bytes {begin}-{begin + len(part) - 1}/{len(content)}"
        told = {"Content-Type": "application/x-ndjson", "Content-Range": place}
        requests.put(_url(server, FILE), data=part, headers=_as(token) | told, timeout=60).raise_for_status()


def _start(server: servers.Server, token: str) -> str:
    body = {"@type": "ImportJob", "url": _url(server, FILE)}
    answer = requests.post(_url(server, f"{API}/importJob"), json=body, headers=_as(token), timeout=60)
    answer.raise_for_status()
    return str(answer.json()["id"])


def _until_ended(server: servers.Server, token: str, job: str) -> None:
    while True:
        answer = requests.get(_url(server, f"{API}/importJob/{job}"), headers=_as(token), timeout=60).json()
        if answer["status"] == "Succeeded":
            return
        if answer["status"] == "Failed":
            raise RuntimeError(answer["errorLog"])
        time.sleep(0.2)


def _url(server: servers.Server, path: str) -> str:
    return f"http://127.0.0.1:{server.port}{path}"


def _as(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


if __name__ == "__main__":
    main()
