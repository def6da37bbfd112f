"""SCM, which ships what was ordered."""

from typing import Any

from adapters.backends.agreements import AGREEMENTS
from adapters.backends.answers import BackendAnswer, needed, one_of
from adapters.backends.fields import day, optional, optional_moment
from adapters.backends.http import Backend
from adapters.backends.operation import BackendOperation
from canonical.shared.errors import BackendRefused
from canonical.views.records import Shipment, ShipmentStatus

MOST_RECENT = 10


class ShipmentAnswer(BackendAnswer):
    id = needed("shipmentId")
    order_number = needed("orderId")
    status = one_of(*ShipmentStatus)
    carrier = optional("carrier")
    tracking = optional("tracking")
    shipped_at = optional_moment("shippedAt")
    estimated_delivery = day("estimatedDelivery")


GET_SHIPMENTS = BackendOperation(
    "getShipments", "GET", "/shipments/{orderId}", ShipmentAnswer(many=True), AGREEMENTS["getShipments"]
)
GET_RECENT_SHIPMENTS = BackendOperation(
    "getRecentShipments",
    "GET",
    "/shipments/recent/{customerId}",
    ShipmentAnswer(many=True),
    AGREEMENTS["getRecentShipments"],
)


class HttpShipments:
    """Shipments, read from SCM."""

    def __init__(self, scm: Backend) -> None:
        self._scm = scm

    def of_order(self, order_number: str) -> tuple[Shipment, ...]:
        try:
            return _shipments(self._scm.call(GET_SHIPMENTS, {"orderId": order_number}))
        except BackendRefused as refused:
            if refused.details.get("status") == 404:
                return ()
            raise

    def recent(self, customer_id: str) -> tuple[Shipment, ...]:
        return _shipments(self._scm.call(GET_RECENT_SHIPMENTS, {"customerId": customer_id}))[:MOST_RECENT]


def _shipments(answer: list[dict[str, Any]]) -> tuple[Shipment, ...]:
    return tuple(Shipment(**one | {"status": ShipmentStatus(one["status"])}) for one in answer)
