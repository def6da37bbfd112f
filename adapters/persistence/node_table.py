"""The nodes, and the processes that no node has.

No times are compared. A node counts its own heartbeats; the others watch whether the count changes (see
`adapters.orchestration.upkeep`).
"""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import zip_longest
from math import ceil
from typing import Any

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


_CLAIM = (processes.c.process, processes.c.subject, processes.c.node, processes.c.turn, processes.c.client)


def _waiting_clients(*which: sa.ColumnElement[bool]) -> sa.Select[str]:
    """The first `most` clients of processes that no node has, sorted. Looks up one client after another in the index,
    so it costs the same whether ten or ten thousand of them wait.
    """
    columns: tuple[sa.ColumnElement[Any], ...] = (
        sa.func.min(processes.c.client).label("client"),
        sa.literal_column("1").label("number"),
    )
    found = sa.select(*columns).where(*NO_NODE, *which).cte("found", recursive=True)
    following = sa.select(sa.func.min(processes.c.client)).where(*NO_NODE, processes.c.client > found.c.client)
    another = sa.select(following.scalar_subquery(), found.c.number + sa.literal_column("1"))
    more = another.where(found.c.client.is_not(None), found.c.number < sa.bindparam("most", type_=sa.Integer))
    found = found.union_all(more)
    return sa.select(found.c.client).where(found.c.client.is_not(None)).order_by(found.c.number)


WAITING_CLIENTS = _waiting_clients()
CLIENTS_AFTER = _waiting_clients(processes.c.client > sa.bindparam("after", type_=sa.String))
OF_CLIENT = (
    sa.select(*_CLAIM)
    .where(*NO_NODE, processes.c.client == sa.bindparam("of_client"))
    .order_by(processes.c.changed_at)
    .limit(sa.bindparam("most", type_=sa.Integer))
)
ORPHANED = (OPEN, processes.c.node.is_not(None), processes.c.node.not_in(sa.select(nodes.c.id)))
"""`is_not(None)` says nothing more, but PostgreSQL uses the index of processes that have a node only with it."""


def of_claims(claims: Collection[Claim]) -> sa.ColumnElement[bool]:
    """Written so that SQLite looks them up by the key: it reads the whole table for a list of pairs."""
    by_process: dict[str, list[str]] = {}
    for claim in claims:
        by_process.setdefault(claim.process, []).append(claim.subject)
    each = (sa.and_(processes.c.process == one, processes.c.subject.in_(many)) for one, many in by_process.items())
    return sa.or_(sa.false(), *each)


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
            # First: if several nodes do this at once, the others wait here and lock no process meanwhile.
            connection.execute(sa.delete(nodes).where(nodes.c.id == node))
            mine = sa.update(processes).where(processes.c.node == node, OPEN)
            connection.execute(mine.values(node=None))
            connection.commit()

    def unattended(self, limit: int, after: str = "") -> list[Claim]:
        """Open processes that no node has, one of each client in turn, beginning with the client after `after`.

        Of each client, those that stand still longest come first.
        """
        with self._database.reading() as connection:
            clients = _in_turn(connection, limit, after)
            share = ceil(limit / len(clients)) if clients else 0
            of_each = [
                [Claim(*row) for row in connection.execute(OF_CLIENT, {"of_client": client, "most": share})]
                for client in clients
            ]
        rounds = zip_longest(*of_each)
        return [claim for one_of_each in rounds for claim in one_of_each if claim is not None][:limit]

    def orphaned(self, limit: int) -> list[Claim]:
        """Open processes of nodes that are not registered, those that stand still longest first."""
        return self._claims(*ORPHANED, limit=limit)

    def in_hand(self, node: str) -> list[Claim]:
        """The open processes of `node`, as the table has them."""
        return self._claims(processes.c.node == node, OPEN)

    def claim(self, claims: Collection[Claim], node: str) -> list[Claim]:
        """Claim processes for `node`, and return those that it got. If several nodes claim the same process, one gets
        it. A process that somebody changes at this moment is left out, so nobody waits for another and none deadlocks.
        """
        free = sa.select(processes.c.process, processes.c.subject, processes.c.node).where(of_claims(claims), OPEN)
        with self._database.writing() as connection:
            found = {tuple(row) for row in connection.execute(free.with_for_update(skip_locked=True))}
            won = [claim for claim in claims if (claim.process, claim.subject, claim.node) in found]
            if won:
                connection.execute(sa.update(processes).where(of_claims(won)).values(node=node))
            connection.commit()
        return won

    def _claims(self, *where: sa.ColumnElement[bool], limit: int | None = None) -> list[Claim]:
        query = sa.select(*_CLAIM).where(*where).order_by(processes.c.changed_at).limit(limit)
        with self._database.reading() as connection:
            return [Claim(*row) for row in connection.execute(query)]


def _in_turn(connection: sa.Connection, most: int, after: str) -> list[str]:
    """The clients of waiting processes, beginning with the one after `after`, at most `most`."""
    found = list(connection.scalars(CLIENTS_AFTER, {"after": after, "most": most}))
    if len(found) < most:
        found += connection.scalars(WAITING_CLIENTS, {"most": most - len(found)})
    return list(dict.fromkeys(found))
