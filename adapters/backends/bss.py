"""BSS, the owner of the orders' records."""

from typing import Any

from adapters.backends.answers import Answer, needed, one_of, only
from adapters.backends.http import Backend, Operation
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

    def create(self, order: Order, reservations: list[str], key: str) -> str:
        return str(self._bss.call(CREATE_ORDER, json=to_bss_order(order, reservations), key=key)["id"])

    def find_order(self, order_id: str) -> str | None:
        """The order's number in BSS, unless it was cancelled there."""
        found = self._bss.call(FIND_ORDERS, query={"externalId": order_id})
        return only(self._bss.name, FIND_ORDERS.name, found, "created")

    def cancel(self, bss_order_id: str, key: str) -> None:
        self._bss.call(CANCEL_ORDER, {"orderId": bss_order_id}, key=key)


def to_bss_order(order: Order, reservations: list[str]) -> dict[str, Any]:
    return {
        "customerId": order.customer_id,
        "externalId": order.id,
        "items": [
            {"sku": item.offering.sku, "quantity": item.quantity, "reservationId": reservation}
            for item, reservation in zip(order.items, reservations, strict=True)
        ],
    }
