"""The numbers of the stream, given to events that were committed.

Any node may do it, one at a time. Whoever holds the lock sees everything that holders before it numbered, because a
transaction gives its lock back after it has committed, and a statement sees what was committed before it began. Writers
are never waited for: an event of a transaction that is still open gets its number later.

On SQLite writers number their own events, and nothing waits here, except what a node of an earlier release records that
was not stopped for the upgrade.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from adapters.persistence.database import Database
from adapters.persistence.event_stream import head
from adapters.persistence.tables import outbox

MOST_AT_ONCE = 1000
FROZEN_MILLISECONDS = 2000
"""The server ends the transaction of a node that froze while it held the lock, so that another one can go on."""
LOCK = 622623
"""Of PostgreSQL's advisory locks; the migrations have the one before."""
_LOCK = sa.text(
    f"SELECT set_config('idle_in_transaction_session_timeout', '{FROZEN_MILLISECONDS}', true),"
    f" pg_try_advisory_xact_lock({LOCK})"
)
_WAITING = sa.select(outbox.c.position).where(outbox.c.number.is_(None))
_NUMBER = sa.text(
    "UPDATE outbox SET number = batch.place + (SELECT coalesce(max(number), 0) FROM outbox) FROM"
    " (SELECT position, row_number() OVER (ORDER BY position) AS place FROM"
    "  (SELECT position FROM outbox WHERE number IS NULL ORDER BY position LIMIT :most) AS waiting) AS batch"
    " WHERE outbox.position = batch.position"
)


class Numbering(StrEnum):
    """What came of an attempt to number what waits."""

    DONE = "done"
    MORE = "more"
    BUSY = "busy"
    """Another node is at it, and may have begun before the last commit here."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """The last number, how many committed events have none, and when the oldest of them happened."""

    head: int
    waiting: int
    oldest: datetime | None


class EventNumbers:
    def __init__(self, database: Database) -> None:
        self._database = database

    def head(self) -> int:
        """The last number that was given; 0 for none."""
        with self._database.reading() as connection:
            return head(connection)

    def backlog(self) -> Backlog:
        first = sa.select(sa.func.count(), sa.func.min(outbox.c.at)).where(outbox.c.number.is_(None))
        with self._database.reading() as connection:
            count, oldest = connection.execute(first).one()
            return Backlog(head(connection), count, oldest and datetime.fromisoformat(oldest))

    def give(self, most: int = MOST_AT_ONCE) -> Numbering:
        """Number committed events as they were recorded."""
        with self._database.reading() as connection:
            if connection.execute(_WAITING.limit(1)).first() is None:
                return Numbering.DONE
        with self._database.writing() as connection:
            if not self._database.sqlite and not connection.execute(_LOCK).one()[1]:
                return Numbering.BUSY
            given = connection.execute(_NUMBER, {"most": most}).rowcount
            connection.commit()
        return Numbering.MORE if given == most else Numbering.DONE
