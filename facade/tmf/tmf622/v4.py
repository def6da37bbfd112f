"""How TMF622's classes differ between v4 and v5: the table of its bridge."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from facade.contract.pointers import Token, pointer
from facade.contract.violations import Code, Violation
from facade.tmf.bridge import Bridge
from facade.tmf.bridge.classes import ByState, ClassMapping, Explanation, Nesting, Values, always, reference, same
from facade.tmf.bridge.converters import Resource
from facade.tmf.bridge.explaining import Explained
from facade.tmf.bridge.nested import NestedReference
from facade.tmf.bridge.tables import PRICE_PARTS, REFERENCE, UNSPECIFIED, price_type
from facade.tmf.products import product_classes
from facade.tmf.tmf622 import cancel_product_order, product_order

REFUSED: Mapping[str, str] = MappingProxyType({**product_order.REFUSED, **cancel_product_order.REFUSED})
"""Attributes that are not accepted, and why."""

ENDED = frozenset({"completed", "failed", "partial", "cancelled", "rejected"})
"""States in which an order has ended."""

HIDDEN_EVENTS = frozenset(
    {"ProductOrderMilestoneEvent", "ProductOrderJeopardyAlertEvent", "ProductOrderErrorMessageEvent"}
)
"""Events about attributes that v4 does not have."""

WISHED = frozenset({"place", "productCharacteristic", "productTerm", "relatedParty"})
"""What an order asks for its products."""

CLASSES: Mapping[str, ClassMapping] = {
    "ProductOrder": same(
        "ProductOrder",
        converter=Explained,
        explained_by=Explanation("productOrderErrorMessage", time="timestamp"),
        parts={
            "agreement": "AgreementRef",
            "billingAccount": "BillingAccountRef",
            "channel": "RelatedChannel",
            "externalId": "ExternalIdentifier",
            "note": "Note",
            "orderRelationship": "OrderRelationship",
            "orderTotalPrice": "OrderPrice",
            "payment": "PaymentRef",
            "productOfferingQualification": "ProductOfferingQualificationRef",
            "productOrderItem": "ProductOrderItem",
            "quote": "QuoteRef",
            "relatedParty": "RelatedParty",
        },
        renamed={"orderDate": "creationDate"},
        v5_only=(
            "orderRelationship",
            "productOrderErrorMessage",
            "productOrderJeopardyAlert",
            "productOrderMilestone",
            "requestedInitialState",
        ),
        values={"state": Values(down={"draft": None, "inProgress.accepted": "inProgress"})},
    ),
    "ProductOrderItem": same(
        "ProductOrderItem",
        parts={
            "appointment": "AppointmentRef",
            "billingAccount": "BillingAccountRef",
            "itemPrice": "OrderPrice",
            "itemTerm": "OrderTerm",
            "itemTotalPrice": "OrderPrice",
            "note": "Note",
            "payment": "PaymentRef",
            "product": "Product",
            "productOffering": "ProductOfferingRef",
            "productOfferingQualificationItem": "ProductOfferingQualificationItemRef",
            "productOrderItem": "ProductOrderItem",
            "productOrderItemRelationship": "OrderItemRelationship",
            "qualification": "ProductOfferingQualificationRef",
            "quoteItem": "QuoteItemRef",
        },
        v5_only=("note",),
        values={"state": Values(down={"partial": ByState(ended="failed", before="inProgress")})},
    ),
    "OrderItemRelationship": same("OrderItemRelationship"),
    "OrderRelationship": reference("OrderRelationship"),
    "CancelProductOrder": same(
        "CancelProductOrder",
        converter=Resource,
        parts={"productOrder": "ProductOrderRef"},
        v5_only=("creationDate",),
        values={"state": Values(down={"rejected": "done", "cancelled": "terminatedWithError"})},
    ),
    "ProductOrderRef": reference("ProductOrderRef"),
    "RelatedChannel": same(
        "RelatedChannel",
        converter=NestedReference,
        nesting=Nesting("channel", REFERENCE, always("ChannelRef")),
        v5_demands={"role": always(UNSPECIFIED)},
    ),
    "AppointmentRef": reference("AppointmentRef", v5_only=("name",)),
    "PaymentRef": reference("PaymentRef"),
    "QuoteRef": reference("QuoteRef"),
    # references to an item of something
    "ProductOfferingQualificationItemRef": reference(
        "ProductOfferingQualificationItemRef", renamed={"id": "itemId"}, v4_only=("href", "name")
    ),
    "QuoteItemRef": reference("QuoteItemRef", renamed={"id": "quoteItemId"}, v4_only=("href", "name", "quoteName")),
    # prices and terms
    "OrderPrice": same(
        "OrderPrice",
        parts={**PRICE_PARTS, "billingAccount": "BillingAccountRef", "priceAlteration": "PriceAlteration"},
        v5_demands={"priceType": price_type},
    ),
    "OrderTerm": same("OrderTerm", parts={"duration": "Duration"}),
    **product_classes("Product"),
    "EventPayload": ClassMapping(
        parts={"productOrder": "ProductOrder", "cancelProductOrder": "CancelProductOrder"},
        misspelt={"canccelProductOrder": "cancelProductOrder"},
    ),
}


def needed(order: Any, place: tuple[Token, ...]) -> Violation | None:
    """Why a value cannot be set aside: because our rules for orders and cancellations read it."""
    names = [token for token in place if isinstance(token, str)]
    if names[0] in REFUSED:
        text = f"{names[0]} is not accepted here: {REFUSED[names[0]]}"
        return Violation(pointer(place), Code.UNEXPECTED_PROPERTY, text)
    if names == ["requestedInitialState"]:
        text = "requestedInitialState says whether the order is carried out"
        return Violation(pointer(place), Code.INVALID_VALUE, text, ("acknowledged",))
    if names[-2:] == ["productOrderItem", "productOrderItemRelationship"]:
        text = "a relationship between items names the other item (id) and says how they relate (relationshipType)"
        return Violation(pointer(place), Code.MISSING_PROPERTY, text)
    if names[-2:] == ["productOrderItem", "product"] and WISHED & _item_at(order, place)["product"].keys():
        text = "an item says what its product is to be like: without an id the product is no reference (@type)"
        return Violation(pointer(place), Code.MISSING_PROPERTY, text)
    if names[-3:] == ["productOrderItem", "product", "place"] and _item_at(order, place).get("action") == "modify":
        text = "an item that moves a product says where to: the place has an id or an address"
        return Violation(pointer(place), Code.MISSING_PROPERTY, text)
    return None


def _item_at(order: Any, place: tuple[Token, ...]) -> Any:
    for token in place[: place.index("product")]:
        order = order[token]
    return order


BRIDGE = Bridge(CLASSES, hidden_events=HIDDEN_EVENTS, ended=ENDED, needs=needed)
