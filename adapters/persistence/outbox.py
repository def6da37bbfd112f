"""The events that wait to be delivered."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from adapters.persistence.database import Database
from adapters.persistence.tables import outbox


@dataclass(frozen=True, slots=True)
class WaitingEvents:
    """`count` is an upper bound; `oldest` is None where there are none."""

    count: int
    oldest: datetime | None


def waiting_events(database: Database) -> WaitingEvents:
    """Two look-ups by the primary key, however many there are: counting them would read them all. Transactions that
    were given up leave gaps in the positions.
    """
    query = sa.select(outbox.c.position, outbox.c.at)
    with database.reading() as connection:
        first = connection.execute(query.order_by(outbox.c.position).limit(1)).first()
        last = connection.execute(query.order_by(outbox.c.position.desc()).limit(1)).first()
    if first is None or last is None:
        return WaitingEvents(0, None)
    return WaitingEvents(last.position - first.position + 1, datetime.fromisoformat(first.at))
