"""SCM: shipments."""

from datetime import UTC, datetime, timedelta

from adapters.simulators.bss import get_order
from adapters.simulators.world import Row, World

DELIVERY_TIME = timedelta(days=4)
SHIPMENT = """
SELECT shipmentId, shipments.orderId, customerId, shipments.status, carrier, tracking, shippedAt, estimatedDelivery
FROM shipments JOIN orders ON orders.orderId = shipments.orderId"""


def get_shipments(world: World, order_id: str) -> list[Row]:
    get_order(world, order_id)
    return world.rows(f"{SHIPMENT} WHERE shipments.orderId = ? ORDER BY shipments.number", order_id)


def get_recent_shipments(world: World, customer_id: str) -> list[Row]:
    return world.rows(f"{SHIPMENT} WHERE customerId = ? ORDER BY shipments.number DESC LIMIT 10", customer_id)


def begin_shipment(world: World, order_id: str) -> None:
    """Prepare the order's goods; an order charged twice is shipped once."""
    if world.rows("SELECT 1 FROM shipments WHERE orderId = ?", order_id):
        return
    world.write(
        "INSERT INTO shipments (orderId, status, carrier, estimatedDelivery) VALUES (?, 'preparing', 'DHL', ?)",
        order_id, (datetime.now(UTC) + DELIVERY_TIME).date().isoformat(),
    )  # fmt: skip
