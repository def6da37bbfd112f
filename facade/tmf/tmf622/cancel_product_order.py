"""TMF622 v5 cancelProductOrder: a task that asks for an order to be given up."""

from collections.abc import Mapping
from types import MappingProxyType

from canonical.ordering.cancellation import Cancellation, CancellationState
from canonical.ordering.commands import CancelOrder
from facade.application.requests import Translation
from facade.clock import instant, time_text
from facade.contract.violations import ContractViolation
from facade.tmf.engine.declaration import Sender
from facade.tmf.engine.mapping import Field, Written, read, show
from facade.tmf.engine.payload import SERVER_SET, Payload, overlong, refused

LONGEST_REASON = 500
"""Characters of what is kept in the core; what is only carried is bounded by the size of the body."""

STATES: Mapping[CancellationState, str] = MappingProxyType(
    {
        CancellationState.ASSESSING: "acknowledged",
        CancellationState.ACCEPTED: "inProgress",
        CancellationState.DONE: "done",
        CancellationState.DENIED: "terminatedWithError",
    }
)

FIELDS = (
    Written("id", "id"),
    Written("state", "state", STATES.__getitem__),
    Written("creationDate", "created_at", time_text),
    Field("cancellationReason", "reason"),
    Field("requestedCancellationDate", "requested_at", instant, time_text, "time in UTC"),
    Written("effectiveCancellationDate", "effective_at", time_text),
    Written("outcome", "outcome"),
    Written("blockingMilestone", "milestone"),
)
"""TM Forum's task has no attribute for its result: `outcome` and `blockingMilestone` are extensions of ours."""
SHAPED = frozenset({"productOrder"})
CARRIED = frozenset({"@type", "@baseType", "@schemaLocation"})
REFUSED: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(
        (
            *("id", "href", "state", "creationDate", "effectiveCancellationDate"),
            *("outcome", "blockingMilestone"),
        ),
        SERVER_SET,
    )
)


def to_cancel_order(body: Payload, sender: Sender) -> Translation:
    """What a valid `CancelProductOrder_FVO` asks for. Raises ContractViolation with everything that is refused."""
    fields, trail, wrong = read(FIELDS, body)
    violations = refused(body, REFUSED)
    reason = body.get("cancellationReason") or ""
    violations += overlong("cancellationReason", reason, LONGEST_REASON, "/cancellationReason")
    if violations := [*violations, *wrong]:
        raise ContractViolation(violations)
    command = CancelOrder(sender.client, body["productOrder"]["id"], **fields)
    return Translation(command, carried=body, trail=tuple(trail))


def from_cancellation(cancellation: Cancellation, carried: Payload) -> Payload:
    """The task as it stands, without addresses: they depend on who asks."""
    order = {"@type": "ProductOrderRef", **carried.get("productOrder", {}), "id": cancellation.order_id}
    order.pop("href", None)
    document = {**carried, "@type": carried.get("@type", "CancelProductOrder"), "productOrder": order}
    return document | show(FIELDS, cancellation, carried)
