"""The baseline for whole orders: a Flask handler that makes the same four backend calls and nothing else.

No contract, no database, no durability, no authentication; `requests` sessions, one for each thread. It runs behind
uvicorn by a2wsgi with 32 threads, so that it is not short of them.
"""

import os
import threading
from typing import Any

import requests
from a2wsgi import WSGIMiddleware
from flask import Flask, request

from tests.bench.payloads import PORTAL_ORDERS

BACKENDS = os.environ.get("BACKENDS_URL", "")
THREADS = 32
PRICES = {"SKU123": 4990}
"""In cents."""

flask_app = Flask("bare")
local = threading.local()


def token() -> str:
    form = {"grant_type": "client_credentials", "client_id": "facade", "client_secret": "facade-secret"}
    answer = requests.post(f"{BACKENDS}/oauth/token", data=form, timeout=10)
    answer.raise_for_status()
    return str(answer.json()["access_token"])


HEADERS = {"Authorization": f"Bearer {token()}"} if BACKENDS else {}


def session() -> requests.Session:
    kept: requests.Session | None = getattr(local, "session", None)
    if kept is None:
        kept = local.session = requests.Session()
        kept.headers.update(HEADERS)
    return kept


def call(method: str, path: str, body: Any = None) -> Any:
    answer = session().request(method, f"{BACKENDS}{path}", json=body, timeout=30)
    answer.raise_for_status()
    return answer.json()


@flask_app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


@flask_app.post(PORTAL_ORDERS)
def place_order() -> tuple[dict[str, Any], int]:
    order = request.get_json()
    (item,) = order["items"]
    call("GET", f"/crm/customers/{order['customerId']}")
    reservation = call("POST", "/inventory/reservations", item)["reservationId"]
    line = item | {"reservationId": reservation}
    body = {"customerId": order["customerId"], "externalId": reservation, "items": [line]}
    order_id = call("POST", "/bss/orders", body)["orderId"]
    cents = PRICES[item["sku"]] * item["quantity"]
    charge = {"orderId": order_id, "amount": f"{cents // 100}.{cents % 100:02d}", "currency": "EUR"}
    call("POST", "/billing/charges", charge)
    return {"orderId": order_id, "status": "confirmed", "paymentStatus": "success"}, 201


app = WSGIMiddleware(flask_app, workers=THREADS)  # type: ignore[arg-type]
