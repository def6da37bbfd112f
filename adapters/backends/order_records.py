"""BSS's records of orders and subscriptions, read for others to see."""

from marshmallow import fields

from adapters.backends.answers import Answer, needed, one_of
from adapters.backends.fields import count, moment, optional
from adapters.backends.http import Backend, Operation
from canonical.shared.errors import BackendRefused, OrderNotFound
from canonical.subscriptions.subscription import Subscription, SubscriptionStatus
from canonical.views.records import OrderRecord, RecordedItem, RecordStatus


class ItemAnswer(Answer):
    sku = optional("sku")
    quantity = count("quantity")
    reservation_id = optional("reservationId")


class OrderAnswer(Answer):
    number = needed("orderId")
    status = one_of(*RecordStatus)
    customer_id = needed("customerId")
    external_id = needed("externalId")
    items = fields.Nested(ItemAnswer(many=True), required=True)
    created_at = moment("createdAt")
    cancellation_reason = optional("reason")


class SubscriptionAnswer(Answer):
    id = needed("id")
    customer_id = needed("customerId")
    plan = needed("plan")
    status = one_of(*SubscriptionStatus)
    version = count("version")


GET_ORDER = Operation("getOrder", "GET", "/orders/{orderId}", OrderAnswer())
GET_SUBSCRIPTIONS = Operation("getSubscriptions", "GET", "/subscriptions/{customerId}", SubscriptionAnswer(many=True))


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


class HttpSubscriptions:
    """Subscriptions, read from BSS."""

    def __init__(self, bss: Backend) -> None:
        self._bss = bss

    def of_customer(self, customer_id: str) -> tuple[Subscription, ...]:
        answer = self._bss.call(GET_SUBSCRIPTIONS, {"customerId": customer_id})
        return tuple(Subscription(**one | {"status": SubscriptionStatus(one["status"])}) for one in answer)
