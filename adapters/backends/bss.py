"""BSS, the owner of the orders' records."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from adapters.backends.answers import Answer, needed, one_of, only
from adapters.backends.http import Backend, Operation
from canonical.ordering.commands import ItemAction
from canonical.ordering.items import OrderItem
from canonical.ordering.order import Order


class BssOrder(Answer):
    id = needed("orderId")
    status = one_of("created", "cancelled")


class CreatedOrder(BssOrder):
    status = one_of("created")


class CancelledOrder(Answer):
    status = one_of("cancelled")


CREATE_ORDER = Operation("createOrder", "POST", "/orders", CreatedOrder())
FIND_ORDERS = Operation("findOrders", "GET", "/orders", BssOrder(many=True))
CANCEL_ORDER = Operation("cancelOrder", "POST", "/orders/{orderId}/cancel", CancelledOrder())


class HttpBssOrders:
    """Orders in BSS. Ours is known there by its id as `externalId`."""

    def __init__(self, bss: Backend) -> None:
        self._bss = bss

    def create(self, order: Order, reservations: Mapping[str, str], key: str) -> str:
        return str(self._bss.call(CREATE_ORDER, json=to_bss_order(order, reservations), key=key)["id"])

    def find_order(self, order_id: str) -> str | None:
        """The order's number in BSS, unless it was cancelled there."""
        found = self._bss.call(FIND_ORDERS, query={"externalId": order_id})
        return only(self._bss.name, FIND_ORDERS.name, found, "created")

    def cancel(self, bss_order_id: str, key: str) -> None:
        self._bss.call(CANCEL_ORDER, {"orderId": bss_order_id}, key=key)


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
