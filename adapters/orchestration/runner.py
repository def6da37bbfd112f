"""One run of a process, from where the one before it stopped, up to the end or to where it has to wait.

What each call came to is kept in `process_steps`, so a run after a crash goes on where the last one stopped. How a run
is started, and the one after it, is the engine's business.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from adapters.orchestration.endings import Endings
from adapters.persistence.process_table import Pause, ProcessTable, Run
from canonical.processes.engine import Process, Subject
from canonical.processes.progress import Progress, Step, next_call
from canonical.processes.records import decided
from canonical.processes.saga import Once, resumed, run
from canonical.processes.standing import Problem
from canonical.processes.tries import fold
from canonical.shared import tracing
from canonical.shared.errors import StoreUnavailable
from canonical.subscriptions.handlers import CHANGE_PLAN

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Origin:
    """The request that a process goes back to, as logs and traces know it."""

    correlation_id: str | None
    traceparent: str | None


GoOnLater = Callable[[Run, Origin, Mapping[str, Any]], None]
"""Has this run made after a pause; the mapping is the progress to begin with, as JSON."""


class Runner:
    """Makes runs in the thread that asks for one."""

    def __init__(
        self,
        processes: Mapping[str, Process[Any]],
        table: ProcessTable,
        endings: Endings,
        node: str,
        go_on_later: GoOnLater,
    ) -> None:
        self._processes = processes
        self._table = table
        self._endings = endings
        self._node = node
        self._go_on_later = go_on_later

    def make(self, this: Run, origin: Origin, kept: dict[str, Any]) -> None:
        """The whole process, or the part of it up to where a backend is away. `kept` is a Progress as JSON."""
        named = {
            "correlation_id": origin.correlation_id,
            "process": this.process,
            _named_in_logs(this.process): this.subject,
        }
        with (
            structlog.contextvars.bound_contextvars(**named),
            tracing.span(f"process {this.process}", parent=origin.traceparent) as span,
        ):
            span.note(facade__subject=this.subject, facade__part=this.part, facade__node=self._node)
            reached = _Reached(Progress(**kept))
            try:
                if not self._carry_on(this, reached):
                    return
                problem = Problem.OUTCOME_UNKNOWN if reached.progress.uncertain else Problem.BACKEND_AWAY
                waiting_for = reached.progress.waiting_for or ""
                log.warning("process waits", waiting_for=waiting_for, attempt=reached.progress.attempt)
            except Exception as error:
                problem, waiting_for = Problem.INTERRUPTED, type(error).__name__
                span.failed(waiting_for)
                log.exception("process interrupted")
            self._pause(this, origin, reached.pause(problem, waiting_for))

    def _carry_on(self, this: Run, reached: "_Reached") -> bool:
        """Whether the process has to wait. Raises anything; `reached` then tells how far it came."""
        process = self._processes[this.process]
        known = self._table.answers(this.process, this.subject)
        if known or this.part or this.round:
            turn, begun_with = self._table.take_up(this)
            if not turn:
                log.info("process is another run's", part=this.part, decisions=this.round)
                return False
            # Read after the turn is ours: what was decided before is on record, and from now on nothing is decided.
            known = self._table.answers(this.process, this.subject)
            reached.keep(Progress(**begun_with) if begun_with else reached.progress)
        reached.answers = known
        begun = process.begin(this.subject)
        if begun.finished:  # what its calls came to may be forgotten, so none may be made again
            self._endings.tell(this.subject)
            return False
        reached.steps = process.steps(begun)
        reached.keep(resumed(reached.steps, reached.progress, known))
        once, stop = self._recorded(this, known), partial(process.interruption, this.subject)
        progress = run(reached.steps, reached.progress, once, stop, reached.keep, decided(known))
        reached.keep(progress)
        if progress.waiting:
            return True
        ended = process.end(this.subject, progress)
        self._endings.tell(this.subject)
        log.info("process ended", state=ended.state.value, seconds=_seconds(ended))
        return False

    def _recorded(self, this: Run, known: dict[str, dict[str, Any]]) -> Once:
        def once(step: str, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
            if step not in known:
                with tracing.span(f"step {step}"):
                    answer = call()
                known[step] = self._table.keep_answer(this.process, this.subject, step, answer)
            return known[step]

        return once

    def _pause(self, this: Run, origin: Origin, pause: Pause) -> None:
        try:
            if not self._table.waiting(this, pause):
                return
        except (SQLAlchemyError, StoreUnavailable):
            log.exception("a pause is not on record")
        self._go_on_later(replace(this, part=this.part + 1), origin, pause.progress)


@dataclass
class _Reached:
    """How far a run is."""

    progress: Progress
    steps: Sequence[Step] = ()
    answers: Mapping[str, dict[str, Any]] = field(default_factory=dict)

    def keep(self, progress: Progress) -> None:
        self.progress = progress

    def pause(self, problem: Problem, waiting_for: str) -> Pause:
        call = next_call(self.steps, self.progress)
        progress = asdict(self.progress) | {"waiting_for": None}
        tries = fold(call, self.progress, self.answers) if call else None
        return Pause(progress, call.name if call else "", problem, waiting_for, tries)


def _named_in_logs(process: str) -> str:
    return "plan_change_id" if process == CHANGE_PLAN else "order_id"


def _seconds(ended: Subject) -> float:
    """From its submission to its last change."""
    return round((ended.changed_at - ended.submitted_at).total_seconds(), 3)
