"""Takes decisions about processes in: one commit for the decision, its idempotency key and its audit record."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self

import structlog

from canonical.audit.record import AuditRecord, Mapped
from canonical.processes.decisions import Decision, DecisionWork, decide
from canonical.processes.engine import Process, ProcessEngine
from canonical.processes.standing import Standing
from canonical.shared.errors import ProcessNotFound
from canonical.shared.ports import Clock, Identities
from facade.correlation import correlation_id
from facade.idempotency import KeptAnswers, KeyRing, Request, answered_before, claimed

log = structlog.get_logger()

Document = dict[str, Any]


class DecisionUnitOfWork(DecisionWork, KeyRing, Protocol):
    def __enter__(self) -> Self: ...
    def __exit__(self, *_: Any) -> None: ...
    def record(self, record: AuditRecord) -> None: ...
    def commit(self) -> None: ...


@dataclass(frozen=True)
class DecisionIntake:
    """`shown` makes the answer, of the audit record's id and how the process stood; it is kept with the key."""

    unit_of_work: Callable[[], DecisionUnitOfWork]
    processes: Mapping[str, Process[Any]]
    engine: ProcessEngine
    kept_answers: KeptAnswers
    clock: Clock
    identities: Identities

    def accept(self, decision: Decision, request: Request, shown: Callable[[str, Standing], Document]) -> Document:
        """The answer, once for each idempotency key. Raises what `decide` raises, or IdempotencyKeyReused."""
        return (
            self._repeated(request) or self._accept(decision, request, shown) or self.accept(decision, request, shown)
        )

    def _repeated(self, request: Request) -> Document | None:
        kept = answered_before(request, self.kept_answers)
        return None if kept is None else kept.answer

    def _accept(
        self, decision: Decision, request: Request, shown: Callable[[str, Standing], Document]
    ) -> Document | None:
        """None when a concurrent request with the same key was first."""
        process = self.processes.get(decision.process)
        if process is None:
            raise ProcessNotFound("Process not found", process=decision.process, subject=decision.subject)
        audit_id = self.identities.new_id()
        with self.unit_of_work() as work:
            # The process is locked from here on: of two requests with one key the later finds the earlier's answer.
            standing = work.processes.standing(decision.process, decision.subject)
            answer = shown(audit_id, standing)
            if not claimed(work, request, decision.subject, answer):
                return None
            decide(decision, process, work, self.clock)
            work.record(self._evidence(audit_id, decision, request))
            work.commit()
        log.warning("decision taken", action=decision.action.value, order_id=decision.subject, client=request.client)
        self.engine.take_up_again(decision.process, decision.subject)
        return answer

    def _evidence(self, audit_id: str, decision: Decision, request: Request) -> AuditRecord:
        what = (decision.action, decision.call, decision.outcome, decision.result)
        target = f"/processes/{decision.process}/{decision.subject}"
        return AuditRecord(
            id=audit_id,
            at=self.clock.now(),
            client=request.client,
            operation=request.operation,
            correlation_id=correlation_id(),
            status=202,
            payload_hash=request.payload_hash,
            order_id=decision.subject,
            reason=decision.reason,
            translation=(Mapped("", target, " ".join(filter(None, what))),),
        )
