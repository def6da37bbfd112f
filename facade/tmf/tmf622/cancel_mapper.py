"""Between TMF622 v5 cancelProductOrder tasks and the core. Pure: no I/O, no clock."""

from collections.abc import Mapping
from types import MappingProxyType

from canonical.ordering.cancellation import Cancellation, CancellationState
from canonical.ordering.commands import CancelOrder
from facade.clock import time_text
from facade.contract.violations import ContractViolation
from facade.tmf.tmf622.account import SERVER_SET
from facade.tmf.tmf622.reading import LONGEST_REASON, Payload, instant, overlong, refused

CANCEL_MAPPED = frozenset({"productOrder", "cancellationReason", "requestedCancellationDate"})
CANCEL_CARRIED = frozenset({"@type", "@baseType", "@schemaLocation"})
CANCEL_REFUSED: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(("id", "href", "state", "creationDate", "effectiveCancellationDate"), SERVER_SET)
)

TASK_STATES: Mapping[CancellationState, str] = MappingProxyType(
    {
        CancellationState.ASSESSING: "acknowledged",
        CancellationState.ACCEPTED: "inProgress",
        CancellationState.DONE: "done",
        CancellationState.DENIED: "terminatedWithError",
    }
)


def to_cancel_order(body: Payload, owner: str) -> CancelOrder:
    """What a valid `CancelProductOrder_FVO` asks for. Raises ContractViolation with everything that is refused."""
    violations = refused(body, CANCEL_REFUSED, "")
    reason = body.get("cancellationReason")
    violations += overlong("cancellationReason", reason or "", LONGEST_REASON, "/cancellationReason")
    requested_at = instant(body, "requestedCancellationDate", violations)
    if violations:
        raise ContractViolation(violations)
    return CancelOrder(owner, body["productOrder"]["id"], reason, requested_at)


def from_cancellation(cancellation: Cancellation, carried: Payload) -> Payload:
    """The task as it stands, without addresses: they depend on who asks.

    TM Forum's task has no attribute for its result: `outcome` and `blockingMilestone` are extensions of ours.
    """
    reference = {"@type": "ProductOrderRef", **carried.get("productOrder", {}), "id": cancellation.order_id}
    reference.pop("href", None)
    document: Payload = {
        **carried,
        "@type": carried.get("@type", "CancelProductOrder"),
        "id": cancellation.id,
        "state": TASK_STATES[cancellation.state],
        "creationDate": time_text(cancellation.created_at),
        "productOrder": reference,
    }
    if cancellation.reason is not None:
        document["cancellationReason"] = cancellation.reason
    if cancellation.effective_at is not None:
        document["effectiveCancellationDate"] = time_text(cancellation.effective_at)
    if cancellation.outcome is not None:
        document["outcome"] = cancellation.outcome
    if cancellation.milestone is not None:
        document["blockingMilestone"] = cancellation.milestone
    return document


def addressed(document: Payload, collection: str) -> Payload:
    """The task with addresses. `collection` is the address of the tasks; the order stands beside them."""
    orders = collection.removesuffix("/cancelProductOrder") + "/productOrder"
    order = document["productOrder"]
    return document | {
        "href": f"{collection}/{document['id']}",
        "productOrder": {**order, "href": f"{orders}/{order['id']}"},
    }
