"""The status of processes for operators, and their decisions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapters.persistence.database import Database, insert_once
from adapters.persistence.encoding import timestamp
from adapters.persistence.process_table import NO_NODE, SqlProcessSchedule, read_answers
from adapters.persistence.slices import sliced, time_text
from adapters.persistence.sqlite_functions import microseconds
from adapters.persistence.tables import process_steps, processes
from canonical.processes.errors import ProcessNotFound
from canonical.processes.process_status import Problem, ProcessState, ProcessStatus
from canonical.processes.records import DECIDED
from canonical.shared import jsontext
from canonical.shared.paging import Found, Position, Slice

SINCE = sa.func.coalesce(processes.c.since, processes.c.changed_at)
LOOKED_AT = 1_000_000
"""Processes are counted up to this number."""


class SqlProcesses(SqlProcessSchedule):
    """The schedule, and the operations that a decision needs, inside one transaction."""

    def status(self, process: str, subject: str) -> ProcessStatus:
        """The row is locked on PostgreSQL, as the whole database is on SQLite. Raises ProcessNotFound."""
        row = self._connection.execute(sa.select(processes).where(*_one(process, subject)).with_for_update()).first()
        if row is None:
            raise ProcessNotFound("Process not found", process=process, subject=subject)
        return _read(row)

    def answers(self, process: str, subject: str) -> dict[str, dict[str, Any]]:
        return read_answers(self._connection, process, subject)

    def take_up_again(
        self, process: str, subject: str, progress: Mapping[str, Any], decided: Mapping[str, dict[str, Any]]
    ) -> None:
        now = timestamp(self._clock.now())
        for record, answer in decided.items():
            row = {"process": process, "subject": subject, "step": f"{DECIDED}{record}", "at": now}
            insert_once(self._connection, process_steps, row | {"answer": jsontext.text(answer)})
        values = {
            "state": ProcessState.SCHEDULED.value,
            "changed_at": now,
            "progress": jsontext.text(progress),
            "node": None,
            "turn": processes.c.turn + 1,
        }
        self._connection.execute(sa.update(processes).where(*_one(process, subject)).values(values))
        self.wanted.append((process, subject))


class SqlProcessReads:
    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self,
        states: frozenset[ProcessState],
        before: datetime | None,
        waiting_for: str | None,
        part: Slice,
    ) -> Found[ProcessStatus]:
        """The processes in one of `states` whose problem began before `before`, those with the oldest problem first."""
        where: list[sa.ColumnElement[bool]] = [processes.c.state.in_(sorted(states))]
        if before is not None:
            where.append(timestamp(before) >= SINCE)
        if waiting_for is not None:
            where.append(processes.c.waiting_for.icontains(waiting_for, autoescape=True))
        at = processes.c.changed_at if states == {ProcessState.ENDED} else SINCE
        page = sa.select(processes, at.label("at")).where(*where).order_by(at, processes.c.subject)
        count = sa.select(sa.func.count()).select_from(
            sa.select(processes.c.subject).where(*where).limit(LOOKED_AT).subquery()
        )
        with self._database.reading() as connection:
            found = [*connection.execute(sliced(page, part, lambda after: _after(at, after)))]
            last = found[part.limit - 1] if len(found) > part.limit > 0 else None
            return Found(
                [_read(row) for row in found[: part.limit]],
                connection.scalar(count) or 0,
                last and Position((microseconds(last.at),), last.subject),
            )

    def answers(self, process: str, subject: str) -> list[tuple[str, datetime, dict[str, Any]]]:
        """The outcomes of its calls: record name, time, answer; oldest first."""
        query = sa.select(process_steps).where(process_steps.c.process == process, process_steps.c.subject == subject)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(process_steps.c.at, process_steps.c.step)).all()
        return [(row.step, datetime.fromisoformat(row.at), jsontext.read_kept(row.answer)) for row in rows]

    def counts(self) -> dict[tuple[ProcessState, Problem | None], tuple[int, datetime]]:
        """The number of processes that have not ended, and the time of the oldest."""
        columns = (processes.c.state, processes.c.problem, sa.func.count(), sa.func.min(SINCE))
        query = sa.select(*columns).where(processes.c.state.in_([state for state in ProcessState if state != "ended"]))
        with self._database.reading() as connection:
            rows = connection.execute(query.group_by(processes.c.state, processes.c.problem)).all()
        return {
            (ProcessState(state), problem and Problem(problem)): (count, datetime.fromisoformat(oldest))
            for state, problem, count, oldest in rows
        }

    def oldest_of_clients(self) -> dict[str, datetime]:
        """Since when the oldest process of each client waits for a node."""
        query = sa.select(processes.c.client, sa.func.min(processes.c.changed_at)).where(*NO_NODE)
        with self._database.reading() as connection:
            rows = connection.execute(query.group_by(processes.c.client)).all()
        return {client: datetime.fromisoformat(oldest) for client, oldest in rows}

    def backlog(self) -> dict[str, tuple[int, datetime]]:
        """The number of processes that no node has taken, by process, and since when the oldest of them waits."""
        columns = (processes.c.process, sa.func.count(), sa.func.min(processes.c.changed_at))
        query = sa.select(*columns).where(*NO_NODE).group_by(processes.c.process)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return {process: (count, datetime.fromisoformat(oldest)) for process, count, oldest in rows}


def _one(process: str, subject: str) -> tuple[sa.ColumnElement[bool], ...]:
    return processes.c.process == process, processes.c.subject == subject


def _after(at: sa.ColumnElement[str], after: Position) -> sa.ColumnElement[bool]:
    [mark] = after.marks
    assert isinstance(mark, int), "every process has a time"
    return sa.tuple_(at, processes.c.subject) > sa.tuple_(sa.literal(time_text(mark)), sa.literal(after.key))


def _read(row: Any) -> ProcessStatus:
    return ProcessStatus(
        process=row.process,
        subject=row.subject,
        state=ProcessState(row.state),
        since=datetime.fromisoformat(row.since or row.changed_at),
        changed_at=datetime.fromisoformat(row.changed_at),
        tries=row.tries,
        call=row.call or None,
        waiting_for=row.waiting_for,
        problem=row.problem and Problem(row.problem),
        correlation_id=row.correlation_id,
        progress=row.progress and jsontext.read_kept(row.progress),
    )
