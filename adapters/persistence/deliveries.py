"""What waits to be delivered to listeners, and the results of the tries."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from adapters.persistence.audit import insert_record
from adapters.persistence.database import Database
from adapters.persistence.duties import NOTIFICATIONS, DutyTable
from adapters.persistence.event_stream import events_after, head
from adapters.persistence.listeners import SqlListenerRepository, loaded_listener, loaded_status
from adapters.persistence.prepared import Prepared
from adapters.persistence.tables import deliveries, delivery_attempts, delivery_status, listeners, outbox
from canonical.audit.record import AuditRecord
from canonical.events.recorded import RecordedEvent
from canonical.listeners.delivery import Attempt, Delivery, DeliveryStatus
from canonical.listeners.listener import Listener
from canonical.shared.ports import Identities

_COLUMNS = tuple(column.name for column in deliveries.columns)
_ONE = (deliveries.c.listener_id == sa.bindparam("of_listener"), deliveries.c.number == sa.bindparam("of_number"))
_REMOVE = Prepared(sa.delete(deliveries).where(*_ONE))
_LOG = Prepared(sa.insert(delivery_attempts).values({name: sa.bindparam(name) for name in Attempt.__slots__}))
_TRIED = ("tries", "due", "problem", "dead")
_UPDATE = sa.update(deliveries).where(*_ONE).values({name: sa.bindparam(f"new_{name}") for name in _TRIED})
_OWN = ("cursor", "failures", "failing_since")
"""What only the node that delivers writes."""
_SHARED = ("state", "reason", "replay_after")
"""What the owner of the listener writes, too: a change of the owner's counts."""
_BEFORE = (
    sa.select(outbox.c.document)
    .where(
        outbox.c.subject == sa.bindparam("of_subject"),
        outbox.c.sequence < sa.bindparam("of_sequence"),
        outbox.c.document.is_not(None),
    )
    .order_by(outbox.c.sequence.desc())
    .limit(1)
)


_WITHOUT_STATUS = sa.select(listeners.c.id).where(
    ~sa.exists().where(delivery_status.c.listener_id == listeners.c.id).correlate(listeners)
)
MOST_FORGOTTEN = 1000
"""Rows of each kind that one transaction deletes."""


def _forgotten(table: sa.Table, *which: sa.ColumnElement[bool]) -> sa.Delete:
    key = sa.tuple_(*table.primary_key.columns)
    return sa.delete(table).where(key.in_(sa.select(*table.primary_key.columns).where(*which).limit(MOST_FORGOTTEN)))


def _has_no_listener(table: sa.Table) -> sa.ColumnElement[bool]:
    return ~sa.exists().where(listeners.c.id == table.c.listener_id).correlate(table)


