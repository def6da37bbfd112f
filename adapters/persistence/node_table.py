"""The nodes, and the processes that no node has.

No times are compared. A node counts its own heartbeats; the others watch whether the count changes (see
`adapters.orchestration.upkeep`).
"""

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from math import ceil

import sqlalchemy as sa

from adapters.persistence.database import Database, insert_once
from adapters.persistence.process_table import NO_NODE, OPEN
from adapters.persistence.tables import nodes, processes


@dataclass(frozen=True, slots=True)
class Claim:
    """An open process, the node that has it (if any), the number of its last turn, and the client that it is for."""

    process: str
    subject: str
    node: str | None
    turn: int
    client: str = ""


def _waiting_clients() -> sa.Select[str]:
    """The clients of processes that no node has, sorted. Looks up one client after another in the index."""
    first = sa.select(sa.func.min(processes.c.client).label("client")).where(*NO_NODE)
    found = first.cte("found", recursive=True)
    following = sa.select(sa.func.min(processes.c.client)).where(*NO_NODE, processes.c.client > found.c.client)
    found = found.union_all(sa.select(following.scalar_subquery()).where(found.c.client.is_not(None)))
    return sa.select(found.c.client).where(found.c.client.is_not(None))


_WAITING_CLIENTS = _waiting_clients()


def in_turn(clients: Sequence[str], after: str) -> list[str]:
    """The sorted clients, beginning with the one after `after`."""
    first = bisect_right(clients, after)
    return [*clients[first:], *clients[:first]]


class NodeTable:
    """The nodes and their processes; each call is a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def beat(self, node: str) -> None:
        """Count one heartbeat. A node that was removed as dead and comes back is registered again."""
        with self._database.writing() as connection:
            count = sa.update(nodes).where(nodes.c.id == node).values(beats=nodes.c.beats + 1)
            if not connection.execute(count).rowcount:
                insert_once(connection, nodes, {"id": node, "beats": 0})
            connection.commit()

    def beats(self) -> dict[str, int]:
        """The heartbeat count of each node."""
        with self._database.reading() as connection:
            return {row.id: row.beats for row in connection.execute(sa.select(nodes))}

    def bury(self, node: str) -> None:
        """Remove a node and release its processes to the others."""
        with self._database.writing() as connection:
            mine = sa.update(processes).where(processes.c.node == node, OPEN)
            connection.execute(mine.values(node=None))
            connection.execute(sa.delete(nodes).where(nodes.c.id == node))
            connection.commit()

    def unattended(self, limit: int, after: str = "") -> list[Claim]:
        """Open processes that no node has, one of each client in turn, beginning with the client after `after`.

        Of each client, those that stand still longest come first.
        """
        clients = in_turn(self._waiting_clients(), after)[:limit]
        share = ceil(limit / len(clients)) if clients else 0
        of_each = [self._claims(*NO_NODE, processes.c.client == client, limit=share) for client in clients]
        rounds = zip_longest(*of_each)
        return [claim for one_of_each in rounds for claim in one_of_each if claim is not None][:limit]

    def orphaned(self, limit: int) -> list[Claim]:
        """Open processes of nodes that are not registered, those that stand still longest first."""
        return self._claims(OPEN, processes.c.node.not_in(sa.select(nodes.c.id)), limit=limit)

    def in_hand(self, node: str) -> list[Claim]:
        """The open processes of `node`, as the table has them."""
        return self._claims(processes.c.node == node, OPEN)

    def claim(self, claims: Collection[Claim], node: str) -> list[Claim]:
        """Claim processes for `node`, and return those that it got. If several nodes claim the same process, one gets
        it.
        """
        won = []
        with self._database.writing() as connection:
            for claim in claims:
                owner = processes.c.node.is_(None) if claim.node is None else processes.c.node == claim.node
                of = (processes.c.process == claim.process, processes.c.subject == claim.subject, owner, OPEN)
                if connection.execute(sa.update(processes).where(*of).values(node=node)).rowcount:
                    won.append(claim)
            connection.commit()
        return won

    def _waiting_clients(self) -> list[str]:
        with self._database.reading() as connection:
            return list(connection.scalars(_WAITING_CLIENTS))

    def _claims(self, *where: sa.ColumnElement[bool], limit: int | None = None) -> list[Claim]:
        columns = (processes.c.process, processes.c.subject, processes.c.node, processes.c.turn, processes.c.client)
        query = sa.select(*columns).where(*where).order_by(processes.c.changed_at).limit(limit)
        with self._database.reading() as connection:
            return [Claim(*row) for row in connection.execute(query)]
