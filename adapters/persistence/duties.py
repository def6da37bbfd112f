"""Work that one node at a time does.

No times of several machines are compared: the node that has a duty counts its heartbeats, and the others watch whether
the count changes. It also counts the milliseconds for which nodes have had the duty: by this clock, waits go on where
the node before left them.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from adapters.persistence.database import Database, insert_once
from adapters.persistence.tables import duties

NOTIFICATIONS = "notifications"
"""The duty to deliver notifications."""


def duty_of_stream(platform: str) -> str:
    """The duty to publish to a streaming platform. Each platform has its own cursor."""
    return f"stream-{platform}"


@dataclass(frozen=True, slots=True)
class DutyRow:
    """`node` has the duty; it is empty if no node has it."""

    node: str
    beats: int
    milliseconds: int
    cursor: int


class DutyTable:
    """One duty; each call is a transaction of its own, except `beat`."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name

    def read(self) -> DutyRow:
        with self._database.reading() as connection:
            row = connection.execute(sa.select(duties).where(duties.c.name == self._name)).first()
        return DutyRow("", 0, 0, 0) if row is None else DutyRow(row.node, row.beats, row.milliseconds, row.cursor)

    def take(self, node: str, seen: DutyRow) -> bool:
        """Take the duty if its row has not changed since it was read."""
        new = {"name": self._name, "node": "", "beats": 0, "milliseconds": 0, "cursor": 0}
        with self._database.writing() as connection:
            insert_once(connection, duties, new)
            as_seen = (duties.c.name == self._name, duties.c.node == seen.node, duties.c.beats == seen.beats)
            taken = sa.update(duties).where(*as_seen).values(node=node, beats=duties.c.beats + 1)
            found = connection.execute(taken).rowcount == 1
            connection.commit()
        return found

    def leave(self, node: str) -> None:
        mine = (duties.c.name == self._name, duties.c.node == node)
        with self._database.writing() as connection:
            connection.execute(sa.update(duties).where(*mine).values(node=""))
            connection.commit()

    def advance(self, node: str, milliseconds: int, cursor: int) -> bool:
        """Keep the cursor and count a heartbeat, if the node still has the duty. Returns whether it has."""
        with self._database.writing() as connection:
            found = self.beat(connection, node, milliseconds, cursor)
            connection.commit()
        return found

    def rewind(self, cursor: int) -> bool:
        """Move the cursor back, and take the duty from the node that has it: it goes on from there. Returns whether the
        cursor was beyond.
        """
        beyond = (duties.c.name == self._name, duties.c.cursor > cursor)
        values = {"node": "", "beats": duties.c.beats + 1, "cursor": cursor}
        with self._database.writing() as connection:
            found = connection.execute(sa.update(duties).where(*beyond).values(values)).rowcount == 1
            connection.commit()
        return found

    def beat(self, connection: sa.Connection, node: str, milliseconds: int, cursor: int) -> bool:
        """Whether the node has the duty until this transaction ends. Counts a heartbeat."""
        mine = (duties.c.name == self._name, duties.c.node == node)
        values = {"beats": duties.c.beats + 1, "milliseconds": milliseconds, "cursor": cursor}
        return connection.execute(sa.update(duties).where(*mine).values(values)).rowcount == 1


def milliseconds_of_deliveries(connection: sa.Connection) -> int:
    """The time by which notifications wait, a little late: as the last heartbeat stored it."""
    query = sa.select(duties.c.milliseconds).where(duties.c.name == NOTIFICATIONS)
    return connection.scalar(query) or 0
