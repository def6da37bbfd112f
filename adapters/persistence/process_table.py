"""Which processes are wanted and how far they are, for whoever carries them out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa
import structlog

from adapters.persistence.database import Database, insert_once
from adapters.persistence.encoding import timestamp
from adapters.persistence.prepared import Prepared
from adapters.persistence.tables import process_steps, processes
from canonical.processes.standing import Problem, ProcessState
from canonical.processes.tries import Fold, folded, stands_for
from canonical.shared import tracing
from canonical.shared.errors import ConcurrentChange
from canonical.shared.ports import Clock

OVER = (ProcessState.ENDED, ProcessState.FALLOUT)
_NEW = dict.fromkeys(column.name for column in processes.columns) | {"round": 0, "part": 0, "tries": 0}
_ONE = (processes.c.process == sa.bindparam("of_process"), processes.c.subject == sa.bindparam("of_subject"))
_ANSWERS = Prepared(
    sa.select(process_steps.c.step, process_steps.c.answer).where(
        process_steps.c.process == sa.bindparam("of_process"), process_steps.c.subject == sa.bindparam("of_subject")
    )
)
_HOW_FAR = Prepared(sa.select(processes.c.state).where(*_ONE))
_SCHEDULED = sa.select(
    processes.c.process, processes.c.subject, processes.c.correlation_id, processes.c.traceparent, processes.c.round
)
_STATE = ("state", "changed_at", "waiting_for", "progress", "call", "problem", "tries", "since")
_SET_STATE = Prepared(sa.update(processes).where(*_ONE).values({name: sa.bindparam(name) for name in _STATE}))


class SqlProcessSchedule:
    """The schedule inside one transaction."""

    def __init__(self, connection: sa.Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    def schedule(self, process: str, subject: str) -> None:
        row = {
            "process": process,
            "subject": subject,
            "state": ProcessState.SCHEDULED.value,
            "changed_at": timestamp(self._clock.now()),
            "correlation_id": structlog.contextvars.get_contextvars().get("correlation_id"),
            "traceparent": tracing.traceparent(),
        }
        if not insert_once(self._connection, processes, _NEW | row):
            raise ConcurrentChange(f"{process} was scheduled for {subject} by somebody else")

    def started(self, process: str, subject: str) -> None:
        self._set(process, subject, ProcessState.RUNNING)

    def ended(self, process: str, subject: str) -> None:
        self._set(process, subject, ProcessState.ENDED)

    def fell_out(self, process: str, subject: str, progress: Mapping[str, Any]) -> None:
        text = orjson.dumps(progress).decode()
        self._set(process, subject, ProcessState.FALLOUT, progress=text, problem=Problem.NOT_UNDONE.value)

    def _set(self, process: str, subject: str, state: ProcessState, **values: Any) -> None:
        row = dict.fromkeys(_STATE) | {"state": state.value, "changed_at": timestamp(self._clock.now()), "tries": 0}
        _SET_STATE.execute(self._connection, row | values | {"of_process": process, "of_subject": subject})


@dataclass(frozen=True)
class ScheduledProcess:
    process: str
    subject: str
    correlation_id: str | None
    traceparent: str | None = None
    round: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a process: number `part` of `round`. Once there is a later one it has no say any more."""

    process: str
    subject: str
    round: int
    part: int


@dataclass(frozen=True, slots=True)
class Pause:
    """Why a run stops for a while, and where it goes on. `fold`: the tries at the call that become one record."""

    progress: Mapping[str, Any]
    call: str
    problem: Problem
    waiting_for: str
    fold: Fold | None = None


