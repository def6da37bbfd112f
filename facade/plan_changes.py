"""Takes requests to change a subscription's plan in."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Self

import structlog

from canonical.audit.record import AuditRecord, Mapped
from canonical.processes.engine import ProcessEngine
from canonical.shared.ports import Clock, Identities
from canonical.subscriptions.commands import ChangePlan
from canonical.subscriptions.handlers import CHANGE_PLAN, change_plan
from canonical.subscriptions.plan_change import PlanChange
from canonical.subscriptions.ports import UnitOfWork
from canonical.subscriptions.subscription import Plan, Subscription
from facade.correlation import correlation_id
from facade.idempotency import KeptAnswers, KeyRing, Request, answered_before, claimed

log = structlog.get_logger()

TRAIL = (Mapped("/plan", "/plan", "as sent"),)


class PlanChangeUnitOfWork(UnitOfWork, KeyRing, Protocol):
    def __enter__(self) -> Self: ...
    def record(self, record: AuditRecord) -> None: ...


@dataclass(frozen=True)
class PlanChangeIntake:
    """Accepts plan changes and has them carried out."""

    unit_of_work: Callable[[], PlanChangeUnitOfWork]
    kept_answers: KeptAnswers
    engine: ProcessEngine
    clock: Clock
    identities: Identities

    def repeated(self, request: Request) -> str | None:
        """The change that an earlier request with the same key made. Raises IdempotencyKeyReused if it was another."""
        kept = answered_before(request, self.kept_answers)
        return None if kept is None else kept.order_id

    def accept(
        self,
        command: ChangePlan,
        subscription: Subscription,
        plans: tuple[Plan, ...],
        request: Request,
        *,
        conditional: bool,
    ) -> str:
        """The id of the change, begun; of concurrent requests with one key only one is. Raises what `change_plan` does.

        `conditional`: the request names the version of the subscription.
        """
        change = self._commit(command, subscription, plans, request, conditional)
        if change is None:
            return self.repeated(request) or self.accept(command, subscription, plans, request, conditional=conditional)
        log.info("plan change accepted", plan_change_id=change.id, client=request.client, kind=change.kind.value)
        self.engine.start(CHANGE_PLAN, change.id)
        return change.id

    def _commit(
        self,
        command: ChangePlan,
        subscription: Subscription,
        plans: tuple[Plan, ...],
        request: Request,
        conditional: bool,
    ) -> PlanChange | None:
        """None when a concurrent request with the same key was first."""
        with self.unit_of_work() as work:
            change = change_plan(
                command, subscription, plans, work, self.clock, self.identities, conditional=conditional
            )
            if not claimed(work, request, change.id, None):
                return None
            work.record(
                AuditRecord(
                    id=self.identities.new_id(),
                    at=change.submitted_at,
                    client=request.client,
                    operation=request.operation,
                    correlation_id=correlation_id(),
                    status=200,
                    payload_hash=request.payload_hash,
                    translation=TRAIL,
                )
            )
            work.commit()
        return change
