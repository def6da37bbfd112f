"""Takes requests to cancel in, from both sides."""

from dataclasses import dataclass
from typing import Any, Protocol

from canonical.audit.record import AuditRecord
from canonical.ordering.cancellation import Cancellation
from canonical.ordering.commands import CancelOrder
from canonical.ordering.handlers import cancel_order
from canonical.ordering.ports import CancellationRepository, UnitOfWork
from facade.intake.once import Intake, IntakeWork, Request, repeatedly


class EdgeCancellations(CancellationRepository, Protocol):
    def carry(self, cancellation_id: str, carried: dict[str, Any]) -> None:
        """Keep `carried` with a cancellation added here."""
        ...


class CancellationUnitOfWork(UnitOfWork, IntakeWork, Protocol):
    @property
    def cancellations(self) -> EdgeCancellations: ...


@dataclass(frozen=True)
class CancellationIntake(Intake[CancellationUnitOfWork]):
    def accept(self, command: CancelOrder, sent: Any, carried: dict[str, Any]) -> Cancellation:
        """The cancellation, recorded; the process at work on the order assesses it. Raises what `cancel_order` raises.

        The process may change the order at the same moment: then the request is made again on what it left. `sent` is
        the payload.
        """
        request = Request(command.owner, "cancelOrder", payload=sent)

        def take(work: CancellationUnitOfWork) -> tuple[Cancellation, AuditRecord]:
            cancellation = cancel_order(command, work, self.clock, self.identities)
            work.cancellations.carry(cancellation.id, carried)
            return cancellation, self._evidence(request, 202, cancellation.order_id)

        return repeatedly(lambda: self._commit(take))
