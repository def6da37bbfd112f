"""The request to cancel an order, and its outcome."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from canonical.ordering.commands import CancelOrder
from canonical.ordering.errors import CancellationNotFound
from canonical.ordering.events import (
    CancellationAccepted,
    CancellationCreated,
    CancellationDenied,
    CancellationDone,
    CancellationEvent,
)
from canonical.shared.aggregates import Kind
from canonical.shared.errors import InvalidTransition


class CancellationState(StrEnum):
    ASSESSING = "ASSESSING"
    ACCEPTED = "ACCEPTED"
    DONE = "DONE"
    DENIED = "DENIED"


FOLLOWING = MappingProxyType(
    {
        CancellationState.ASSESSING: frozenset({CancellationState.ACCEPTED, CancellationState.DENIED}),
        CancellationState.ACCEPTED: frozenset({CancellationState.DONE, CancellationState.DENIED}),
        CancellationState.DONE: frozenset[CancellationState](),
        CancellationState.DENIED: frozenset[CancellationState](),
    }
)
"""An accepted cancellation is still denied if something could not be undone."""


@dataclass(slots=True)
class Cancellation:
    """`outcome` is a text for people. `milestone` is what the order had reached when the cancellation was denied.
    `recorded` counts its events.
    """

    id: str
    owner: str
    order_id: str
    created_at: datetime
    reason: str | None = None
    requested_at: datetime | None = None
    state: CancellationState = CancellationState.ASSESSING
    effective_at: datetime | None = None
    milestone: str | None = None
    outcome: str | None = None
    customer_id: str = ""
    recorded: int = 0
    version: int = 0
    events: list[CancellationEvent] = field(default_factory=list)

    @classmethod
    def of(cls, cancellation_id: str, command: CancelOrder, customer_id: str, at: datetime) -> "Cancellation":
        made = cls(
            cancellation_id,
            command.owner,
            command.order_id,
            at,
            reason=command.reason,
            requested_at=command.requested_at,
            customer_id=customer_id,
        )
        made._record(CancellationCreated, at)
        return made

    @property
    def changed_at(self) -> datetime:
        return self.effective_at or self.created_at

    def accept(self, at: datetime) -> None:
        """The cancellation is accepted, and the order's steps are being undone."""
        self._become(CancellationState.ACCEPTED)
        self._record(CancellationAccepted, at)

    def done(self, outcome: str, at: datetime) -> None:
        """Everything is undone."""
        self._become(CancellationState.DONE)
        self.outcome, self.effective_at = outcome, at
        self._record(CancellationDone, at)

    def deny(self, milestone: str, outcome: str, at: datetime) -> None:
        """The order is not cancelled, or not everything could be undone."""
        self._become(CancellationState.DENIED)
        self.milestone, self.outcome = milestone, outcome
        self._record(CancellationDenied, at, milestone=milestone)

    def _become(self, state: CancellationState) -> None:
        if state not in FOLLOWING[self.state]:
            raise InvalidTransition(
                f"a cancellation in state {self.state} cannot become {state}",
                state=self.state.value,
                trigger=state.value,
                allowedActions=[],
            )
        self.state = state

    def _record(self, event: type[CancellationEvent], at: datetime, **facts: str) -> None:
        self.recorded += 1
        about = {"cancellation_id": self.id, "order_id": self.order_id}
        self.events.append(event(**about, sequence=self.recorded, at=at, **facts))


CANCELLATIONS = Kind(
    "cancellation",
    Cancellation,
    missing=lambda task_id: CancellationNotFound("Cancellation not found", cancellationId=task_id),
    reference=lambda cancellation: cancellation.order_id,
    recorded=(CancellationEvent,),
)