class ProcessTable:
    """The schedule as the engine sees it, each call a transaction of its own."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def take_up(self, run: Run) -> tuple[bool, Mapping[str, Any] | None]:
        """Whether it is this run's turn, and the progress it begins with. From then on the process is at work."""
        values = {"state": ProcessState.RUNNING.value, "part": run.part, "changed_at": timestamp(self._clock.now())}
        turn = sa.update(processes).where(*_of(run), processes.c.part <= run.part).values(values)
        with self._database.writing() as connection:
            row = connection.execute(turn.returning(processes.c.progress)).first()
            connection.commit()
        if row is None:
            return False, None
        return True, orjson.loads(row.progress) if row.progress else None

    def waiting(self, run: Run, pause: Pause) -> bool:
        """Whether it is still this run's turn, and so a later one has to go on."""
        same = processes.c.call == pause.call
        now = timestamp(self._clock.now())
        values = {
            "state": ProcessState.WAITING.value,
            "changed_at": now,
            "progress": orjson.dumps(pause.progress).decode(),
            "call": pause.call,
            "problem": pause.problem.value,
            "waiting_for": pause.waiting_for,
            "tries": sa.case((same, processes.c.tries + 1), else_=1),
            "since": sa.case((same, sa.func.coalesce(processes.c.since, now)), else_=now),
        }
        with self._database.writing() as connection:
            changed = connection.execute(
                sa.update(processes).where(*_of(run), processes.c.part == run.part).values(values)
            )
            if changed.rowcount == 1 and pause.fold is not None:
                _make_one(connection, run, pause.fold, now)
            connection.commit()
            return changed.rowcount == 1

    def answers(self, process: str, subject: str) -> dict[str, dict[str, Any]]:
        """What each step tried so far came to, by its name."""
        with self._database.reading() as connection:
            return read_answers(connection, process, subject)

    def keep_answer(self, process: str, subject: str, step: str, answer: dict[str, Any]) -> dict[str, Any]:
        """Record what a step came to. Where another node was first its answer counts, and is returned; so it does when
        that has become one with others since.
        """
        row = {
            "process": process,
            "subject": subject,
            "step": step,
            "answer": orjson.dumps(answer).decode(),
            "at": timestamp(self._clock.now()),
        }
        with self._database.writing() as connection:
            first = insert_once(connection, process_steps, row)
            # Looked for after the insert, which waits for whoever is making one of them at this moment.
            since = _folded(connection, process, subject, step) if first else None
            if since is not None:
                return since
            connection.commit()
        return answer if first else self.answers(process, subject)[step]

    def has_ended(self, process: str, subject: str) -> bool:
        """Asked again and again by whoever waits: a look-up by the primary key, which begins with the process."""
        with self._database.reading() as connection:
            return _HOW_FAR.execute(connection, {"of_process": process, "of_subject": subject}).scalar() in OVER

    def scheduled(self, process: str, subject: str) -> ScheduledProcess | None:
        """As it was asked for, or decided last."""
        with self._database.reading() as connection:
            query = _SCHEDULED.where(processes.c.process == process, processes.c.subject == subject)
            row = connection.execute(query).first()
            return None if row is None else ScheduledProcess(*row)

    def overdue(self, seconds: float, limit: int = 100) -> list[ScheduledProcess]:
        """Scheduled, not begun, and older than `seconds`: whoever committed them did not live to start them."""
        before = timestamp(self._clock.now() - timedelta(seconds=seconds))
        with self._database.reading() as connection:
            query = (
                _SCHEDULED.where(processes.c.state == ProcessState.SCHEDULED.value, processes.c.changed_at < before)
                .order_by(processes.c.changed_at)
                .limit(limit)
            )
            return [ScheduledProcess(*row) for row in connection.execute(query)]

    def forget_steps(self, before: datetime, after: str = "", limit: int = 500) -> str:
        """Remove the answers of processes that ended before, from `after` on. Returns how far it got.

        Those with something not undone are kept: a person may take them up again.
        """
        ended = (processes.c.state == ProcessState.ENDED.value, processes.c.changed_at < timestamp(before))
        columns = (processes.c.process, processes.c.subject, processes.c.changed_at)
        kept = sa.tuple_(process_steps.c.process, process_steps.c.subject)
        query = sa.select(*columns).where(*ended, processes.c.changed_at >= after)
        with self._database.reading() as connection:
            found = connection.execute(query.order_by(processes.c.changed_at).limit(limit)).all()
            if not found:
                return after
            those = sa.select(process_steps.c.process, process_steps.c.subject).distinct()
            left = connection.execute(those.where(kept.in_([(row.process, row.subject) for row in found]))).all()
        if left:
            with self._database.writing() as connection:
                connection.execute(sa.delete(process_steps).where(kept.in_([tuple(row) for row in left])))
                connection.commit()
        return str(found[-1].changed_at)


def read_answers(connection: sa.Connection, process: str, subject: str) -> dict[str, dict[str, Any]]:
    rows = _ANSWERS.execute(connection, {"of_process": process, "of_subject": subject})
    return {row.step: orjson.loads(row.answer) for row in rows}


def _make_one(connection: sa.Connection, run: Run, fold: Fold, now: str) -> None:
    ours = (process_steps.c.process == run.process, process_steps.c.subject == run.subject)
    answer = orjson.dumps({**fold.answer, "until": now}).decode()
    connection.execute(sa.update(process_steps).where(*ours, process_steps.c.step == fold.record).values(answer=answer))
    connection.execute(sa.delete(process_steps).where(*ours, process_steps.c.step.in_(fold.forgotten)))


def _folded(connection: sa.Connection, process: str, subject: str, step: str) -> dict[str, Any] | None:
    record = stands_for(step)
    if record is None:
        return None
    of = (process_steps.c.process == process, process_steps.c.subject == subject, process_steps.c.step == record)
    kept = connection.scalar(sa.select(process_steps.c.answer).where(*of))
    return None if kept is None else folded(step, orjson.loads(kept))


def _of(run: Run) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        processes.c.process == run.process,
        processes.c.subject == run.subject,
        processes.c.round == run.round,
        processes.c.state.not_in(OVER),
    )