_FORGOTTEN = (
    _forgotten(delivery_attempts, delivery_attempts.c.at < sa.bindparam("before")),
    _forgotten(deliveries, _has_no_listener(deliveries)),
    _forgotten(
        deliveries,
        deliveries.c.dead.is_(True),
        ~sa.exists().where(outbox.c.number == deliveries.c.number).correlate(deliveries),
    ),
    _forgotten(delivery_status, _has_no_listener(delivery_status)),
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the product did about a listener by itself, for the audit."""

    listener: Listener
    operation: str
    reason: str


@dataclass
class Round:
    """What one round of the delivering node writes. `status` are changed statuses, `ended` listeners to remove."""

    new: list[Delivery] = field(default_factory=list)
    delivered: list[Delivery] = field(default_factory=list)
    failed: list[Delivery] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    status: dict[str, DeliveryStatus] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any((self.new, self.delivered, self.failed, self.attempts, self.status, self.ended, self.evidence))


class DeliveryTable:
    """For the node that delivers; each call is a transaction of its own."""

    def __init__(self, database: Database, duty: DutyTable, identities: Identities) -> None:
        self._database = database
        self._duty = duty
        self._identities = identities

    def listeners(self) -> list[tuple[Listener, DeliveryStatus]]:
        """All of them. One without a status, from a process of the release before, gets one."""
        with self._database.reading() as connection:
            without = connection.execute(_WITHOUT_STATUS.limit(1)).first()
            if without is None:
                return [(loaded_listener(row), loaded_status(row)) for row in connection.execute(REPORTS)]
        with self._database.writing() as connection:
            for (listener_id,) in connection.execute(_WITHOUT_STATUS).all():
                SqlListenerRepository(connection).status(listener_id)
            connection.commit()
            return [(loaded_listener(row), loaded_status(row)) for row in connection.execute(REPORTS)]

    def waiting(self, listener_id: str) -> list[Delivery]:
        """What is to be sent to a listener, oldest first."""
        query = sa.select(deliveries).where(deliveries.c.listener_id == listener_id, deliveries.c.dead.is_(False))
        with self._database.reading() as connection:
            return [loaded_delivery(row) for row in connection.execute(query.order_by(deliveries.c.number))]

    def head(self) -> int:
        """The number of the last event."""
        with self._database.reading() as connection:
            return head(connection)

    def events_after(self, number: int, limit: int) -> list[RecordedEvent]:
        with self._database.reading() as connection:
            return events_after(connection, number, limit)

    def event(self, number: int) -> RecordedEvent | None:
        """The event with this number; None if it is not kept any more."""
        found = self.events_after(number - 1, 1)
        return found[0] if found and found[0].number == number else None

    def before(self, event: RecordedEvent) -> str | None:
        """The document of its subject before it; None for none."""
        if event.sequence == 1:
            return None
        asked = {"of_subject": event.subject, "of_sequence": event.sequence}
        with self._database.reading() as connection:
            found = connection.scalar(_BEFORE, asked)
        return None if found is None else str(found)

    def write(self, node: str, milliseconds: int, cursor: int, done: Round) -> bool:
        """Keep all of it, if the node still has the duty; otherwise nothing. Returns which."""
        with self._database.writing() as connection:
            if not self._duty.beat(connection, node, milliseconds, cursor):
                return False
            _write(connection, done)
            for one in done.evidence:
                insert_record(connection, self._record(one))
            connection.commit()
        return True

    def _record(self, one: Evidence) -> AuditRecord:
        return AuditRecord(
            id=self._identities.new_id(),
            at=datetime.now(UTC),
            client=one.listener.owner,
            operation=one.operation,
            correlation_id=NOTIFICATIONS,
            status=200,
            subject_type="listener",
            subject=one.listener.id,
            reason=one.reason,
        )

    def forget(self, before: str) -> bool:
        """Delete a part of the log before that time, and of what is left of listeners and events that are not there any
        more. Returns whether there is more.
        """
        with self._database.writing() as connection:
            deleted = [connection.execute(one, {"before": before}).rowcount for one in _FORGOTTEN]
            connection.commit()
        return MOST_FORGOTTEN in deleted


def _write(connection: sa.Connection, done: Round) -> None:
    if done.new:
        connection.execute(_insert_new(connection.dialect.name), [_row(one) for one in done.new])
    _REMOVE.execute_many(connection, [_key(one) for one in done.delivered])
    if done.failed:
        rows = [_key(one) | {f"new_{name}": getattr(one, name) for name in _TRIED} for one in done.failed]
        connection.execute(_UPDATE, rows)
    _LOG.execute_many(connection, [{name: getattr(one, name) for name in Attempt.__slots__} for one in done.attempts])
    for one in done.status.values():
        its = sa.update(delivery_status).where(delivery_status.c.listener_id == one.listener_id)
        connection.execute(its.values({name: getattr(one, name) for name in _OWN}))
        unchanged = its.where(delivery_status.c.turn == one.turn)
        connection.execute(unchanged.values({name: getattr(one, name) for name in _SHARED}))
    for listener_id in done.ended:
        SqlListenerRepository(connection).remove(listener_id)


@cache
def _insert_new(dialect: str) -> Any:
    """Insert deliveries. One that exists already starts anew, so that a replay sends it again."""
    insert = (sqlite.insert if dialect == "sqlite" else postgresql.insert)(deliveries)
    again = {name: insert.excluded[name] for name in _TRIED}
    return insert.on_conflict_do_update(index_elements=["listener_id", "number"], set_=again)


def _row(one: Delivery) -> dict[str, Any]:
    return {name: getattr(one, name) for name in _COLUMNS}


def _key(one: Delivery) -> dict[str, Any]:
    return {"of_listener": one.listener_id, "of_number": one.number}


def loaded_delivery(row: Any) -> Delivery:
    return Delivery(**{name: getattr(row, name) for name in _COLUMNS})


def status_columns() -> Collection[sa.Column[Any]]:
    return [delivery_status.c[name] for name in DeliveryStatus.__slots__]


REPORTS = sa.select(listeners, *status_columns()).join(delivery_status, delivery_status.c.listener_id == listeners.c.id)
"""Listeners, each with its status."""
