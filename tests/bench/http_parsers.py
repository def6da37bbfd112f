"""What it costs to read HTTP with our protocol, with uvicorn's own over the same parser, and with h11."""

import statistics
from contextlib import ExitStack
from pathlib import Path

from tests.bench import servers
from tests.bench.bare_asgi import PROTOCOLS
from tests.bench.load import Job
from tests.bench.payloads import PRODUCT_ORDERS, product_order_body
from tests.bench.product_orders import measure

SECONDS = 1.5
TOKEN = "a" * 700
"""As long as an access token of ours."""
HEADS = ("read by", "GET, CPU µs", "POST of 3.9 KB, CPU µs", "× uvicorn with httptools")


def compare(rounds: int, directory: Path) -> list[list[str]]:
    """The rows of a table. The rounds of all are taken in turn."""
    with ExitStack() as stack:
        made = {name: stack.enter_context(servers.bare_asgi(name, directory)) for name in PROTOCOLS}
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in made}
        for number in range(rounds):
            for name in made if number % 2 else reversed(made):
                get = Job(made[name].port, "GET", [PRODUCT_ORDERS], TOKEN, seconds=SECONDS)
                post = Job(
                    made[name].port, "POST", [PRODUCT_ORDERS], TOKEN, product_order_body().decode(), seconds=SECONDS
                )
                cpu = [measure(job, made[name]).cpu * 1000 for job in (get, post)]
                found[name].append((cpu[0], cpu[1]))
    rows = []
    for name, taken in found.items():
        ratio = statistics.median(sum(one) / sum(base) for one, base in zip(taken, found["httptools"], strict=True))
        rows.append(
            [name, *(f"{statistics.median(column):.0f}" for column in zip(*taken, strict=True)), f"{ratio:.2f} ×"]
        )
    return rows
