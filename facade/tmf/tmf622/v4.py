"""How TMF622's classes differ between v4 and v5: the table of its bridge."""

from collections.abc import Mapping

from facade.tmf.bridge import Bridge
from facade.tmf.bridge.classes import ByState, ClassMapping, Nesting, Values, always, reference, same
from facade.tmf.bridge.nested import NestedReference
from facade.tmf.bridge.special import ReferenceOrValue, Relationship
from facade.tmf.bridge.tables import PRICE_PARTS, REFERENCE, UNSPECIFIED, price_type

ENDED = frozenset({"completed", "failed", "partial", "cancelled", "rejected"})
"""States in which an order has ended."""

HIDDEN_EVENTS = frozenset(
    {"ProductOrderMilestoneEvent", "ProductOrderJeopardyAlertEvent", "ProductOrderErrorMessageEvent"}
)
"""Events about attributes that v4 does not have."""

CLASSES: Mapping[str, ClassMapping] = {
    "ProductOrder": same(
        "ProductOrder",
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
    "AgreementItemRef": reference(
        "AgreementItemRef", renamed={"id": "agreementId", "href": "agreementHref", "name": "agreementName"}
    ),
    "ProductOfferingQualificationItemRef": reference("ProductOfferingQualificationItemRef", renamed={"id": "itemId"}),
    "QuoteItemRef": reference("QuoteItemRef", renamed={"id": "quoteItemId"}),
    "RelatedOrderItem": ClassMapping(
        v4="RelatedProductOrderItem",
        v5="RelatedOrderItem",
        renamed={"productOrderId": "orderId", "productOrderHref": "orderHref"},
        values={"orderItemAction": Values(up={"change": "modify"})},
        v5_demands={"role": always(UNSPECIFIED)},
    ),
    # prices and terms
    "OrderPrice": same(
        "OrderPrice",
        parts={**PRICE_PARTS, "billingAccount": "BillingAccountRef", "priceAlteration": "PriceAlteration"},
        v5_demands={"priceType": price_type},
    ),
    "ProductPrice": same(
        "ProductPrice",
        parts={**PRICE_PARTS, "productPriceAlteration": "PriceAlteration"},
        renamed={"productPriceAlteration": "priceAlteration"},
        v4_demands={"priceType": price_type, "price": always({})},
    ),
    "OrderTerm": same("OrderTerm", parts={"duration": "Duration"}),
    "ProductTerm": same("ProductTerm", parts={"duration": "Duration"}),
    # the product of an item
    "ProductRelationship": same("ProductRelationship", parts={"product": "Product"}, converter=Relationship),
    "Product": same(
        "Product",
        converter=ReferenceOrValue,
        parts={
            "agreement": "AgreementItemRef",
            "billingAccount": "BillingAccountRef",
            "place": "RelatedPlace",
            "product": "Product",
            "productCharacteristic": "Characteristic",
            "productOffering": "ProductOfferingRef",
            "productOrderItem": "RelatedOrderItem",
            "productPrice": "ProductPrice",
            "productRelationship": "ProductRelationship",
            "productSpecification": "ProductSpecificationRef",
            "productTerm": "ProductTerm",
            "realizingResource": "ResourceRef",
            "realizingService": "ServiceRef",
            "relatedParty": "RelatedPartyOrRole",
        },
        renamed={"agreement": "agreementItem"},
        v5_only=("creationDate", "intent"),
    ),
    "EventPayload": ClassMapping(
        parts={"productOrder": "ProductOrder", "cancelProductOrder": "CancelProductOrder"},
        misspelt={"canccelProductOrder": "cancelProductOrder"},
    ),
}

BRIDGE = Bridge(CLASSES, hidden_events=HIDDEN_EVENTS, ended=ENDED)
