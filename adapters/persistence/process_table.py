"""Which processes are wanted and how far they are; which nodes are alive. The engine's steps are kept elsewhere."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa
import structlog

from adapters.persistence.database import Database, insert_once
from adapters.persistence.encoding import timestamp
from adapters.persistence.prepared import Prepared
from adapters.persistence.tables import nodes, process_steps, processes
from canonical.shared.errors import ConcurrentChange
from canonical.shared.ports import Clock

BEFORE_ALL = "0001-01-01T00:00:00.000000Z"

_ANSWERS = Prepared(
    sa.select(process_steps.c.step, process_steps.c.answer).where(
        process_steps.c.process == sa.bindparam("of_process"), process_steps.c.subject == sa.bindparam("of_subject")
    )
)


class SqlProcessSchedule:
    """The schedule inside one transaction."""

    def __init__(self, connection: sa.Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    def schedule(self, process: str, subject: str) -> None:
        row = {
            "process": process,
            "subject": subject,
            "state": "scheduled",
            "changed_at": timestamp(self._clock.now()),
            "waiting_for": None,
            "correlation_id": structlog.contextvars.get_contextvars().get("correlation_id"),
        }
        if not insert_once(self._connection, processes, row):
            raise ConcurrentChange(f"{process} was scheduled for {subject} by somebody else")

    def started(self, process: str, subject: str) -> None:
        self._set(process, subject, "running")

    def ended(self, process: str, subject: str) -> None:
        self._set(process, subject, "ended")

    def _set(self, process: str, subject: str, state: str) -> None:
        set_state(self._connection, self._clock, process, subject, state)


def set_state(
    connection: sa.Connection, clock: Clock, process: str, subject: str, state: str, waiting_for: str | None = None
) -> None:
    changed_at = timestamp(clock.now())
    values = {"state": state, "changed_at": changed_at, "waiting_for": waiting_for}
    _SET_STATE.execute(connection, values | {"of_process": process, "of_subject": subject})


_SET_STATE = Prepared(
    sa.update(processes)
    .where(processes.c.process == sa.bindparam("of_process"), processes.c.subject == sa.bindparam("of_subject"))
    .values({name: sa.bindparam(name) for name in ("state", "changed_at", "waiting_for")})
)


@dataclass(frozen=True)
class ScheduledProcess:
    process: str
    subject: str
    correlation_id: str | None


class ProcessTable:
    """The schedule and the nodes as the engine sees them, each call a transaction of its own."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def waiting(self, process: str, subject: str, waiting_for: str) -> None:
        with self._database.writing() as connection:
            set_state(connection, self._clock, process, subject, "waiting", waiting_for)
            connection.commit()

    def answers(self, process: str, subject: str) -> dict[str, dict[str, Any]]:
        """What each step tried so far came to, by its name."""
        with self._database.reading() as connection:
            rows = _ANSWERS.execute(connection, {"of_process": process, "of_subject": subject})
            return {row.step: orjson.loads(row.answer) for row in rows}

    def keep_answer(self, process: str, subject: str, step: str, answer: dict[str, Any]) -> dict[str, Any]:
        """Record what a step came to. Where another node was first its answer counts, and is returned."""
        row = {
            "process": process,
            "subject": subject,
            "step": step,
            "answer": orjson.dumps(answer).decode(),
            "at": timestamp(self._clock.now()),
        }
        with self._database.writing() as connection:
            first = insert_once(connection, process_steps, row)
            connection.commit()
        return answer if first else self.answers(process, subject)[step]

    def has_ended(self, subject: str) -> bool:
        with self._database.reading() as connection:
            query = sa.select(processes.c.state).where(processes.c.subject == subject)
            return connection.scalar(query) == "ended"

    def overdue(self, seconds: float, limit: int = 100) -> list[ScheduledProcess]:
        """Scheduled, not begun, and older than `seconds`: whoever committed them did not live to start them."""
        with self._database.reading() as connection:
            query = (
                sa.select(processes.c.process, processes.c.subject, processes.c.correlation_id)
                .where(processes.c.state == "scheduled", processes.c.changed_at < self._before(seconds))
                .order_by(processes.c.changed_at)
                .limit(limit)
            )
            return [ScheduledProcess(row.process, row.subject, row.correlation_id) for row in connection.execute(query)]

    def beat(self, node: str) -> None:
        """This node is alive. A node that was given up for dead and comes back is alive again."""
        with self._database.writing() as connection:
            at = timestamp(self._clock.now())
            values = {"beat_at": at, "heir": None}
            if not connection.execute(sa.update(nodes).where(nodes.c.id == node).values(values)).rowcount:
                connection.execute(sa.insert(nodes), {"id": node, **values})
            connection.commit()

    def inherit(self, heir: str, lease_seconds: float) -> list[str]:
        """The dead nodes that `heir`, and nobody else, is to take over: no beat for `lease_seconds`, no living heir."""
        with self._database.writing() as connection:
            lately = self._before(lease_seconds)
            others = nodes.alias()
            living = sa.select(others.c.id).where(others.c.beat_at >= lately)
            unclaimed = sa.or_(nodes.c.heir.is_(None), nodes.c.heir.not_in(living))
            connection.execute(
                sa.update(nodes).where(nodes.c.id != heir, nodes.c.beat_at < lately, unclaimed).values(heir=heir)
            )
            inherited = list(connection.scalars(sa.select(nodes.c.id).where(nodes.c.heir == heir)))
            connection.commit()
            return inherited

    def retire(self, node: str) -> None:
        """End the node's lease now."""
        with self._database.writing() as connection:
            connection.execute(sa.update(nodes).where(nodes.c.id == node).values(beat_at=BEFORE_ALL))
            connection.commit()

    def bury(self, node: str) -> None:
        """Forget a node whose processes have been taken over."""
        with self._database.writing() as connection:
            connection.execute(sa.delete(nodes).where(nodes.c.id == node))
            connection.commit()

    def _before(self, seconds: float) -> str:
        moment: datetime = self._clock.now() - timedelta(seconds=seconds)
        return timestamp(moment)
