"""What it costs to hold the answers of an order's backend calls against what was asked, as a share of the order.

The calls of one order are made by the product's own adapters over a transport without sockets, in turn with the checks
and with none, in this process. The order that they are a share of is carried out by a running product.
"""

import io
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from adapters.backends.agreement import Agreement
from adapters.backends.billing import HttpPaymentCharges
from adapters.backends.bss import HttpBssOrders
from adapters.backends.crm import HttpCustomers
from adapters.backends.errors import Arguments
from adapters.backends.http import Backend
from adapters.backends.inventory import HttpStockReservations
from adapters.backends.settings import BackendSettings
from adapters.backends.tokens import Tokens
from canonical.processes.ports import ChargeRequest, StockRequest
from tests.bench.load import Job
from tests.bench.payloads import PORTAL_ORDERS, portal_order_body
from tests.bench.product_orders import measure
from tests.bench.report import mark
from tests.bench.whole_orders import SECONDS, Sides
from tests.support.builders import an_order

AIM = 3.0
"""Percent."""
ORDERS = 200
TURNS = 10
"""Of each round: so many times as many orders with and without the checks."""

HEADS = ("calls of one order", "with checks µs", "without µs", "checks µs", "CPU of the order ms", "share (aim)")


@dataclass(frozen=True)
class Checks:
    """Medians of one run, in microseconds; `order` is the server's CPU for a whole order."""

    checked: float
    unchecked: float
    costs: float
    order: float

    def row(self) -> list[str]:
        share = 100 * self.costs / self.order
        return [
            "getCustomer, reserve, createOrder, charge",
            f"{self.checked:.0f}",
            f"{self.unchecked:.0f}",
            f"{self.costs:.1f}",
            f"{self.order / 1000:.2f}",
            f"**{share:.2f} %** {mark(share <= AIM, f'≤ {AIM:g} %')}",
        ]


def compare(rounds: int, sides: Sides) -> Checks:
    body = portal_order_body().decode()
    job = Job(sides.ours.port, "POST", [PORTAL_ORDERS], sides.token, body, connections=8, seconds=SECONDS)
    orders = [measure(job, sides.ours).cpu * 1000 for _ in range(rounds)]
    place = calls()
    _took(place)
    found = [(_took(place), _took_unchecked(place)) for _ in range(rounds * TURNS)]
    checked, unchecked = (statistics.median(side) for side in zip(*found, strict=True))
    costs = statistics.median(one - other for one, other in found)
    return Checks(checked, unchecked, costs, statistics.median(orders))


def _took(place: Callable[[], None]) -> float:
    began = time.process_time()
    for _ in range(ORDERS):
        place()
    return (time.process_time() - began) / ORDERS * 1e6


def _took_unchecked(place: Callable[[], None]) -> float:
    with nothing_held():
        return _took(place)


def _unheld(self: Agreement, answer: Any, asked: Arguments) -> Any:
    return answer


@contextmanager
def nothing_held() -> Iterator[None]:
    held = Agreement.held
    Agreement.held = _unheld  # type: ignore[method-assign] # what it costs is measured
    try:
        yield
    finally:
        Agreement.held = held  # type: ignore[method-assign]


def calls() -> Callable[[], None]:
    """The calls that placing an order makes."""
    settings = BackendSettings("http://backends", "http://backends/oauth/token", "id", "secret")
    tokens = Tokens(settings.token_url, "id", "secret", (1, 1), transport=Echo())
    crm, inventory, bss, billing = (
        Backend(name, settings, tokens, Echo()) for name in ("crm", "inventory", "bss", "billing")
    )
    customers, stock = HttpCustomers(crm), HttpStockReservations(inventory)
    orders, payments = HttpBssOrders(bss), HttpPaymentCharges(billing)
    order = an_order()
    amount = order.amount
    assert amount is not None

    def place() -> None:
        customers.customer(order.customer_id)
        reservation = stock.reserve(StockRequest("SKU123", 2, f"{order.id}:1"), "key")
        number = orders.create(order, {"1": reservation}, "key")
        payments.charge(ChargeRequest(order.id, number, amount), "key")

    return place


MADE: dict[str, dict[str, Any]] = {
    "reservations": {"reservationId": "RSV1", "status": "reserved"},
    "orders": {"orderId": "ORD1", "status": "created", "createdAt": "2026-07-01T10:00:00Z"},
    "charges": {"chargeId": "CHG1", "status": "success"},
    "token": {"access_token": "token", "expires_in": 3600},
}
CUSTOMER = {"id": "C12345", "name": "John Doe", "email": "john.doe@example.com", "status": "verified"}


class Echo(BaseAdapter):
    """Answers as the backends do, without a network: what was sent, and what they add to it."""

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        made = MADE.get(str(request.url).rpartition("/")[2])
        sent = orjson.loads(request.body) if isinstance(request.body, bytes) else {}
        response = Response()
        response.status_code = 200
        id_ = next(iter((made or CUSTOMER).values()))
        response.headers = CaseInsensitiveDict({"Location": f"/things/{id_}"})
        response.raw = io.BytesIO(orjson.dumps(CUSTOMER if made is None else sent | made))
        response.request, response.url = request, str(request.url)
        return response

    def close(self) -> None:
        pass
