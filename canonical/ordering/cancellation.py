"""The request to give an order up, and what became of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from canonical.ordering.commands import CancelOrder


class CancellationState(StrEnum):
    ASSESSING = "ASSESSING"
    ACCEPTED = "ACCEPTED"
    DONE = "DONE"
    DENIED = "DENIED"


@dataclass(slots=True)
class Cancellation:
    """`outcome` says in words what became of it; `milestone` what the order had reached when it was denied."""

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
    version: int = 0

    @classmethod
    def of(cls, cancellation_id: str, command: CancelOrder, order_id: str, at: datetime) -> "Cancellation":
        return cls(
            cancellation_id, command.owner, order_id, at, reason=command.reason, requested_at=command.requested_at
        )

    @property
    def decided(self) -> bool:
        return self.state in (CancellationState.DONE, CancellationState.DENIED)

    def accept(self) -> None:
        self.state = CancellationState.ACCEPTED

    def done(self, outcome: str, at: datetime) -> None:
        self.state, self.outcome, self.effective_at = CancellationState.DONE, outcome, at

    def deny(self, milestone: str, outcome: str) -> None:
        self.state, self.milestone, self.outcome = CancellationState.DENIED, milestone, outcome
