"""The status of each process: the only store of the scheduled processes, their turns, and the outcomes of
their calls.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog

from adapters.persistence.database import Database, insert_once
from adapters.persistence.encoding import timestamp
from adapters.persistence.prepared import Prepared
from adapters.persistence.retention import delete_each
from adapters.persistence.tables import process_steps, processes
from canonical.processes.process_status import Problem, ProcessState
from canonical.processes.records import UNTIL
from canonical.processes.retry_compaction import CompactedRetries, compacted_answer, stands_for
from canonical.shared import jsontext, tracing
from canonical.shared.errors import ConcurrentChange
from canonical.shared.ports import Clock

OVER = (ProcessState.ENDED, ProcessState.FALLOUT)
_NEW = dict.fromkeys(column.name for column in processes.columns) | {"turn": 0, "tries": 0}
_ONE = (processes.c.process == sa.bindparam("of_process"), processes.c.subject == sa.bindparam("of_subject"))
OPEN = processes.c.state.not_in([sa.literal_column(f"'{state}'") for state in OVER])
"""Written like the condition of the index of processes that wait for a node, which is used only then."""
NO_NODE = (processes.c.node.is_(None), OPEN)
"""Of processes that wait for a node."""
_ANSWERS = Prepared(
    sa.select(process_steps.c.step, process_steps.c.answer).where(
        process_steps.c.process == sa.bindparam("of_process"), process_steps.c.subject == sa.bindparam("of_subject")
    )
)
_HOW_FAR = Prepared(sa.select(processes.c.state).where(*_ONE))
_TAKE_TURN = Prepared(
    sa.update(processes)
    .where(*_ONE, OPEN, sa.or_(processes.c.node.is_(None), processes.c.node == sa.bindparam("of_node")))
    .values(
        state=sa.literal_column(f"'{ProcessState.RUNNING}'"),
        turn=processes.c.turn + sa.literal_column("1"),
        node=sa.bindparam("node"),
        changed_at=sa.bindparam("changed_at"),
    )
    .returning(processes.c.turn, processes.c.progress, processes.c.correlation_id, processes.c.traceparent)
)
_AT_END = ("state", "changed_at", "node", "waiting_for", "progress", "call", "problem", "tries", "since")
_END = Prepared(
    sa.update(processes)
    .where(*_ONE, processes.c.turn == sa.bindparam("of_turn"), OPEN)
    .values({name: sa.bindparam(name) for name in _AT_END})
)


@dataclass(frozen=True, slots=True)
class Turn:
    """The right to run a process, until the next turn is taken.

    `progress` is that of the last pause, None before the first. `correlation_id` and `traceparent` are those of the
    request that started the process.
    """

    process: str
    subject: str
    number: int
    progress: Mapping[str, Any] | None = None
    correlation_id: str | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Why a run pauses, and where it continues. `compaction`: the attempts at the call, compacted into one record."""

    progress: Mapping[str, Any]
    call: str
    problem: Problem
    waiting_for: str
    compaction: CompactedRetries | None = None


