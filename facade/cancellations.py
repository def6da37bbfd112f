"""Takes requests to cancel in, from both sides."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, Self

from canonical.audit.record import AuditRecord
from canonical.ordering.cancellation import Cancellation
from canonical.ordering.commands import CancelOrder
from canonical.ordering.handlers import cancel_order
from canonical.ordering.ports import CancellationRepository, UnitOfWork
from canonical.shared.ports import Clock, Identities
from facade.correlation import correlation_id
from facade.repeating import repeatedly


class EdgeCancellations(CancellationRepository, Protocol):
    def carry(self, cancellation_id: str, carried: dict[str, Any]) -> None:
        """Keep `carried` with a cancellation added here."""
        ...


class CancellationUnitOfWork(UnitOfWork, Protocol):
    def __enter__(self) -> Self: ...
    @property
    def cancellations(self) -> EdgeCancellations: ...
    def record(self, record: AuditRecord) -> None: ...


@dataclass(frozen=True)
class CancellationIntake:
    unit_of_work: Callable[[], CancellationUnitOfWork]
    clock: Clock
    identities: Identities

    def accept(self, command: CancelOrder, carried: dict[str, Any]) -> Cancellation:
        """The cancellation, recorded; the process at work on the order assesses it. Raises what `cancel_order` raises.

        The process may change the order at the same moment: then the request is made again on what it left.
        """
        return repeatedly(lambda: self._accept(command, carried))

    def _accept(self, command: CancelOrder, carried: dict[str, Any]) -> Cancellation:
        with self.unit_of_work() as work:
            cancellation = cancel_order(command, work, self.clock, self.identities)
            work.cancellations.carry(cancellation.id, carried)
            work.record(
                AuditRecord(
                    id=self.identities.new_id(),
                    at=cancellation.created_at,
                    client=command.owner,
                    operation="cancelOrder",
                    correlation_id=correlation_id(),
                    status=202,
                    order_id=cancellation.order_id,
                )
            )
            work.commit()
            return cancellation
