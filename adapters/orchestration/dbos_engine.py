"""Processes run by DBOS: every backend call is recorded once it is settled, so a crash goes on where it stopped.

DBOS starts processes, resumes those of dead nodes and keeps continuations for later. What each step came to is kept in
our own table instead of DBOS's (one row where DBOS reads and writes; found again whatever the order of the steps).

Each operating system process is a node with an id and a heartbeat of its own (see `upkeep`). A process whose backend is
away does not keep a thread: its workflow ends by enqueueing its continuation for later, with its progress.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
import structlog
from dbos import DBOS, SetEnqueueOptions, SetWorkflowID

from adapters.orchestration.upkeep import Upkeep
from adapters.persistence.database import address, connections
from adapters.persistence.process_table import ProcessTable
from canonical.processes.engine import Process, Subject
from canonical.processes.saga import Once, Progress, run
from canonical.subscriptions.handlers import CHANGE_PLAN

log = structlog.get_logger()

QUEUE = "continuations"
VERSION = "3"
"""Of the recorded steps. Nodes take over each other's processes only when it is equal: change it with the steps."""


@dataclass(frozen=True)
class EngineSettings:
    """`system_database_url` keeps DBOS's records; `node` names this operating system process among all.

    A node without a beat for `lease_seconds` is dead. `longest_pause` bounds the wait between two tries at a backend
    that is away. A `held` engine accepts processes and carries none out.
    """

    system_database_url: str
    node: str
    lease_seconds: float = 5.0
    longest_pause: float = 5.0
    continuations_at_once: int = 32
    held: bool = False


class DbosEngine:
    """The engine of this operating system process; DBOS allows one."""

    def __init__(self, processes: Mapping[str, Process[Any]], table: ProcessTable, settings: EngineSettings) -> None:
        self._processes = processes
        self._table = table
        self._settings = settings
        self._endings = Endings()
        self._upkeep = Upkeep(table, settings.node, settings.lease_seconds, take_over=_take_over, start=self._start)
        self._workflow: Callable[..., None]
        self._records: sa.Engine

    def launch(self) -> None:
        """Join the nodes and take part in the work."""
        if self._settings.held:
            return
        url = self._settings.system_database_url
        _log_as_everything_else()
        self._records = _engine(url)
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
        def workflow(name: str, subject: str, correlation_id: str | None, number: int, kept: dict[str, Any]) -> None:
            self._run(name, subject, correlation_id, number, kept)

        self._workflow = workflow
        self._table.beat(self._settings.node)
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
            self._start(process, subject, structlog.contextvars.get_contextvars().get("correlation_id"))

    def wait(self, subject: str, seconds: float) -> bool:
        until = time.monotonic() + seconds
        with self._endings.of(subject) as ended:
            while not ended.wait(min(0.25, max(0.0, until - time.monotonic()))):
                if self._table.has_ended(subject):
                    return True
                if time.monotonic() >= until:
                    return False
        return True

    def _start(self, process: str, subject: str, correlation_id: str | None) -> None:
        with SetWorkflowID(f"{process}:{subject}"):
            DBOS.start_workflow(self._workflow, process, subject, correlation_id, 0, {})

    def _run(self, name: str, subject: str, correlation_id: str | None, number: int, kept: dict[str, Any]) -> None:
        """One workflow: the whole process, or the part of it up to where a backend is away."""
        process = self._processes[name]
        named = {"correlation_id": correlation_id, "process": name, _named_in_logs(name): subject}
        with structlog.contextvars.bound_contextvars(**named):
            progress = Progress(**kept)

            def keep(reached: Progress) -> None:
                nonlocal progress
                progress = reached

            try:
                begun = process.begin(subject)
                once = self._recorded(name, subject)
                progress = run(process.steps(begun), progress, once, lambda: process.interruption(subject), keep)
                if not progress.waiting:
                    ended = process.end(subject, progress)
                    self._endings.tell(subject)
                    log.info("process ended", state=ended.state.value, seconds=_seconds(ended))
                    return
                waiting_for = progress.waiting_for or ""
                log.warning("process waits", waiting_for=waiting_for, attempt=progress.attempt)
            except Exception as error:
                waiting_for = f"{type(error).__name__}"
                log.exception("process interrupted")
            self._continue_later(name, subject, correlation_id, number + 1, progress, waiting_for)

    def _recorded(self, name: str, subject: str) -> Once:
        known = self._table.answers(name, subject)

        def once(step: str, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
            if step not in known:
                known[step] = self._table.keep_answer(name, subject, step, call())
            return known[step]

        return once

    def _continue_later(
        self, name: str, subject: str, correlation_id: str | None, number: int, progress: Progress, waiting_for: str
    ) -> None:
        pause = min(self._settings.longest_pause, 0.25 * 2 ** min(number, 10))
        with SetWorkflowID(f"{name}:{subject}:{number}"), SetEnqueueOptions(delay_seconds=pause):
            DBOS.enqueue_workflow(
                QUEUE, self._workflow, name, subject, correlation_id, number, asdict(progress) | {"waiting_for": None}
            )
        self._table.waiting(name, subject, waiting_for)


class Endings:
    """Lets threads of this operating system process wait for the end of a process that runs here."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: dict[str, list[threading.Event]] = {}

    @contextmanager
    def of(self, subject: str) -> Iterator[threading.Event]:
        event = threading.Event()
        with self._lock:
            self._events.setdefault(subject, []).append(event)
        try:
            yield event
        finally:
            with self._lock:
                self._events[subject].remove(event)
                if not self._events[subject]:
                    del self._events[subject]

    def tell(self, subject: str) -> None:
        with self._lock:
            for event in self._events.get(subject, ()):
                event.set()


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


def _engine(url: str) -> sa.Engine:
    """DBOS's own engine for SQLite uses the rollback journal, which halves its speed; on WAL readers do not wait."""
    target = address(url)
    engine = sa.create_engine(target, **connections(target))
    if target.get_backend_name() != "sqlite":
        return engine

    @sa.event.listens_for(engine, "connect")
    def configure(connection: Any, _: Any) -> None:
        connection.isolation_level = "IMMEDIATE"
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA busy_timeout=30000")
        connection.execute("PRAGMA foreign_keys=ON")

    return engine
