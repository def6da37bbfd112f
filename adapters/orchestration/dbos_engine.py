"""Processes run by DBOS: every backend call is recorded once it is settled, so a crash goes on where it stopped.

DBOS starts processes, resumes those of dead nodes and keeps continuations for later. What each step came to is kept in
our own table instead of DBOS's (one row where DBOS reads and writes; found again whatever the order of the steps).

Each operating system process is a node with an id and a heartbeat of its own (see `upkeep`). A process whose backend is
away does not keep a thread: its workflow ends by enqueueing its continuation for later, with its progress.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
import structlog
from dbos import DBOS, SetEnqueueOptions, SetWorkflowID
from sqlalchemy.exc import SQLAlchemyError

from adapters.orchestration.endings import Endings
from adapters.orchestration.finished_workflows import FinishedWorkflows
from adapters.orchestration.upkeep import Upkeep
from adapters.persistence.database import address, connections, share_file
from adapters.persistence.node_table import NodeTable
from adapters.persistence.process_table import Pause, ProcessTable, Run, ScheduledProcess
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

QUEUE = "continuations"
VERSION = "3"
"""Of the recorded steps. Nodes take over each other's processes only when it is equal: change it with the steps."""


@dataclass(frozen=True)
class EngineSettings:
    """`system_database_url` keeps DBOS's records; `node` names this operating system process among all.

    A node without a beat for `lease_seconds` is dead. `longest_pause` bounds the wait between two tries at a backend
    that is away. A `held` engine accepts processes and carries none out. What the calls of a process came to, and what
    DBOS knows of it, is kept for `keep_steps_seconds` after its end.
    """

    system_database_url: str
    node: str
    lease_seconds: float = 5.0
    longest_pause: float = 5.0
    continuations_at_once: int = 32
    held: bool = False
    keep_steps_seconds: float = 7 * 86400.0


@dataclass(frozen=True, slots=True)
class Asked:
    """Of the request that a process was asked for by."""

    correlation_id: str | None
    traceparent: str | None


