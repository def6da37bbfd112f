"""The statuses of an asset and what leads from one to another. Orders and corrections follow this one table."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from canonical.shared.errors import InvalidTransition


class AssetStatus(StrEnum):
    CREATED = "CREATED"
    PENDING_ACTIVE = "PENDING_ACTIVE"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    PENDING_TERMINATE = "PENDING_TERMINATE"
    TERMINATED = "TERMINATED"
    CANCELLED = "CANCELLED"
    ABORTED = "ABORTED"


class Trigger(StrEnum):
    """What can happen to an asset."""

    AWAIT_ACTIVATION = "awaitActivation"
    ACTIVATE = "activate"
    MODIFY = "modify"
    MOVE = "move"
    SUSPEND = "suspend"
    RESUME = "resume"
    AWAIT_TERMINATION = "awaitTermination"
    KEEP = "keep"
    TERMINATE = "terminate"
    CANCEL = "cancel"
    ABORT = "abort"
    CORRECT = "correct"


TRANSITIONS: Mapping[tuple[AssetStatus, Trigger], AssetStatus] = MappingProxyType(
    {
        (AssetStatus.CREATED, Trigger.AWAIT_ACTIVATION): AssetStatus.PENDING_ACTIVE,
        (AssetStatus.CREATED, Trigger.ACTIVATE): AssetStatus.ACTIVE,
        (AssetStatus.CREATED, Trigger.CANCEL): AssetStatus.CANCELLED,
        (AssetStatus.PENDING_ACTIVE, Trigger.ACTIVATE): AssetStatus.ACTIVE,
        (AssetStatus.PENDING_ACTIVE, Trigger.CANCEL): AssetStatus.CANCELLED,
        (AssetStatus.PENDING_ACTIVE, Trigger.ABORT): AssetStatus.ABORTED,
        (AssetStatus.ACTIVE, Trigger.MODIFY): AssetStatus.ACTIVE,
        (AssetStatus.ACTIVE, Trigger.MOVE): AssetStatus.ACTIVE,
        (AssetStatus.ACTIVE, Trigger.SUSPEND): AssetStatus.SUSPENDED,
        (AssetStatus.ACTIVE, Trigger.AWAIT_TERMINATION): AssetStatus.PENDING_TERMINATE,
        (AssetStatus.ACTIVE, Trigger.TERMINATE): AssetStatus.TERMINATED,
        (AssetStatus.SUSPENDED, Trigger.RESUME): AssetStatus.ACTIVE,
        (AssetStatus.SUSPENDED, Trigger.AWAIT_TERMINATION): AssetStatus.PENDING_TERMINATE,
        (AssetStatus.SUSPENDED, Trigger.TERMINATE): AssetStatus.TERMINATED,
        (AssetStatus.PENDING_TERMINATE, Trigger.KEEP): AssetStatus.ACTIVE,
        (AssetStatus.PENDING_TERMINATE, Trigger.TERMINATE): AssetStatus.TERMINATED,
    }
    | {(status, Trigger.CORRECT): status for status in AssetStatus}
)
"""KEEP: a disconnection is called off. CORRECT changes what is recorded of the asset without changing its status."""

FINAL: frozenset[AssetStatus] = frozenset({AssetStatus.TERMINATED, AssetStatus.CANCELLED, AssetStatus.ABORTED})


def next_status(status: AssetStatus, trigger: Trigger) -> AssetStatus:
    """The status after `trigger`. Raises InvalidTransition, which names the triggers that are allowed."""
    try:
        return TRANSITIONS[status, trigger]
    except KeyError:
        allowed = [known for origin, known in TRANSITIONS if origin is status and known is not Trigger.CORRECT]
        can = ", ".join(allowed) or "none of the actions"
        raise InvalidTransition(
            f"an asset that is {status} does not allow {trigger}; it allows {can}",
            state=status.value,
            trigger=trigger.value,
            allowedActions=[one.value for one in allowed],
        ) from None


def trigger_between(status: AssetStatus, wanted: AssetStatus) -> Trigger:
    """What leads from one status to another one. Raises InvalidTransition, which names the statuses it can become."""
    if wanted is status:
        return Trigger.CORRECT
    following = {after: trigger for (origin, trigger), after in TRANSITIONS.items() if origin is status}
    del following[status]
    if wanted not in following:
        can = ", ".join(following) or "nothing else"
        raise InvalidTransition(
            f"an asset that is {status} cannot become {wanted}; it can become {can}",
            pointer="/status",
            state=status.value,
            trigger=f"become {wanted}",
            allowedActions=[one.value for one in following],
        )
    return following[wanted]
