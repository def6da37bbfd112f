"""Each operation of each backend, called through its port: what has to be there before, and the call itself."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from adapters.backends.registry import NEEDED, Backends
from canonical.ordering.commands import ItemAction
from canonical.ordering.items import ItemAssets
from canonical.ordering.order import Order
from canonical.ordering.wishes import ChosenCharacteristic, WishedPlace, WishedTerm, Wishes
from canonical.processes.ports import ChargeRequest, StockRequest
from canonical.subscriptions.ports import PlanMove
from tests.support.builders import a_change, a_line, an_order
from tests.support.simulators import contract

SOMEBODY_ELSES = {
    "orderId": "ORD98765", "externalId": "web-1", "reference": "web-1", "reservationId": "RSV001",
    "chargeId": "CHG1234", "customerId": "C12347", "subscriptionId": "SUB1121", "id": "SUB1121",
}  # fmt: skip
"""Ids that are somebody else's in the simulated backends, by the name of the field."""


@dataclass(frozen=True)
class Described:
    """An operation as its contract describes it. `fields`: the places of all values in its answer, such as
    `/items/*/sku`, with their schemas; `path` is a regular expression.
    """

    backend: str
    name: str
    method: str
    path: str
    many: bool
    fields: Mapping[str, Mapping[str, Any]]


def described() -> Iterator[Described]:
    """Every operation of every contract."""
    for backend in NEEDED:
        for path, methods in contract(backend)["paths"].items():
            address = f"/{backend}{re.sub(r'{[^}]+}', '[^/]+', path)}"
            for method, operation in methods.items():
                good = next(one for status, one in operation["responses"].items() if status.startswith("2"))
                schema = good["content"]["application/json"]["schema"]
                fields = dict(_leaves(schema, ""))
                many = schema["type"] == "array"
                yield Described(backend, operation["operationId"], method.upper(), address, many, fields)


