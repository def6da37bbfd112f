"""One run of a process: it continues where the run before stopped, until the end or until it has to wait.

The outcome of each call is recorded in `process_steps`, so after a crash the next run continues there. The engine
decides when the next run starts.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from types import MappingProxyType
from typing import Any, Protocol, Self

import structlog

from adapters.orchestration.agenda import Entry
from adapters.persistence.origins import done_by_process
from adapters.persistence.process_records import SqlProcesses
from adapters.persistence.process_table import Pause, ProcessTable, Turn
from canonical.catalog.job_handlers import EXPORT_CATALOG, IMPORT_CATALOG
from canonical.processes.engine import Process, Subject
from canonical.processes.process_status import Problem
from canonical.processes.progress import Progress, Step, next_call
from canonical.processes.records import decided
from canonical.processes.retry_compaction import compacted
from canonical.processes.saga import RecordedCall, resumed, run
from canonical.processes.signs_of_life import telling
from canonical.shared import tracing
from canonical.shared.overtaken import unless_overtaken
from canonical.subscriptions.handlers import CHANGE_PLAN

log = structlog.get_logger()

SUBJECTS: Mapping[str, str] = MappingProxyType(
    {CHANGE_PLAN: "plan_change_id", IMPORT_CATALOG: "job_id", EXPORT_CATALOG: "job_id"}
)
"""What logs call the subject of a process, where it is no order."""
LONGEST_AHEAD = 60.0
"""Seconds until a process that may not begin yet is looked at again: somebody may have cancelled or amended it."""
FIRST_PAUSE = 0.5
STORE_PAUSE = 1.0
"""Seconds until a run is tried again after its turn or pause could not be recorded."""


class ProcessWork(Protocol):
    """The part of a unit of work that runs take."""

    @property
    def processes(self) -> SqlProcesses: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_: Any) -> None: ...  # noqa: PYI036 - those of a unit of work have types
    def commit(self) -> None: ...


class ProcessTimes(Protocol):
    """Is told how long processes take, in seconds since their subject was submitted."""

    def begun(self, process: str, seconds: float) -> None:
        """The first run begins."""
        ...

    def ended(self, process: str, seconds: float) -> None: ...


class Untimed:
    """Nobody asks."""

    def begun(self, process: str, seconds: float) -> None: ...

    def ended(self, process: str, seconds: float) -> None: ...


class _Leaving(Exception):
    """The node leaves; another one continues the process."""


class Runner:
    """Makes runs in the caller's thread. `ended` is told the subject of each process that ended; `longest_pause` in
    seconds.
    """

    def __init__(
        self,
        processes: Mapping[str, Process[Any]],
        unit_of_work: Callable[[], ProcessWork],
        table: ProcessTable,
        ended: Callable[[str], None],
        node: str,
        longest_pause: float,
        times: ProcessTimes,
    ) -> None:
        self._processes = processes
        self._unit_of_work = unit_of_work
        self._table = table
        self._ended = ended
        self._node = node
        self._longest_pause = longest_pause
        self._times = times
        self.leaving = threading.Event()

    def make(self, entry: Entry) -> float | None:
        """Run the process until it ends or a backend is unavailable.

        Returns the seconds until the next run, or None if the process ended or another node has it.
        """
        try:
            begun = unless_overtaken(lambda: self._begin(entry.process, entry.subject))
        except Exception:
            log.exception("process could not be taken up", process=entry.process, **_named(entry))
            return STORE_PAUSE
        if begun is None:
            return None
        turn, subject, ahead = begun
        named = {"correlation_id": turn.correlation_id, "process": turn.process, **_named(entry)}
        with (
            structlog.contextvars.bound_contextvars(**named),
            done_by_process(turn.process, turn.subject, turn.correlation_id),
            tracing.span(f"process {turn.process}", parent=turn.traceparent) as span,
        ):
            span.note(facade__subject=turn.subject, facade__turn=turn.number, facade__node=self._node)
            reached = _Reached(Progress(**(turn.progress or {})), self._processes[turn.process].steps(subject))
            if ahead:
                paused = self._pause(turn, reached, Problem.NOT_DUE, "its requested start")
                return paused and min(ahead, LONGEST_AHEAD)
            try:
                if not self._carry_on(turn, reached, entry.touch):
                    return None
                problem = Problem.OUTCOME_UNKNOWN if reached.progress.uncertain else Problem.BACKEND_UNAVAILABLE
                waiting_for = reached.progress.waiting_for or ""
                log.warning("process waits", waiting_for=waiting_for, attempt=reached.progress.attempt)
            except _Leaving:
                return None
            except Exception as error:
                problem, waiting_for = Problem.INTERRUPTED, type(error).__name__
                span.failed(waiting_for)
                log.exception("process interrupted")
            return self._pause(turn, reached, problem, waiting_for)

    def _begin(self, process: str, subject_id: str) -> tuple[Turn, Subject, float] | None:
        """The next turn and the subject, on which work has begun, unless it may not for so many seconds; None if this
        node may not take it.
        """
        with self._unit_of_work() as work:
            turn = work.processes.take_turn(process, subject_id, self._node)
            if turn is None:
                return None
            kind = self._processes[process]
            subject = kind.look(subject_id, work)
            ahead = kind.seconds_ahead(subject)
            if not ahead:
                kind.begin(subject)
            with done_by_process(process, turn.subject, turn.correlation_id):
                work.commit()
        if turn.number == 1 and not ahead:
            self._times.begun(process, max(0.0, (datetime.now(UTC) - subject.submitted_at).total_seconds()))
        return turn, subject, ahead

    def _carry_on(self, turn: Turn, reached: "_Reached", alive: Callable[[], None]) -> bool:
        """Whether the process has to wait. May raise any error; then `reached` has the progress."""
        kind = self._processes[turn.process]
        # Read after taking the turn: earlier decisions are recorded, and none can be taken from now on.
        known = self._table.answers(turn.process, turn.subject) if turn.number > 1 else {}
        reached.answers = known
        reached.checkpoint(resumed(reached.steps, reached.progress, known))
        recorded, stop = self._recorded(turn, known, alive), partial(kind.interruption, turn.subject)
        progress = run(reached.steps, reached.progress, recorded, stop, reached.checkpoint, decided(known))
        reached.checkpoint(progress)
        if progress.waiting:
            return True
        unless_overtaken(lambda: self._end(turn, kind, progress))
        self._ended(turn.subject)
        return False

    def _end(self, turn: Turn, kind: Process[Any], progress: Progress) -> None:
        with self._unit_of_work() as work:
            subject = kind.look(turn.subject, work)
            if not work.processes.end(turn, asdict(progress) if progress.not_undone else None):
                log.info("process is another run's", turn=turn.number)
                return
            kind.end(subject, progress, work)
            work.commit()
        seconds = _seconds(subject)
        self._times.ended(turn.process, max(0.0, seconds))
        log.info("process ended", state=subject.state.value, seconds=seconds)

    def _recorded(self, turn: Turn, known: dict[str, dict[str, Any]], alive: Callable[[], None]) -> RecordedCall:
        def recorded(step: str, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
            if step not in known:
                if self.leaving.is_set():
                    raise _Leaving
                with tracing.span(f"step {step}"), telling(partial(self._alive, alive)):
                    answer = call()
                known[step] = self._table.keep_answer(turn.process, turn.subject, step, answer)
                alive()
            return known[step]

        return recorded

    def _alive(self, alive: Callable[[], None]) -> None:
        """A long step is at work. Raises _Leaving."""
        if self.leaving.is_set():
            raise _Leaving
        alive()

    def _pause(self, turn: Turn, reached: "_Reached", problem: Problem, waiting_for: str) -> float | None:
        """After 0.5 s, then 1 s and so on, up to the longest pause."""
        try:
            if not self._table.pause(turn, reached.pause(problem, waiting_for)):
                return None
        except Exception:
            log.exception("a pause is not on record")
            return STORE_PAUSE
        doublings = min(max(0, reached.progress.attempt - 1), 10)
        return float(min(self._longest_pause, FIRST_PAUSE * 2**doublings))


@dataclass
class _Reached:
    """How far a run is."""

    progress: Progress
    steps: Sequence[Step]
    answers: Mapping[str, dict[str, Any]] = field(default_factory=dict)

    def checkpoint(self, progress: Progress) -> None:
        self.progress = progress

    def pause(self, problem: Problem, waiting_for: str) -> Pause:
        call = next_call(self.steps, self.progress)
        progress = asdict(self.progress) | {"waiting_for": None}
        compaction = compacted(call, self.progress, self.answers) if call else None
        return Pause(progress, call.name if call else "", problem, waiting_for, compaction)


def _named(entry: Entry) -> dict[str, str]:
    """The subject as logs name it."""
    return {SUBJECTS.get(entry.process, "order_id"): entry.subject}


def _seconds(ended: Subject) -> float:
    """From its submission to its last change."""
    return round((ended.changed_at - ended.submitted_at).total_seconds(), 3)
