"""Which nodes are alive, and who takes over from the dead."""

from datetime import timedelta

import sqlalchemy as sa

from adapters.persistence.database import Database
from adapters.persistence.encoding import timestamp
from adapters.persistence.tables import nodes
from canonical.shared.ports import Clock

BEFORE_ALL = "0001-01-01T00:00:00.000000Z"


class NodeTable:
    """The nodes, each call a transaction of its own."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

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
        return timestamp(self._clock.now() - timedelta(seconds=seconds))
