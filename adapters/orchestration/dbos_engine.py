"""Processes run by DBOS, which starts runs, resumes those of dead nodes and keeps continuations for later.

A workflow of DBOS is one run (see `runner`). What each step came to is kept in our own table instead of DBOS's (one row
where DBOS reads and writes; found again whatever the order of the steps).

Each operating system process is a node with an id and a heartbeat of its own (see `upkeep`). A process whose backend is
away does not keep a thread: its workflow ends by enqueueing its continuation for later, with its progress.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from dbos import DBOS, SetEnqueueOptions, SetWorkflowID

from adapters.orchestration.endings import Endings
from adapters.orchestration.finished_workflows import FinishedWorkflows
from adapters.orchestration.runner import Origin, Runner
from adapters.orchestration.upkeep import Upkeep
from adapters.persistence.database import address, connections, share_file
from adapters.persistence.node_table import NodeTable
from adapters.persistence.process_table import ProcessTable, Run, ScheduledProcess
from canonical.processes.engine import Process
from canonical.shared import tracing

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


class DbosEngine:
    """The engine of this operating system process; DBOS allows one."""

    def __init__(
        self, processes: Mapping[str, Process[Any]], table: ProcessTable, nodes: NodeTable, settings: EngineSettings
    ) -> None:
        self._table = table
        self._nodes = nodes
        self._settings = settings
        self._endings = Endings()
        self._runner = Runner(processes, table, self._endings, settings.node, self._go_on_later)
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
            self._runner.make(Run(name, subject, decisions, number), Origin(correlation_id, traceparent), kept)

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

    def wait(self, process: str, subject: str, seconds: float) -> bool:
        until = time.monotonic() + seconds
        with self._endings.of(subject) as ended:
            while not ended.wait(min(0.25, max(0.0, until - time.monotonic()))):
                if self._table.has_ended(process, subject):
                    return True
                if time.monotonic() >= until:
                    return False
        return True

    def _start(self, due: ScheduledProcess) -> None:
        with SetWorkflowID(_workflow_id(Run(due.process, due.subject, due.round, 0))):
            DBOS.start_workflow(
                self._workflow, due.process, due.subject, due.correlation_id, 0, {}, due.round, due.traceparent
            )

    def _go_on_later(self, later: Run, origin: Origin, progress: Mapping[str, Any]) -> None:
        """After 0.5 s, then 1 s and so on, up to the longest pause."""
        self._enqueue(later, origin, progress, min(self._settings.longest_pause, 0.25 * 2 ** min(later.part, 10)))

    def _enqueue(self, later: Run, origin: Origin, progress: Mapping[str, Any], delay_seconds: float) -> None:
        with SetWorkflowID(_workflow_id(later)), SetEnqueueOptions(delay_seconds=delay_seconds):
            DBOS.enqueue_workflow(
                QUEUE,
                self._workflow,
                later.process,
                later.subject,
                origin.correlation_id,
                later.part,
                progress,
                later.round,
                origin.traceparent,
            )

    def _forget(self) -> None:
        before = datetime.now(UTC) - timedelta(seconds=self._settings.keep_steps_seconds)
        self._forgotten_until = self._table.forget_steps(before, self._forgotten_until)
        self._finished.forget(datetime.now(UTC))


def _workflow_id(this: Run) -> str:
    """What DBOS knows a run by; it begins none twice."""
    parts = [this.process, this.subject, f"r{this.round}" if this.round else "", str(this.part or "")]
    return ":".join(filter(None, parts))


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
