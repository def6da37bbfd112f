"""`python -m tests.bench.profile post|get|orders`: where the time of one request goes, layer by layer.

The application runs in this process without sockets, one request at a time, so the figures add up; under load the wait
for the interpreter's lock comes on top. `--functions` asks cProfile for the costliest functions instead.
"""

import itertools
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import click
import orjson

from tests.bench import servers
from tests.bench.hot import ThreadProfiles
from tests.bench.in_process import InProcess, product
from tests.bench.layering import instrument
from tests.bench.payloads import PORTAL_ORDERS, PRODUCT_ORDERS, SERIAL, portal_order_body, product_order_body
from tests.bench.report import table
from tests.bench.spans import Recorder, Span, layers, nest
from tests.support.simulators import running_backends

WARM_UP = 50
MOST = 40

Send = Callable[[], tuple[int, bytes]]


@click.command()
@click.argument("operation", type=click.Choice(["post", "get", "orders"]))
@click.option("--requests", default=400, show_default=True, help="How many are measured.")
@click.option("--functions", type=click.Choice(["own", "total"]), help="Functions by cProfile, sorted so.")
@click.option("--database", default="sqlite", show_default=True, type=click.Choice(["sqlite", "postgres"]))
def main(operation: str, requests: int, functions: str | None, database: str) -> None:
    """Say where the time of one request goes, in microseconds."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="facade-profile-")))
        log = stack.enter_context((directory / "log").open("w"))
        settings = stack.enter_context(servers.database_settings(database, directory))
        settings |= {"STATE_DIR": str(directory)}
        if operation == "orders":
            settings |= {"BACKENDS_URL": stack.enter_context(running_backends(directory)).url}
        else:
            settings |= {"HOLD_PROCESSES": "true"}
        profiles, recorder = ThreadProfiles(), Recorder()
        if functions:
            stack.enter_context(profiles.installed())
        else:
            instrument(recorder)
        app, token = stack.enter_context(product(settings, log))
        send = _sender(app, operation, token)
        for _ in range(WARM_UP):
            _accepted(send())
        if functions:
            _show_functions(send, profiles, requests, functions)
        else:
            _show_layers(send, recorder, requests, across_threads=operation != "orders")


def _sender(app: InProcess, operation: str, token: str) -> Send:
    if operation == "orders":
        return lambda: app.request("POST", PORTAL_ORDERS, token, portal_order_body())
    serials = itertools.count(1)
    body = product_order_body()

    def post() -> tuple[int, bytes]:
        return app.request("POST", PRODUCT_ORDERS, token, body.replace(SERIAL.encode(), b"%08d" % next(serials)))

    if operation == "post":
        return post
    path = f"{PRODUCT_ORDERS}/{orjson.loads(post()[1])['id']}"
    return lambda: app.request("GET", path, token)


def _accepted(answer: tuple[int, bytes]) -> None:
    if answer[0] not in (200, 201):
        raise RuntimeError(f"{answer[0]} {answer[1].decode()}")


def _show_layers(send: Send, recorder: Recorder, requests: int, across_threads: bool) -> None:
    seen: list[list[Span]] = []
    taken = []
    for _ in range(requests):
        recorder.taken()
        recorder.recording = True
        began = time.perf_counter()
        _accepted(send())
        taken.append(time.perf_counter() - began)
        recorder.recording = False
        seen.append(nest(recorder.taken(), across_threads))
    found = [layer for layer in layers(seen) if layer.calls]
    rows = [[one.name, f"{one.calls:.0f}", f"{one.own:,.0f}", f"{one.total:,.0f}"] for one in found]
    click.echo(f"{statistics.median(taken) * 1e6:,.0f} µs for one request, median of {requests}\n")
    click.echo(table(["layer", "calls", "own µs", "with what is inside µs"], rows))


def _show_functions(send: Send, profiles: ThreadProfiles, requests: int, by: str) -> None:
    profiles.clear()
    for _ in range(requests):
        _accepted(send())
    rows = [
        [f"`{one.place}`", f"{one.calls:.1f}", f"{one.own:,.1f}", f"{one.total:,.1f}"]
        for one in profiles.functions(requests, by, MOST)
    ]
    click.echo(f"per request of {requests}; cProfile makes calls slower than they are\n")
    click.echo(table(["function", "calls", "own µs", "with what it calls µs"], rows))


if __name__ == "__main__":
    main()
