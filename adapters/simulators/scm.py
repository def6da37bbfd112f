"""SCM: shipments."""

from datetime import UTC, datetime, timedelta

from adapters.simulators.bss import get_order
from adapters.simulators.world import Row, World

DELIVERY_TIME = timedelta(days=4)
SHIPMENT = "SELECT shipmentId, orderId, status, carrier, tracking, shippedAt, estimatedDelivery FROM shipments"
OF_CUSTOMER = "WHERE orderId IN (SELECT orderId FROM orders WHERE customerId = ?)"


def get_shipments(world: World, order_id: str) -> list[Row]:
    get_order(world, order_id)
    return world.rows(f"{SHIPMENT} WHERE orderId = ? ORDER BY number", order_id)


def get_recent_shipments(world: World, customer_id: str) -> list[Row]:
    return world.rows(f"{SHIPMENT} {OF_CUSTOMER} ORDER BY number DESC LIMIT 10", customer_id)


def begin_shipment(world: World, order_id: str) -> None:
    """Prepare the order's goods; an order charged twice is shipped once."""
    if world.rows("SELECT 1 FROM shipments WHERE orderId = ?", order_id):
        return
    world.write(
        "INSERT INTO shipments (orderId, status, carrier, estimatedDelivery) VALUES (?, 'preparing', 'DHL', ?)",
        order_id, (datetime.now(UTC) + DELIVERY_TIME).date().isoformat(),
    )  # fmt: skip