class SqlProcessSchedule:
    """The schedule inside one transaction. `wanted` are the processes to run after it has committed."""

    def __init__(self, connection: sa.Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self.wanted: list[tuple[str, str]] = []

    def schedule(self, process: str, subject: str, client: str) -> None:
        row = {
            "process": process,
            "subject": subject,
            "client": client,
            "state": ProcessState.SCHEDULED.value,
            "changed_at": timestamp(self._clock.now()),
            "correlation_id": structlog.contextvars.get_contextvars().get("correlation_id"),
            "traceparent": tracing.traceparent(),
        }
        if not insert_once(self._connection, processes, _NEW | row):
            raise ConcurrentChange(f"{process} was scheduled for {subject} by somebody else")
        self.wanted.append((process, subject))

    def take_turn(self, process: str, subject: str, node: str) -> Turn | None:
        """Take the next turn for a run on `node`. None if the process has ended or another node has it."""
        values = {"of_process": process, "of_subject": subject, "of_node": node, "node": node}
        values["changed_at"] = timestamp(self._clock.now())
        row = _TAKE_TURN.execute(self._connection, values).first()
        if row is None:
            return None
        progress = jsontext.read_kept(row.progress) if row.progress else None
        return Turn(process, subject, row.turn, progress, row.correlation_id, row.traceparent)

    def end(self, turn: Turn, fallen_out: Mapping[str, Any] | None = None) -> bool:
        """End the process, if this turn is still the last one; returns whether it is.

        `fallen_out` is the progress, as JSON, of a process that ended with something not undone.
        """
        row = dict.fromkeys(_AT_END) | {"state": ProcessState.ENDED.value, "tries": 0}
        row["changed_at"] = timestamp(self._clock.now())
        if fallen_out is not None:
            row |= {
                "state": ProcessState.FALLOUT.value,
                "progress": jsontext.text(fallen_out),
                "problem": Problem.NOT_UNDONE.value,
            }
        of = {"of_process": turn.process, "of_subject": turn.subject, "of_turn": turn.number}
        return _END.execute(self._connection, row | of).rowcount == 1


class ProcessTable:
    """The schedule for the engine; each call is a transaction of its own."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def pause(self, turn: Turn, pause: Pause) -> bool:
        """Record the pause, if this turn is still the last one; returns whether it is, so that the node continues after
        it.
        """
        same = processes.c.call == pause.call
        now = timestamp(self._clock.now())
        values = {
            "state": ProcessState.WAITING.value,
            "changed_at": now,
            "progress": jsontext.text(pause.progress),
            "call": pause.call,
            "problem": pause.problem.value,
            "waiting_for": pause.waiting_for,
            "tries": sa.case((same, processes.c.tries + 1), else_=1),
            "since": sa.case((same, sa.func.coalesce(processes.c.since, now)), else_=now),
        }
        with self._database.writing() as connection:
            changed = connection.execute(sa.update(processes).where(*_of(turn)).values(values))
            if changed.rowcount == 1 and pause.compaction is not None:
                _make_one(connection, turn, pause.compaction, now)
            connection.commit()
            return changed.rowcount == 1

    def answers(self, process: str, subject: str) -> dict[str, dict[str, Any]]:
        """The outcome of each attempted step, by its name."""
        with self._database.reading() as connection:
            return read_answers(connection, process, subject)

    def keep_answer(self, process: str, subject: str, step: str, answer: dict[str, Any]) -> dict[str, Any]:
        """First writer wins: returns the stored answer, or the record that it has been compacted into."""
        row = {
            "process": process,
            "subject": subject,
            "step": step,
            "answer": jsontext.text(answer),
            "at": timestamp(self._clock.now()),
        }
        with self._database.writing() as connection:
            first = insert_once(connection, process_steps, row)
            # Read after the insert, which waits for a concurrent insert of the same record.
            since = _compacted_answer(connection, process, subject, step) if first else None
            if since is not None:
                return since
            connection.commit()
        return answer if first else self.answers(process, subject)[step]

    def has_ended(self, process: str, subject: str) -> bool:
        """Waiting requests ask this repeatedly, so it is a look-up by the primary key, which begins with
        the process.
        """
        with self._database.reading() as connection:
            return _HOW_FAR.execute(connection, {"of_process": process, "of_subject": subject}).scalar() in OVER

    def forget_steps(self, before: datetime, after: str = "", limit: int = 500) -> str:
        """Delete the answers of processes that ended before, starting after `after`.

        Returns the position that it reached. Fallouts keep theirs, because a person may restart them.
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
            listed = kept.in_([(row.process, row.subject) for row in found])
            left = [dict(row) for row in connection.execute(those.where(listed)).mappings()]
        if left:
            with self._database.writing() as connection:
                delete_each(connection, process_steps, left)
                connection.commit()
        return str(found[-1].changed_at)


def read_answers(connection: sa.Connection, process: str, subject: str) -> dict[str, dict[str, Any]]:
    rows = _ANSWERS.execute(connection, {"of_process": process, "of_subject": subject})
    return {row.step: jsontext.read_kept(row.answer) for row in rows}


def _make_one(connection: sa.Connection, turn: Turn, compaction: CompactedRetries, now: str) -> None:
    ours = (process_steps.c.process == turn.process, process_steps.c.subject == turn.subject)
    answer = jsontext.text({**compaction.answer, UNTIL: now})
    connection.execute(
        sa.update(process_steps).where(*ours, process_steps.c.step == compaction.record).values(answer=answer)
    )
    connection.execute(sa.delete(process_steps).where(*ours, process_steps.c.step.in_(compaction.forgotten)))


def _compacted_answer(connection: sa.Connection, process: str, subject: str, step: str) -> dict[str, Any] | None:
    record = stands_for(step)
    if record is None:
        return None
    of = (process_steps.c.process == process, process_steps.c.subject == subject, process_steps.c.step == record)
    kept = connection.scalar(sa.select(process_steps.c.answer).where(*of))
    return None if kept is None else compacted_answer(step, jsontext.read_kept(kept))


def _of(turn: Turn) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        processes.c.process == turn.process,
        processes.c.subject == turn.subject,
        processes.c.turn == turn.number,
        OPEN,
    )
