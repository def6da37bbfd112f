"""Old events are deleted, except the newest one of each subject: the next event is compared with its document."""

from datetime import datetime
from itertools import takewhile

import sqlalchemy as sa

from adapters.persistence.database import Database
from adapters.persistence.duties import NOTIFICATIONS
from adapters.persistence.encoding import timestamp
from adapters.persistence.event_stream import head
from adapters.persistence.stream_backlog import published_to
from adapters.persistence.tables import deliveries, duties, listeners, outbox

LOOKED_AT = 1000
"""Events that one transaction looks at."""
_NEXT = outbox.alias("next")
_IS_NOT_NEWEST = sa.exists().where(_NEXT.c.subject == outbox.c.subject, _NEXT.c.sequence > outbox.c.sequence)
_IS_LAST_OF_ALL = outbox.c.type.like("%Removed")
_WAITS = sa.exists().where(deliveries.c.number == outbox.c.number, deliveries.c.dead.is_(False))


class EventRetention:
    """Goes through the stream from its beginning, a part at a time, and begins again where events are not old.

    `platform` is the streaming platform that events are published to; None for none.
    """

    def __init__(self, database: Database, platform: str | None = None) -> None:
        self._database = database
        self._platform = platform
        self._after = 0

    def forget(self, before: datetime) -> bool:
        """Delete events older than `before` from the next part; returns whether there may be more.

        Events that wait to be delivered or published stay, and those that delivery has not taken up yet. So does the
        last event of all, whose number the next one follows.
        """
        text = timestamp(before)
        part = sa.select(outbox.c.number, outbox.c.at).where(outbox.c.number > self._after)
        with self._database.writing() as connection:
            rows = connection.execute(part.order_by(outbox.c.number).limit(LOOKED_AT)).all()
            old = [row.number for row in takewhile(lambda row: row.at < text, rows)]
            if old:
                these = (outbox.c.number > self._after, outbox.c.number <= min(old[-1], self._deletable(connection)))
                superseded = sa.or_(_IS_NOT_NEWEST, _IS_LAST_OF_ALL)
                connection.execute(sa.delete(outbox).where(*these, superseded, sa.not_(_WAITS)))
                connection.commit()
        more = len(old) == LOOKED_AT
        self._after = old[-1] if more else 0
        return more

    def _deletable(self, connection: sa.Connection) -> int:
        """The greatest number that nothing else needs."""
        needed = [head(connection) - 1]
        delivered = sa.select(duties.c.cursor).where(
            duties.c.name == NOTIFICATIONS, sa.exists(sa.select(listeners.c.id))
        )
        needed += connection.scalars(delivered)
        if self._platform is not None:
            needed.append(published_to(connection, self._platform))
        return min(needed)