class DbosEngine:
    """The engine of this operating system process; DBOS allows one."""

    def __init__(
        self, processes: Mapping[str, Process[Any]], table: ProcessTable, nodes: NodeTable, settings: EngineSettings
    ) -> None:
        self._processes = processes
        self._table = table
        self._nodes = nodes
        self._settings = settings
        self._endings = Endings()
        self._forgotten_until = ""
        self._finished = FinishedWorkflows(QUEUE, settings.keep_steps_seconds)
        self._upkeep = Upkeep(
            nodes,
            table,
            settings.node,
            settings.lease_seconds,
            take_over=_take_over,
            start=self._start,
            forget=self._forget,
        )
        self._workflow: Callable[..., None]
        self._records: sa.Engine

    def launch(self) -> None:
        """Join the nodes and take part in the work."""
        if self._settings.held:
            return
        url = self._settings.system_database_url
        _log_as_everything_else()
        self._records = records_engine(url)
        DBOS(
            config={
                "name": "tmf-facade",
                "system_database_url": url,
                "system_database_engine": self._records,
                "executor_id": self._settings.node,
                "application_version": VERSION,
                "log_level": "WARNING",
            }
        )

        @DBOS.workflow(name="process", max_recovery_attempts=None)
        def workflow(
            name: str,
            subject: str,
            correlation_id: str | None,
            number: int,
            kept: dict[str, Any],
            decisions: int = 0,
            traceparent: str | None = None,
        ) -> None:
            self._run(Run(name, subject, decisions, number), Asked(correlation_id, traceparent), kept)

        self._workflow = workflow
        self._nodes.beat(self._settings.node)
        DBOS.launch()
        at_once = self._settings.continuations_at_once
        DBOS.register_queue(QUEUE, worker_concurrency=at_once, polling_interval_sec=0.25, on_conflict="never_update")
        self._upkeep.begin()

    def close(self) -> None:
        """Leave: what is under way here is finished by another node, or by the next one to start."""
        if not self._settings.held:
            self._upkeep.stop()
            DBOS.destroy(destroy_registry=True)
            self._records.dispose()  # DBOS leaves an engine that it was given as it is

    def start(self, process: str, subject: str) -> None:
        if not self._settings.held:
            correlation_id = structlog.contextvars.get_contextvars().get("correlation_id")
            self._start(ScheduledProcess(process, subject, correlation_id, tracing.traceparent()))

    def take_up_again(self, process: str, subject: str) -> None:
        due = None if self._settings.held else self._table.scheduled(process, subject)
        if due is not None:
            self._start(due)

    def wait(self, subject: str, seconds: float) -> bool:
        until = time.monotonic() + seconds
        with self._endings.of(subject) as ended:
            while not ended.wait(min(0.25, max(0.0, until - time.monotonic()))):
                if self._table.has_ended(subject):
                    return True
                if time.monotonic() >= until:
                    return False
        return True

    def _start(self, due: ScheduledProcess) -> None:
        with SetWorkflowID(_workflow_id(Run(due.process, due.subject, due.round, 0))):
            DBOS.start_workflow(
                self._workflow, due.process, due.subject, due.correlation_id, 0, {}, due.round, due.traceparent
            )

    def _run(self, this: Run, asked: Asked, kept: dict[str, Any]) -> None:
        """One workflow: the whole process, or the part of it up to where a backend is away."""
        named = {
            "correlation_id": asked.correlation_id,
            "process": this.process,
            _named_in_logs(this.process): this.subject,
        }
        with (
            structlog.contextvars.bound_contextvars(**named),
            tracing.span(f"process {this.process}", parent=asked.traceparent) as span,
        ):
            span.note(facade__subject=this.subject, facade__part=this.part, facade__node=self._settings.node)
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
            self._continue_later(this, asked, reached.pause(problem, waiting_for))

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
        once = self._recorded(this, known)
        stop = partial(process.interruption, this.subject)
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

    def _continue_later(self, this: Run, asked: Asked, pause: Pause) -> None:
        try:
            if not self._table.waiting(this, pause):
                return
        except (SQLAlchemyError, StoreUnavailable):
            log.exception("a pause is not on record")
        seconds = min(self._settings.longest_pause, 0.25 * 2 ** min(this.part + 1, 10))
        self._enqueue(replace(this, part=this.part + 1), asked, pause.progress, seconds)

    def _enqueue(self, later: Run, asked: Asked, progress: Mapping[str, Any], delay_seconds: float) -> None:
        with SetWorkflowID(_workflow_id(later)), SetEnqueueOptions(delay_seconds=delay_seconds):
            DBOS.enqueue_workflow(
                QUEUE,
                self._workflow,
                later.process,
                later.subject,
                asked.correlation_id,
                later.part,
                progress,
                later.round,
                asked.traceparent,
            )

    def _forget(self) -> None:
        before = datetime.now(UTC) - timedelta(seconds=self._settings.keep_steps_seconds)
        self._forgotten_until = self._table.forget_steps(before, self._forgotten_until)
        self._finished.forget(datetime.now(UTC))


def _workflow_id(this: Run) -> str:
    """What DBOS knows a run by; it begins none twice."""
    parts = [this.process, this.subject, f"r{this.round}" if this.round else "", str(this.part or "")]
    return ":".join(filter(None, parts))


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


def _log_as_everything_else() -> None:
    """DBOS 3.4 gives its logger a handler that writes plain lines, unless the logger has one when DBOS is made."""
    logger = logging.getLogger("dbos")
    logger.handlers[:] = [logging.NullHandler()]
    logger.propagate = True


def _take_over(dead: str) -> int:
    """Have the dead node's workflows continued by whoever is free. Returns how many there were."""
    stranded = DBOS.list_workflows(executor_id=dead, status="PENDING", load_input=False, load_output=False)
    for workflow in stranded:
        DBOS.resume_workflow(workflow.workflow_id)
    return len(stranded)


def records_engine(url: str) -> sa.Engine:
    """Where DBOS keeps its records. Its own engine for SQLite uses the rollback journal, which halves its speed."""
    target = address(url)
    engine = sa.create_engine(target, **connections(target))
    if target.get_backend_name() != "sqlite":
        return engine

    @sa.event.listens_for(engine, "connect")
    def configure(connection: Any, _: Any) -> None:
        connection.isolation_level = "IMMEDIATE"
        share_file(connection)
        connection.execute("PRAGMA foreign_keys=ON")

    return engine
