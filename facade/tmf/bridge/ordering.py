"""v4 ⇄ v5: TMF622 product ordering."""

from __future__ import annotations

from collections.abc import Mapping

from facade.tmf.bridge.shapes import Form, Shape, Special, Values, reference, same

FINAL = frozenset({"completed", "failed", "partial", "cancelled", "rejected"})
"""States in which an order has ended."""

ORDERING: Mapping[str, Shape] = {
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
        values={"state": Values(down={"draft": Special.HIDDEN, "inProgress.accepted": "inProgress"})},
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
        values={"state": Values(down={"partial": Special.BY_ORDER})},
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
    # events
    "Event": Shape(
        v5="Event",
        form=Form.EVENT,
        parts={"event": "EventPayload"},
        renamed={"timeOcurred": "timeOccurred"},
        v5_only=("source", "reportingSystem", "relatedParty", "analyticCharacteristic"),
    ),
    "EventPayload": Shape(parts={"productOrder": "ProductOrder", "cancelProductOrder": "CancelProductOrder"}),
}

HIDDEN_EVENTS = frozenset(
    {"ProductOrderMilestoneEvent", "ProductOrderJeopardyAlertEvent", "ProductOrderErrorMessageEvent"}
)
"""Events about attributes that v4 does not have."""