def _leaves(schema: Mapping[str, Any], place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """A list inside an entry of a list is compared as a whole."""
    if schema["type"] == "array" and "/*/" in place.removeprefix("/*"):
        yield place, schema
    elif schema["type"] == "array":
        yield from _leaves(schema["items"], f"{place}/*")
    elif schema["type"] == "object":
        for name, inner in schema["properties"].items():
            yield from _leaves(inner, f"{place}/{name}")
    else:
        yield place, schema


def _an_order() -> Order:
    """Something is added, and something that the customer has is moved to another place and owner."""
    wishes = Wishes((WishedPlace("at", "LOC-17"),), (WishedTerm("Minimum", 24, "month"),), customer_id="C12346")
    colour = ChosenCharacteristic("colour", "TEXT", "black")
    moved = a_change(id="2", action=ItemAction.MOVE, product_id="PRD7", characteristics=(colour,), wishes=wishes)
    order = an_order(id=str(uuid4()), lines=(a_line(id="1", quantity=2), moved))
    order.assign({"1": ItemAssets(("A1", "A2")), "2": ItemAssets(("PRD7",))})
    return order


@dataclass
class Scene:
    """One order of ours: `quiet` are the backends as they are, `tried` those that are being tried."""

    quiet: Backends
    tried: Backends
    order: Order = field(default_factory=_an_order)

    def __post_init__(self) -> None:
        self.stock = StockRequest("SKU123", 2, reference=f"{self.order.id}:1")

    def key(self, step: str) -> str:
        return f"{self.order.id}:{step}"

    def reserved(self) -> str:
        return self.quiet.stock.reserve(self.stock, self.key("reserve-1"))

    def created(self) -> tuple[str, Mapping[str, str]]:
        reservations = {"1": self.reserved()}
        return self.quiet.bss.create(self.order, reservations, self.key("create-order")), reservations

    def charge(self) -> ChargeRequest:
        assert self.order.amount is not None
        return ChargeRequest(self.order.id, self.created()[0], self.order.amount)

    def charged(self) -> tuple[str, ChargeRequest]:
        request = self.charge()
        return self.quiet.payments.charge(request, self.key("charge")), request


Call = Callable[[], Any]


def _reserve(scene: Scene) -> Call:
    return lambda: scene.tried.stock.reserve(scene.stock, scene.key("reserve-1"))


def _find_reservation(scene: Scene) -> Call:
    scene.reserved()
    return lambda: scene.tried.stock.find_reservation(scene.stock)


def _release(scene: Scene) -> Call:
    reservation = scene.reserved()
    return lambda: scene.tried.stock.release(reservation, scene.stock, scene.key("undo-reserve-1"))


def _is_released(scene: Scene) -> Call:
    reservation = scene.reserved()
    scene.quiet.stock.release(reservation, scene.stock, scene.key("undo-reserve-1"))
    return lambda: scene.tried.stock.is_released(reservation, scene.stock)


def _create(scene: Scene) -> Call:
    reservations = {"1": scene.reserved()}
    return lambda: scene.tried.bss.create(scene.order, reservations, scene.key("create-order"))


def _find_order(scene: Scene) -> Call:
    _, reservations = scene.created()
    return lambda: scene.tried.bss.find_order(scene.order, reservations)


def _cancel(scene: Scene) -> Call:
    number, _ = scene.created()
    return lambda: scene.tried.bss.cancel(number, scene.order, scene.key("undo-create-order"))


def _is_cancelled(scene: Scene) -> Call:
    number, _ = scene.created()
    scene.quiet.bss.cancel(number, scene.order, scene.key("undo-create-order"))
    return lambda: scene.tried.bss.is_cancelled(number, scene.order)


def _charge(scene: Scene) -> Call:
    request = scene.charge()
    return lambda: scene.tried.payments.charge(request, scene.key("charge"))


def _find_charge(scene: Scene) -> Call:
    _, request = scene.charged()
    return lambda: scene.tried.payments.find_charge(request)


def _refund(scene: Scene) -> Call:
    charge, request = scene.charged()
    return lambda: scene.tried.payments.refund(charge, request, scene.key("undo-charge"))


def _is_refunded(scene: Scene) -> Call:
    charge, request = scene.charged()
    scene.quiet.payments.refund(charge, request, scene.key("undo-charge"))
    return lambda: scene.tried.payments.is_refunded(charge, request)


def _change_plan(scene: Scene) -> Call:
    now = scene.quiet.subscriptions.subscription("SUB1120")
    other = "Standard" if now.plan == "Basic" else "Basic"
    move = PlanMove(now.id, now.customer_id, now.plan, other, now.version)
    return lambda: scene.tried.subscriptions.change_plan(move, scene.key("change-plan"))


def _bill(scene: Scene) -> Call:
    changed = _change_plan(Scene(scene.quiet, scene.quiet))()
    return lambda: scene.tried.plan_billing.bill(changed, scene.key("bill-plan"))


def _is_billed(scene: Scene) -> Call:
    changed = _change_plan(Scene(scene.quiet, scene.quiet))()
    scene.quiet.plan_billing.bill(changed, scene.key("bill-plan"))
    return lambda: scene.tried.plan_billing.is_billed(changed)


def _record(scene: Scene) -> Call:
    number, _ = scene.created()
    return lambda: scene.tried.order_records.record(number)


def _invoice(scene: Scene) -> Call:
    _, request = scene.charged()
    return lambda: scene.tried.invoices.invoice(request.bss_order_id)


def _shipments(scene: Scene) -> Call:
    _, request = scene.charged()
    return lambda: scene.tried.shipments.of_order(request.bss_order_id)


SCENES: Mapping[str, Callable[[Scene], Call]] = {
    "getCustomer": lambda scene: lambda: scene.tried.profiles.profile("C12345"),
    "reserve": _reserve,
    "findReservations": _find_reservation,
    "getReservation": _find_reservation,
    "getReservation, taken back": _is_released,
    "release": _release,
    "createOrder": _create,
    "findOrders": _find_order,
    "getOrder, ours": _find_order,
    "getOrder, taken back": _is_cancelled,
    "getOrder": _record,
    "cancelOrder": _cancel,
    "getPlans": lambda scene: scene.tried.subscriptions.plans,
    "getSubscriptions": lambda scene: lambda: scene.tried.subscriptions.of_customer("C12345"),
    "findSubscription": lambda scene: lambda: scene.tried.subscriptions.subscription("SUB1122"),
    "changePlan": _change_plan,
    "charge": _charge,
    "findCharges": _find_charge,
    "getCharge": _find_charge,
    "getCharge, taken back": _is_refunded,
    "refund": _refund,
    "setPlan": _bill,
    "getBilledPlan": _is_billed,
    "getInvoice": _invoice,
    "getBillingAccount": lambda scene: lambda: scene.tried.accounts.account("BA-12345"),
    "getOutstanding": lambda scene: lambda: scene.tried.balances.outstanding("C12345"),
    "getShipments": _shipments,
    "getRecentShipments": lambda scene: lambda: scene.tried.shipments.recent("C12345"),
}
"""By the row of the agreements. What has to be there before is made when the call is asked for."""
