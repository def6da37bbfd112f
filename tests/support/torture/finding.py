"""Reads what the product shows: over HTTP what its users see, from its database what nobody is shown."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import orjson
import sqlalchemy as sa

from adapters.persistence.tables import documents, outbox
from canonical.subscriptions.plan_change import PLAN_CHANGES
from tests.support.product import ORDERS, TMF622, Node
from tests.support.torture.judgement import Found
from tests.support.torture.operators import PROCESSES
from tests.support.torture.world import World

TASKS = TMF622.rpartition("/")[0] + "/cancelProductOrder"
PAGE = 100


def find(world: World) -> Found:
    node = world.nodes[0]
    tasks: dict[str, list[str]] = defaultdict(list)
    for task in _listed(node, TASKS):
        tasks[task["productOrder"]["id"]].append(task["state"])
    events: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for row in _rows(world, sa.select(outbox.c.subject, outbox.c.sequence, outbox.c.type).order_by(outbox.c.position)):
        events[row.subject].append((row.sequence, row.type))
    kept = sa.select(documents.c.id, documents.c.aggregate).where(documents.c.resource == PLAN_CHANGES.name)
    changes = {row.id: orjson.loads(row.aggregate) for row in _rows(world, kept)}
    return Found(
        orders={order["id"]: order for order in _listed(node, ORDERS)},
        documents={document["id"]: document["state"] for document in _listed(node, TMF622)},
        tasks=tasks,
        stuck={one["subject"]: _read(node, one) for one in _listed(node, PROCESSES)},
        changes=changes,
        events=events,
        effects=world.truth.effects(),
        plans=world.truth.plans(),
    )


def unfinished(world: World) -> list[dict[str, Any]]:
    """The processes that have not come to an end."""
    return [one for one in _listed(world.nodes[0], PROCESSES) if one["state"] != "fallout"]


def fallen_out(world: World) -> list[dict[str, Any]]:
    return [one for one in _listed(world.nodes[0], PROCESSES) if one["state"] == "fallout"]


def _read(node: Node, one: dict[str, Any]) -> dict[str, Any]:
    answer = node.get(f"{PROCESSES}/{one['process']}/{one['subject']}")
    answer.raise_for_status()
    return dict(answer.json())


def _listed(node: Node, path: str) -> Iterator[dict[str, Any]]:
    """All entries, page by page."""
    offset = 0
    while True:
        answer = node.get(path, params={"offset": offset, "limit": PAGE})
        answer.raise_for_status()
        body = answer.json()
        page = body["items"] if isinstance(body, dict) else body
        yield from page
        if len(page) < PAGE:
            return
        offset += PAGE


def _rows(world: World, query: sa.Select[Any]) -> list[Any]:
    engine = sa.create_engine(world.database, poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            return [*connection.execute(query)]
    finally:
        engine.dispose()
