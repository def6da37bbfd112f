"""Inventory, the owner of the stock."""

from adapters.backends.answers import Answer, needed, one_of, only
from adapters.backends.http import Backend, Operation
from canonical.processes.ports import StockRequest


class Reservation(Answer):
    id = needed("reservationId")
    status = one_of("reserved", "released")


class Reserved(Reservation):
    status = one_of("reserved")


class Released(Answer):
    status = one_of("released")


RESERVE = Operation("reserve", "POST", "/reservations", Reserved())
FIND_RESERVATIONS = Operation("findReservations", "GET", "/reservations", Reservation(many=True))
RELEASE = Operation("release", "DELETE", "/reservations/{reservationId}", Released())


class HttpStockReservations:
    """Reservations in Inventory."""

    def __init__(self, inventory: Backend) -> None:
        self._inventory = inventory

    def reserve(self, request: StockRequest, key: str) -> str:
        body = {"sku": request.sku, "quantity": request.quantity, "reference": request.reference}
        return str(self._inventory.call(RESERVE, json=body, key=key)["id"])

    def find_reservation(self, reference: str) -> str | None:
        """The reservation that holds stock for `reference`; one that was released does not."""
        found = self._inventory.call(FIND_RESERVATIONS, query={"reference": reference})
        return only(self._inventory.name, FIND_RESERVATIONS.name, found, "reserved")

    def release(self, reservation_id: str, key: str) -> None:
        self._inventory.call(RELEASE, {"reservationId": reservation_id}, key=key)
