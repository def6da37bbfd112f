"""BSS, the owner of the orders' records."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from adapters.backends.agreements import AGREEMENTS
from adapters.backends.answers import BackendAnswer, needed, one_of
from adapters.backends.effects import Kind
from adapters.backends.http import Backend
from adapters.backends.operation import BackendOperation
from canonical.ordering.commands import ItemAction
from canonical.ordering.items import OrderItem
from canonical.ordering.order import Order


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


class HttpBssOrders:
    """Orders in BSS. Ours is known there by its id as `externalId`."""

    def __init__(self, bss: Backend) -> None:
        self._bss = bss

    def create(self, order: Order, reservations: Mapping[str, str], key: str) -> str:
        return ORDERS.made(self._bss, to_bss_order(order, reservations), key)

    def find_order(self, order: Order, reservations: Mapping[str, str]) -> str | None:
        """The order's number in BSS, unless it was cancelled there."""
        return ORDERS.found(self._bss, {"externalId": order.id}, to_bss_order(order, reservations))

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


def to_bss_order(order: Order, reservations: Mapping[str, str]) -> dict[str, Any]:
    return {
        "customerId": order.customer_id,
        "externalId": order.id,
        "items": [_item(item, reservations.get(item.id)) for item in order.items],
    }


def _item(item: OrderItem, reservation: str | None) -> dict[str, Any]:
    said = {
        "action": ACTIONS[item.action],
        "sku": item.offering and item.offering.sku,
        "quantity": item.quantity,
        "productId": item.product_id,
        "reservationId": reservation,
    }
    return {name: value for name, value in said.items() if value is not None}
