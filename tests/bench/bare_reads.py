"""The baseline for composite reads: a Flask handler that asks the same backends at the same time and joins nothing.

`requests` sessions, one for each thread, as in `bare_flask`; the calls run in a pool that is never short of threads.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from a2wsgi import WSGIMiddleware
from flask import Flask

from tests.bench.bare_flask import THREADS, call

flask_app = Flask("bare-reads")
pool = ThreadPoolExecutor(THREADS * 4)


def together(**paths: str) -> dict[str, Any]:
    asked = {name: pool.submit(call, "GET", path) for name, path in paths.items()}
    return {name: asking.result() for name, asking in asked.items()}


@flask_app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


@flask_app.get("/api/v1/orders/<number>")
def order(number: str) -> dict[str, Any]:
    return together(
        orderDetails=f"/bss/orders/{number}",
        invoiceDetails=f"/billing/invoices/{number}",
        shipments=f"/scm/shipments/{number}",
    )


@flask_app.get("/api/v1/customer/<customer>/context")
def context(customer: str) -> dict[str, Any]:
    return together(
        profile=f"/crm/customers/{customer}",
        subscriptions=f"/bss/subscriptions/{customer}",
        outstandingBalances=f"/billing/outstanding/{customer}",
        recentShipments=f"/scm/shipments/recent/{customer}",
    )


app = WSGIMiddleware(flask_app, workers=THREADS)  # type: ignore[arg-type]
