"""Where every attribute of TMF622 v5 goes. A test holds these tables against the published schema.

Mapped: read into the command and written from the aggregate. Carried: kept verbatim and returned on every read, without
meaning inside. Server: written by us; refused when a client sends it. Refused: not accepted, for the reason given.
Attributes that no schema names (a partner's extensions) are carried.
"""

from collections.abc import Mapping
from types import MappingProxyType

from canonical.ordering.commands import ItemAction
from canonical.ordering.states import State, Trigger

SERVER_SET = "it is set by the server"

ORDER_MAPPED = frozenset(
    {
        "productOrderItem",
        "relatedParty",
        "externalId",
        "requestedStartDate",
        "requestedCompletionDate",
        "requestedInitialState",
    }
)
ORDER_CARRIED = frozenset(
    {
        "@type",
        "@baseType",
        "@schemaLocation",
        "agreement",
        "billingAccount",
        "category",
        "channel",
        "description",
        "note",
        "notificationContact",
        "orderRelationship",
        "orderTotalPrice",
        "payment",
        "priority",
        "productOfferingQualification",
        "quote",
    }
)
ORDER_REFUSED: Mapping[str, str] = MappingProxyType(
    {
        "id": "ids are given by the server; send your own as externalId",
        "href": SERVER_SET,
        "state": SERVER_SET,
        "creationDate": SERVER_SET,
        "completionDate": SERVER_SET,
        "expectedCompletionDate": SERVER_SET,
        "cancellationDate": SERVER_SET,
        "cancellationReason": "an order is cancelled by cancelProductOrder",
        "productOrderErrorMessage": SERVER_SET,
        "productOrderJeopardyAlert": SERVER_SET,
        "productOrderMilestone": SERVER_SET,
    }
)

ITEM_MAPPED = frozenset(
    {"id", "action", "quantity", "product", "productOffering", "productOrderItem", "productOrderItemRelationship"}
)
ITEM_CARRIED = frozenset(
    {
        "@type",
        "@baseType",
        "@schemaLocation",
        "appointment",
        "billingAccount",
        "itemPrice",
        "itemTerm",
        "itemTotalPrice",
        "note",
        "payment",
        "productOfferingQualificationItem",
        "qualification",
        "quoteItem",
    }
)
ITEM_REFUSED: Mapping[str, str] = MappingProxyType({"state": SERVER_SET})

ORDER_ATTRIBUTES = ORDER_MAPPED | ORDER_CARRIED | ORDER_REFUSED.keys()

CHANGED_BY: Mapping[str, Trigger] = MappingProxyType(
    dict.fromkeys(
        (
            *("productOrderItem", "relatedParty", "requestedStartDate", "requestedCompletionDate"),
            *("agreement", "billingAccount", "channel", "orderTotalPrice", "payment"),
            *("productOfferingQualification", "quote"),
        ),
        Trigger.AMEND,
    )
    | dict.fromkeys(
        ("category", "description", "externalId", "note", "notificationContact", "orderRelationship", "priority"),
        Trigger.ANNOTATE,
    )
)
"""What changing an attribute asks for. An attribute that no schema names is a remark of the partner's (ANNOTATE)."""

NEVER_CHANGED: Mapping[str, str] = MappingProxyType(
    {name: reason for name, reason in ORDER_REFUSED.items() if name not in ("id", "state")}
    | dict.fromkeys(("id", "@type", "@baseType", "@schemaLocation"), "it is what it was when the order was made")
    | {"requestedInitialState": "it counts when the order is made"}
)

ACTIONS: Mapping[str, ItemAction] = MappingProxyType(
    {
        "add": ItemAction.ADD,
        "modify": ItemAction.MODIFY,
        "delete": ItemAction.DISCONNECT,
        "noChange": ItemAction.NO_CHANGE,
    }
)
ACTION_NAMES: Mapping[ItemAction, str] = MappingProxyType(
    {
        ItemAction.ADD: "add",
        ItemAction.MODIFY: "modify",
        ItemAction.DISCONNECT: "delete",
        ItemAction.MOVE: "modify",
        ItemAction.SUSPEND: "modify",
        ItemAction.RESUME: "modify",
        ItemAction.NO_CHANGE: "noChange",
    }
)

STATUS_CHANGES: Mapping[str, ItemAction] = MappingProxyType(
    {"suspended": ItemAction.SUSPEND, "active": ItemAction.RESUME}
)
"""What `modify` with a product in this status asks for."""

STATES: Mapping[State, str] = MappingProxyType(
    {
        State.DRAFT: "draft",
        State.ACKNOWLEDGED: "acknowledged",
        State.REJECTED: "rejected",
        State.VALIDATED: "inProgress",
        State.DECOMPOSED: "inProgress",
        State.FULFILLING: "inProgress",
        State.PENDING: "pending",
        State.HELD: "held",
        State.PARTIALLY_COMPLETED: "partial",
        State.COMPLETED: "completed",
        State.FAILED: "failed",
        State.FALLOUT: "failed",
        State.ASSESSING_CANCELLATION: "assessingCancellation",
        State.CANCELLING: "pendingCancellation",
        State.CANCELLED: "cancelled",
        State.CLOSED: "completed",
    }
)
ITEM_STATES: Mapping[State, str] = MappingProxyType({**STATES, State.DRAFT: "acknowledged"})
"""The published states of items have no draft."""
