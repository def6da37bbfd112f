"""The events that wait to be delivered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapters.persistence.database import Database
from adapters.persistence.encoding import encoded, timestamp
from adapters.persistence.prepared import Prepared
from adapters.persistence.tables import outbox
from canonical.shared.aggregates import Event, Kind

COLUMNS = ("subject_type", "subject", "sequence", "type", "at", "payload")
_INSERT = Prepared(sa.insert(outbox).values({name: sa.bindparam(name) for name in COLUMNS}))


@dataclass(frozen=True, slots=True)
class WaitingEvents:
    """`count` is an upper bound; `oldest` is None where there are none."""

    count: int
    oldest: datetime | None


def insert_event(connection: sa.Connection, kind: Kind[Any], subject: str, event: Event) -> None:
    """Record an event, to be delivered after this transaction has committed. `subject` is the id of an aggregate of
    this kind.
    """
    row = {
        "subject_type": kind.name,
        "subject": subject,
        "sequence": event.sequence,
        "type": f"{kind.event_prefix}{type(event).__name__}",
        "at": timestamp(event.at),
        "payload": encoded(event),
    }
    _INSERT.execute(connection, row)


def waiting_events(database: Database) -> WaitingEvents:
    """Two look-ups by the primary key: counting would read all events. Rolled back transactions leave gaps in the
    positions.
    """
    query = sa.select(outbox.c.position, outbox.c.at)
    with database.reading() as connection:
        first = connection.execute(query.order_by(outbox.c.position).limit(1)).first()
        last = connection.execute(query.order_by(outbox.c.position.desc()).limit(1)).first()
    if first is None or last is None:
        return WaitingEvents(0, None)
    return WaitingEvents(last.position - first.position + 1, datetime.fromisoformat(first.at))
