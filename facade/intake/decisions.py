"""Takes decisions about processes in: one commit for the decision, its idempotency key and its audit record."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from canonical.audit.record import AuditRecord, Mapped
from canonical.processes.decisions import Decision, DecisionWork, decide
from canonical.processes.engine import Process, ProcessEngine
from canonical.processes.standing import Standing
from canonical.shared.errors import ProcessNotFound
from facade.intake.once import Accepted, Intake, IntakeWork, Request, claimed

log = structlog.get_logger()

Document = dict[str, Any]


class DecisionUnitOfWork(DecisionWork, IntakeWork, Protocol): ...


@dataclass(frozen=True)
class DecisionIntake(Intake[DecisionUnitOfWork]):
    engine: ProcessEngine
    processes: Mapping[str, Process[Any]]

    def accept(self, decision: Decision, request: Request, shown: Callable[[str, Standing], Document]) -> Document:
        """The answer, once for each idempotency key. Raises what `decide` raises, or IdempotencyKeyReused.

        `shown` makes the answer, of the audit record's id and how the process stood; it is kept with the key.
        """
        process = self.processes.get(decision.process)
        if process is None:
            raise ProcessNotFound("Process not found", process=decision.process, subject=decision.subject)
        what = (decision.action, decision.call, decision.outcome, decision.result)
        target = f"/processes/{decision.process}/{decision.subject}"
        trail = (Mapped("", target, " ".join(filter(None, what))),)

        def take(work: DecisionUnitOfWork) -> tuple[Accepted, AuditRecord]:
            # The process is locked from here on: of two requests with one key the later finds the key taken.
            standing = work.processes.standing(decision.process, decision.subject)
            evidence = self._evidence(request, 202, decision.subject, trail, reason=decision.reason)
            accepted = claimed(work, request, decision.subject, shown(evidence.id, standing))
            decide(decision, process, work)
            return accepted, evidence

        accepted = self.repeated(request) or self._once(request, take)
        if not accepted.again:
            log.warning(
                "decision taken", action=decision.action.value, order_id=decision.subject, client=request.client
            )
            self.engine.start(decision.process, decision.subject)
        assert accepted.answer is not None, "a key of this operation keeps its answer"
        return accepted.answer
