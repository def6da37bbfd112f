"""Takes requests to change a subscription's plan in."""

from dataclasses import dataclass
from typing import Protocol

import structlog

from canonical.audit.record import AuditRecord, Mapped
from canonical.processes.engine import ProcessEngine
from canonical.subscriptions.commands import ChangePlan
from canonical.subscriptions.handlers import CHANGE_PLAN, change_plan
from canonical.subscriptions.ports import UnitOfWork
from canonical.subscriptions.subscription import Plan, Subscription
from facade.intake.once import Accepted, Intake, IntakeWork, Request, claimed

log = structlog.get_logger()

TRAIL = (Mapped("/plan", "/plan", "as sent"),)


class PlanChangeUnitOfWork(UnitOfWork, IntakeWork, Protocol): ...


@dataclass(frozen=True)
class PlanChangeIntake(Intake[PlanChangeUnitOfWork]):
    """Accepts plan changes and has them carried out."""

    engine: ProcessEngine

    def accept(
        self,
        command: ChangePlan,
        subscription: Subscription,
        plans: tuple[Plan, ...],
        request: Request,
        *,
        conditional: bool,
    ) -> Accepted:
        """The change, begun; of concurrent requests with one key only one is. Raises what `change_plan` raises.

        `conditional`: the request names the version of the subscription.
        """

        def take(work: PlanChangeUnitOfWork) -> tuple[Accepted, AuditRecord]:
            change = change_plan(
                command, subscription, plans, work, self.clock, self.identities, conditional=conditional
            )
            return claimed(work, request, change.id), self._evidence(request, 200, translation=TRAIL)

        accepted = self._once(request, take)
        log.info("plan change accepted", plan_change_id=accepted.subject, client=request.client, to_plan=command.plan)
        self.engine.start(CHANGE_PLAN, accepted.subject)
        return accepted
