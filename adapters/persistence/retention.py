"""Deletes what is older than it is to be kept: audit records, idempotency keys and processes."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from time import monotonic

import sqlalchemy as sa

from adapters.persistence.audit import made_before
from adapters.persistence.database import Database
from adapters.persistence.encoding import timestamp
from adapters.persistence.tables import audit, idempotency_keys, process_steps, processes
from canonical.processes.process_status import ProcessState

AT_ONCE = 1000
"""Rows that one transaction deletes."""
PART_SECONDS, ROUND_SECONDS = 0.5, 600.0
"""Between two parts, and between two rounds."""

Forget = Callable[[datetime], bool]
"""Deletes some of what is older than that. Returns whether there may be more."""


class Keeping:
    """Deletes what is older than `seconds`. Call `tend` as often as you like."""

    def __init__(self, forget: Forget, seconds: float, now: Callable[[], datetime]) -> None:
        self._forget = forget
        self._seconds = seconds
        self._now = now
        self._due = 0.0

    def tend(self) -> None:
        if monotonic() < self._due:
            return
        self._due = monotonic() + ROUND_SECONDS  # after a failure, too, so that it keeps nothing else from its turn
        if self._forget(self._now() - timedelta(seconds=self._seconds)):
            self._due = monotonic() + PART_SECONDS


class Retention:
    """Deletes in the order of time, so that the database reads and frees the oldest pages of each table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def forget_audit(self, before: datetime) -> bool:
        old = sa.select(audit.c.id).where(made_before(before)).order_by(audit.c.id)
        return self._delete(audit, old)

    def forget_keys(self, before: datetime) -> bool:
        created = idempotency_keys.c.created_at
        old = sa.select(idempotency_keys.c.owner, idempotency_keys.c.key).where(created < timestamp(before))
        return self._delete(idempotency_keys, old.order_by(created))

    def forget_processes(self, before: datetime) -> bool:
        """With their calls. Only processes that ended: a person may have to decide about the others."""
        ended = (processes.c.state == ProcessState.ENDED.value, processes.c.changed_at < timestamp(before))
        old = sa.select(processes.c.process, processes.c.subject).where(*ended).order_by(processes.c.changed_at)
        return self._delete(processes, old, process_steps)

    def _delete(self, table: sa.Table, old: sa.Select[tuple[str, ...]], *belonging: sa.Table) -> bool:
        """Delete these rows by their key, and those of other tables that have the same key."""
        with self._database.reading() as connection:
            keys = [dict(row) for row in connection.execute(old.limit(AT_ONCE)).mappings()]
        if keys:
            with self._database.writing() as connection:
                for one in (*belonging, table):
                    delete_each(connection, one, keys)
                connection.commit()
        return len(keys) == AT_ONCE


def delete_each(connection: sa.Connection, table: sa.Table, keys: Sequence[Mapping[str, str]]) -> None:
    """Delete the rows with each of these keys. One after the other: SQLite 3.40 reads the whole table for a list of
    keys with several columns.
    """
    with_key = [table.c[name] == sa.bindparam(f"of_{name}") for name in keys[0]]
    connection.execute(
        sa.delete(table).where(*with_key), [{f"of_{name}": value for name, value in key.items()} for key in keys]
    )
