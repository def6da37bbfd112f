"""Where every attribute of TMF622 v5 goes. A test holds these tables against the published schema.

Mapped: read into the command and written from the aggregate. Carried: kept verbatim and returned on every read, without
meaning inside. Server: written by us; refused when a client sends it. Refused: not accepted, for the reason given.
Attributes that no schema names (a partner's extensions) are carried.
"""

from collections.abc import Mapping
from types import MappingProxyType

from canonical.ordering.commands import ItemAction
from canonical.ordering.states import State

SERVER_SET = "it is set by the server"
NOT_NESTED = "nested items are not taken yet; send them side by side"

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

ITEM_MAPPED = frozenset({"id", "action", "quantity", "productOffering"})
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
        "product",
        "productOfferingQualificationItem",
        "productOrderItemRelationship",
        "qualification",
        "quoteItem",
    }
)
ITEM_REFUSED: Mapping[str, str] = MappingProxyType({"state": SERVER_SET, "productOrderItem": NOT_NESTED})

ORDER_ATTRIBUTES = ORDER_MAPPED | ORDER_CARRIED | ORDER_REFUSED.keys()

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

LONGEST_CUSTOMER_ID = 100
"""Characters; TM Forum sets no bound, CRM and the database do."""

CUSTOMER_ROLES = frozenset({"customer", "buyer"})
"""Roles, in any spelling of case, whose party is the customer of the order."""
