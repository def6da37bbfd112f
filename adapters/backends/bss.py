"""BSS, the owner of the orders' records."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from types import MappingProxyType
from typing import Any

from adapters.backends.agreements import AGREEMENTS
from adapters.backends.answers import BackendAnswer, needed, one_of
from adapters.backends.effects import Kind
from adapters.backends.http import Backend
from adapters.backends.operation import BackendOperation
from adapters.backends.versions import number
from canonical.ordering.commands import ItemAction
from canonical.ordering.items import OrderedCharacteristic, OrderItem
from canonical.ordering.order import Order
from canonical.ordering.wishes import WishedTerm
from canonical.processes.errors import WishNotSupported
from canonical.shared import jsontext


class BssOrder(BackendAnswer):
    id = needed("orderId")
    status = one_of("created", "cancelled")


CREATE_ORDER = BackendOperation("createOrder", "POST", "/orders", BssOrder(), AGREEMENTS["createOrder"])
FIND_ORDERS = BackendOperation("findOrders", "GET", "/orders", BssOrder(many=True), AGREEMENTS["findOrders"])
GET_OUR_ORDER = BackendOperation("getOrder", "GET", "/orders/{orderId}", BssOrder(), AGREEMENTS["getOrder, ours"])
LOOK_AT_ORDER = BackendOperation("getOrder", "GET", "/orders/{orderId}", BssOrder(), AGREEMENTS["getOrder, taken back"])
CANCEL_ORDER = BackendOperation(
    "cancelOrder", "POST", "/orders/{orderId}/cancel", BssOrder(), AGREEMENTS["cancelOrder"]
)
ORDERS = Kind(CREATE_ORDER, FIND_ORDERS, GET_OUR_ORDER, LOOK_AT_ORDER, "orderId", "created", "cancelled")


WISHES_SINCE = (1, 2)
"""The version of the contract whose items have wishes."""


class HttpBssOrders:
    """Orders in BSS. Ours is known there by its id as `externalId`. `version` is the version of the contract that BSS
    says it has, None if it says none; it raises BackendUnavailable if BSS cannot be asked.
    """

    def __init__(self, bss: Backend, version: Callable[[], str | None] = lambda: None) -> None:
        self._bss = bss
        self._version = version

    def create(self, order: Order, reservations: Mapping[str, str], key: str) -> str:
        """Raises WishNotSupported, and sends nothing, if this BSS would not learn all that the order asks for."""
        if not self._takes_wishes:
            self._check_wishes(order)
        return ORDERS.made(self._bss, self._body(order, reservations), key)

    def find_order(self, order: Order, reservations: Mapping[str, str]) -> str | None:
        """The order's number in BSS, unless it was cancelled there."""
        return ORDERS.found(self._bss, {"externalId": order.id}, self._body(order, reservations))

    def _body(self, order: Order, reservations: Mapping[str, str]) -> dict[str, Any]:
        return to_bss_order(order, reservations, self._takes_wishes)

    @property
    def _takes_wishes(self) -> bool:
        version = self._version()
        return version is None or number(version) >= WISHES_SINCE

    def _check_wishes(self, order: Order) -> None:
        """Raises WishNotSupported for the first wish of the order."""
        for item in order.items:
            for wish in _wished(item):
                text = f"item {item.id} names {wish}, which this BSS cannot be told: it has an older contract"
                raise WishNotSupported(text, itemId=item.id, wish=wish)

    def cancel(self, bss_order_id: str, order: Order, key: str) -> None:
        self._bss.call(CANCEL_ORDER, {"orderId": bss_order_id}, key=key, known=_whose(order))

    def is_cancelled(self, bss_order_id: str, order: Order) -> bool:
        return ORDERS.is_taken_back(self._bss, bss_order_id, _whose(order))


def _whose(order: Order) -> dict[str, str]:
    return {"customerId": order.customer_id, "externalId": order.id}


ACTIONS: Mapping[ItemAction, str] = MappingProxyType(
    {
        ItemAction.ADD: "add",
        ItemAction.MODIFY: "modify",
        ItemAction.DISCONNECT: "disconnect",
        ItemAction.MOVE: "move",
        ItemAction.SUSPEND: "suspend",
        ItemAction.RESUME: "resume",
        ItemAction.NO_CHANGE: "keep",
    }
)


def to_bss_order(order: Order, reservations: Mapping[str, str], wishes: bool = True) -> dict[str, Any]:
    """Without `wishes`: as BSS gets it that has a version of its contract before 1.2."""
    return {
        "customerId": order.customer_id,
        "externalId": order.id,
        "items": [_item(item, reservations.get(item.id)) | (_wishes(item) if wishes else {}) for item in order.items],
    }


def _item(item: OrderItem, reservation: str | None) -> dict[str, Any]:
    said = {
        "action": ACTIONS[item.action],
        "sku": item.offering and item.offering.sku,
        "quantity": item.assets.quantity or item.quantity,
        "productId": None if item.added else item.product_id,
        "reservationId": reservation,
    }
    return _said(**said)


def _wishes(item: OrderItem) -> dict[str, Any]:
    said: dict[str, Any] = {
        "characteristics": [{"name": one.name, "value": _value(one)} for one in item.characteristics],
        "places": [_said(role=one.role, id=one.id, address=one.text) for one in item.wishes.places],
        "terms": [_term(one) for one in item.terms],
        "newCustomerId": item.wishes.customer_id,
        "assetIds": list(item.assets.ids),
    }
    return {name: value for name, value in said.items() if value}


def _wished(item: OrderItem) -> Iterator[str]:
    """The fields that it needs because somebody asked for that."""
    if item.chosen:
        yield "characteristics"
    if item.wishes.places:
        yield "places"
    if item.wishes.terms:
        yield "terms"
    if item.wishes.customer_id is not None:
        yield "newCustomerId"


def _value(one: OrderedCharacteristic) -> Any:
    return one.text if one.type == "TEXT" else jsontext.read_kept(one.text)


def _term(one: WishedTerm) -> dict[str, Any]:
    duration = _said(amount=one.amount, units=one.units)
    until = None if one.until is None else one.until.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return _said(name=one.name, duration=duration or None, until=until)


def _said(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
