"""BSS's records of orders, read for others to see."""

from marshmallow import fields

from adapters.backends.agreements import AGREEMENTS
from adapters.backends.answers import BackendAnswer, needed, one_of
from adapters.backends.fields import count, moment, optional
from adapters.backends.http import Backend
from adapters.backends.operation import BackendOperation
from canonical.ordering.errors import OrderNotFound
from canonical.shared.errors import BackendRefused
from canonical.views.records import OrderRecord, RecordedItem, RecordStatus


class ItemAnswer(BackendAnswer):
    sku = optional("sku")
    quantity = count("quantity")
    reservation_id = optional("reservationId")


class OrderAnswer(BackendAnswer):
    number = needed("orderId")
    status = one_of(*RecordStatus)
    customer_id = needed("customerId")
    external_id = needed("externalId")
    items = fields.Nested(ItemAnswer(many=True), required=True)
    created_at = moment("createdAt")
    cancellation_reason = optional("reason")


GET_ORDER = BackendOperation("getOrder", "GET", "/orders/{orderId}", OrderAnswer(), AGREEMENTS["getOrder"])


class HttpOrderRecords:
    """Orders as BSS has them, whoever placed them."""

    def __init__(self, bss: Backend) -> None:
        self._bss = bss

    def record(self, number: str) -> OrderRecord:
        try:
            answer = self._bss.call(GET_ORDER, {"orderId": number})
        except BackendRefused as refused:
            if refused.details.get("status") == 404:
                raise OrderNotFound("Order not found", orderId=number) from refused
            raise
        items = tuple(RecordedItem(**item) for item in answer.pop("items"))
        return OrderRecord(**answer | {"status": RecordStatus(answer["status"]), "items": items})
