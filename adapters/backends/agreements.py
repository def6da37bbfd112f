"""The agreements of all operations in `specs/backends`: every field of every answer, in one table.

`about`, `same`: must equal the value that the call has under that name (`about`: a list entry with another value is
foreign). `Is`: must have this value. `GIVEN`: an id that the backend chooses. `free`: the call does not name it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from adapters.backends.agreement import Agreement, Field, Free, Given, Is, Same, at_least, equal_amount
from adapters.backends.errors import Arguments


def about(name: str, *, lacking: bool = False) -> Same:
    return Same(name, about=True, lacking=lacking)


def same(name: str) -> Same:
    return Same(name)


def _of_the_version_asked(told: Mapping[str, Any], asked: Arguments) -> bool:
    return bool(told.get("version") == asked["version"])


GIVEN = Given()
THEIRS = Free("the owner's to say")
FOUND = Free("read again under it before it is used")
OVER = Free("says whether it still stands")
UNUSED = Free("not used")
NOT_DELIVERED = Free("nothing of a cancelled order is delivered")
SHOWN = Free("shown beside ours, with what differs")


def _all(kind: Field, *names: str) -> dict[str, Field]:
    return dict.fromkeys(names, kind)


# fmt: off
_RESERVED: Mapping[str, Field] = {"sku": same("sku"), "quantity": same("quantity"), "reference": about("reference")}
_ITEM: Mapping[str, Field] = {
    "action": Same("action", default="add"), "productId": same("productId"), "sku": same("sku"),
    "quantity": same("quantity"), "reservationId": same("reservationId"), "characteristics": same("characteristics"),
    "places": same("places"), "terms": same("terms"), "newCustomerId": same("newCustomerId"),
    "assetIds": same("assetIds"),
}
_ORDERED: Mapping[str, Field] = {
    "customerId": same("customerId"), "externalId": about("externalId"), "createdAt": UNUSED, "reason": UNUSED,
}
_SUBSCRIBED = _all(THEIRS, "plan", "status", "version")
_CHARGED: Mapping[str, Field] = {
    "orderId": about("orderId"), "externalId": about("externalId"),
    "amount": Same("amount", agrees=equal_amount), "currency": same("currency"),
}
_SHIPPED = _all(THEIRS, "shipmentId", "status", "carrier", "tracking", "shippedAt", "estimatedDelivery")

AGREEMENTS: Mapping[str, Agreement] = MappingProxyType({
    # every backend
    "getContract": Agreement({"version": Free("compared with ours by ContractVersion")}),
    # CRM
    "getCustomer": Agreement({"id": about("customerId"), **_all(THEIRS, "name", "email", "status")}),
    # Inventory
    "reserve": Agreement({"reservationId": GIVEN, "status": Is("reserved"), **_RESERVED}),
    "findReservations": Agreement({"reservationId": FOUND, "status": OVER, **_RESERVED}, search=True),
    "getReservation": Agreement({"reservationId": about("reservationId"), "status": Is("reserved"), **_RESERVED}),
    "getReservation, taken back": Agreement({"reservationId": about("reservationId"), "status": OVER, **_RESERVED}),
    "release": Agreement({"reservationId": about("reservationId"), "status": Is("released"), **_RESERVED}),
    # BSS, orders
    "createOrder": Agreement({"orderId": GIVEN, "status": Is("created"), "items": _ITEM, **_ORDERED}),
    "findOrders": Agreement({"orderId": FOUND, "status": OVER, "items": _ITEM, **_ORDERED}, search=True),
    "getOrder, ours": Agreement({"orderId": about("orderId"), "status": Is("created"), "items": _ITEM, **_ORDERED}),
    "getOrder, taken back": Agreement({
        "orderId": about("orderId"), "status": OVER, "items": _all(NOT_DELIVERED, *_ITEM), **_ORDERED,
    }),
    "getOrder": Agreement({
        "orderId": about("orderId"), "status": SHOWN, "items": _all(SHOWN, *_ITEM), **_all(SHOWN, *_ORDERED),
    }),
    "cancelOrder": Agreement({
        "orderId": about("orderId"), "status": Is("cancelled"), "items": _all(NOT_DELIVERED, *_ITEM), **_ORDERED,
    }),
    # BSS, subscriptions
    "getPlans": Agreement(_all(THEIRS, "name", "rank"), many=True),
    "getSubscriptions": Agreement({"id": THEIRS, "customerId": about("customerId"), **_SUBSCRIBED}, many=True),
    "findSubscription": Agreement({"id": about("id"), "customerId": THEIRS, **_SUBSCRIBED}, many=True),
    "changePlan": Agreement({
        "id": about("subscriptionId"), "customerId": same("customerId"), "plan": same("plan"),
        "status": Is("active"), "version": same("newVersion"),
    }),
    # Billing
    "charge": Agreement({"chargeId": GIVEN, "status": Is("success"), **_CHARGED}),
    "findCharges": Agreement({"chargeId": FOUND, "status": OVER, **_CHARGED}, search=True),
    "getCharge": Agreement({"chargeId": about("chargeId"), "status": Is("success"), **_CHARGED}),
    "getCharge, taken back": Agreement({"chargeId": about("chargeId"), "status": OVER, **_CHARGED}),
    "refund": Agreement({"chargeId": about("chargeId"), "status": Is("refunded"), **_CHARGED}),
    "setPlan": Agreement({
        "subscriptionId": about("subscriptionId"), "customerId": same("customerId"),
        "plan": Same("plan", when=_of_the_version_asked), "version": Same("version", agrees=at_least),
    }),
    "getBilledPlan": Agreement({
        "subscriptionId": about("subscriptionId"), "customerId": same("customerId"),
        "plan": Same("plan", when=_of_the_version_asked), "version": Free("says whether the plan is billed yet"),
    }),
    "getInvoice": Agreement({
        "orderId": about("orderId"), **_all(THEIRS, "invoiceId", "total", "currency", "dueDate", "status"),
        "lines": _all(THEIRS, "sku", "quantity"),
    }),
    "getOutstanding": Agreement({
        "customerId": about("customerId"),
        "balances": _all(THEIRS, "currency", "amount", "oldestDueDate", "openInvoices"),
    }),
    "getBillingAccount": Agreement({"accountId": about("accountId"), **_all(THEIRS, "customerId", "name")}),
    # SCM
    "getShipments": Agreement({"orderId": about("orderId"), "customerId": UNUSED, **_SHIPPED}, many=True),
    "getRecentShipments": Agreement(
        {"customerId": about("customerId", lacking=True), "orderId": THEIRS, **_SHIPPED}, many=True
    ),
})
# fmt: on
"""By operation. "getOrder, ours" reads an order that we placed, to confirm its number. "Taken back" reads whether a
compensation happened.
"""
