"""The recorded events, read by their numbers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapters.persistence.database import Database
from adapters.persistence.encoding import timestamp
from adapters.persistence.outbox import CONTEXT
from adapters.persistence.tables import outbox
from canonical.events.errors import EventNotFound
from canonical.events.ports import EVERYTHING, Wanted
from canonical.events.recorded import Origin, RecordedEvent
from canonical.shared import jsontext

NOT_HINTS = ("sequence", "at", CONTEXT)
"""Members of a payload that an event has elsewhere."""
_EVENTS = sa.select(outbox).where(outbox.c.number.is_not(None))
_WITHOUT_DOCUMENTS = _EVENTS.with_only_columns(
    *(sa.null().label(one.name) if one is outbox.c.document else one for one in outbox.c)
)


class SqlEventStream:
    def __init__(self, database: Database) -> None:
        self._database = database

    def head(self) -> int:
        with self._database.reading() as connection:
            return head(connection)

    def after(self, number: int, limit: int, wanted: Wanted = EVERYTHING) -> Sequence[RecordedEvent]:
        with self._database.reading() as connection:
            return events_after(connection, number, limit, wanted)

    def before_time(self, at: datetime) -> int:
        """Events are recorded shortly after they happen, and in another order: an event that happened before may come
        after this number.
        """
        first = sa.select(sa.func.min(outbox.c.number)).where(outbox.c.at >= timestamp(at))
        with self._database.reading() as connection:
            found = connection.scalar(first)
            return head(connection) if found is None else int(found) - 1

    def find(self, event_id: str) -> RecordedEvent:
        subject, _, sequence = event_id.rpartition("-")
        if sequence.isascii() and sequence.isdigit() and len(sequence) < 10:
            query = _EVENTS.where(outbox.c.subject == subject, outbox.c.sequence == int(sequence))
            with self._database.reading() as connection:
                row = connection.execute(query).first()
            if row is not None:
                return _event(row)
        raise EventNotFound("Event not found", eventId=event_id)


def head(connection: sa.Connection) -> int:
    """The last number; 0 for none."""
    return connection.scalar(sa.select(sa.func.max(outbox.c.number))) or 0


def events_after(
    connection: sa.Connection, number: int, limit: int, wanted: Wanted = EVERYTHING
) -> list[RecordedEvent]:
    """The events with greater numbers, in their order."""
    events = _EVENTS if wanted.documents else _WITHOUT_DOCUMENTS
    query = events.where(outbox.c.number > number).order_by(outbox.c.number).limit(limit)
    if wanted.types is not None:
        query = query.where(outbox.c.type.in_(sorted(wanted.types)))
    if wanted.subject_type is not None:
        query = query.where(outbox.c.subject_type == wanted.subject_type)
    if wanted.subject is not None:
        query = query.where(outbox.c.subject == wanted.subject)
    if wanted.up_to is not None:
        query = query.where(outbox.c.number <= wanted.up_to)
    return [_event(row) for row in connection.execute(query)]


def _event(row: Any) -> RecordedEvent:
    payload = jsontext.read_kept(row.payload)
    # Events of releases before the stream have none.
    context = payload.get(CONTEXT) or {}
    return RecordedEvent(
        number=row.number,
        type=row.type,
        at=datetime.fromisoformat(row.at),
        subject_type=row.subject_type,
        subject=row.subject,
        sequence=row.sequence,
        owner=context.get("owner", ""),
        customer_id=context.get("customer_id", ""),
        origin=Origin(context.get("actor", ""), context.get("correlation_id", ""), context.get("causation_id", "")),
        hints={name: value for name, value in payload.items() if name not in NOT_HINTS},
        document=row.document,
    )
