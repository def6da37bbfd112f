"""Inventory, the owner of the stock."""

from typing import Any

from adapters.backends.agreements import AGREEMENTS
from adapters.backends.answers import BackendAnswer, needed, one_of
from adapters.backends.effects import Kind
from adapters.backends.http import Backend
from adapters.backends.operation import BackendOperation
from canonical.processes.ports import StockRequest


class Reservation(BackendAnswer):
    id = needed("reservationId")
    status = one_of("reserved", "released")


RESERVE = BackendOperation("reserve", "POST", "/reservations", Reservation(), AGREEMENTS["reserve"])
FIND_RESERVATIONS = BackendOperation(
    "findReservations", "GET", "/reservations", Reservation(many=True), AGREEMENTS["findReservations"]
)
GET_RESERVATION = BackendOperation(
    "getReservation", "GET", "/reservations/{reservationId}", Reservation(), AGREEMENTS["getReservation"]
)
LOOK_AT_RESERVATION = BackendOperation(
    "getReservation", "GET", GET_RESERVATION.path, Reservation(), AGREEMENTS["getReservation, taken back"]
)
RELEASE = BackendOperation("release", "DELETE", "/reservations/{reservationId}", Reservation(), AGREEMENTS["release"])
RESERVATIONS = Kind(
    RESERVE, FIND_RESERVATIONS, GET_RESERVATION, LOOK_AT_RESERVATION, "reservationId", "reserved", "released"
)


class HttpStockReservations:
    """Reservations in Inventory."""

    def __init__(self, inventory: Backend) -> None:
        self._inventory = inventory

    def reserve(self, request: StockRequest, key: str) -> str:
        return RESERVATIONS.made(self._inventory, _body(request), key)

    def find_reservation(self, request: StockRequest) -> str | None:
        """The valid reservation, not a released one."""
        return RESERVATIONS.found(self._inventory, {"reference": request.reference}, _body(request))

    def release(self, reservation_id: str, request: StockRequest, key: str) -> None:
        self._inventory.call(RELEASE, {"reservationId": reservation_id}, key=key, known=_body(request))

    def is_released(self, reservation_id: str, request: StockRequest) -> bool:
        return RESERVATIONS.is_taken_back(self._inventory, reservation_id, _body(request))


def _body(request: StockRequest) -> dict[str, Any]:
    return {"sku": request.sku, "quantity": request.quantity, "reference": request.reference}
