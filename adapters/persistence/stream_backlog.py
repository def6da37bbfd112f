"""How far the events are published to a streaming platform."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from adapters.persistence.database import Database
from adapters.persistence.duties import duty_of_stream
from adapters.persistence.event_stream import head
from adapters.persistence.tables import duties, outbox


@dataclass(frozen=True, slots=True)
class StreamBacklog:
    """The number of the last published event, how many are to be published, and when the oldest of them happened."""

    published: int
    waiting: int
    oldest: datetime | None


def stream_backlog(database: Database, platform: str) -> StreamBacklog:
    with database.reading() as connection:
        published = published_to(connection, platform)
        last = head(connection)
        oldest = sa.select(outbox.c.at).where(outbox.c.number > published).order_by(outbox.c.number).limit(1)
        at = connection.scalar(oldest)
    return StreamBacklog(published, max(0, last - published), at and datetime.fromisoformat(at))


def published_to(connection: sa.Connection, platform: str) -> int:
    """The number of the last event that the platform has; 0 for none."""
    cursor = sa.select(duties.c.cursor).where(duties.c.name == duty_of_stream(platform))
    return connection.scalar(cursor) or 0
