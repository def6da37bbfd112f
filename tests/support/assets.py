"""The installed base of a running product, in its database."""

import json
from contextlib import closing
from typing import Any

import sqlalchemy as sa

from adapters.persistence.database import Database
from adapters.persistence.unit_of_work import SqlUnitOfWork
from canonical.inventory.commands import RecordAsset
from canonical.inventory.contents import AssetContents
from canonical.inventory.handlers import record_asset as recorded
from canonical.inventory.ports import Claim
from canonical.inventory.states import AssetStatus
from facade.bootstrap.declared import projectors
from facade.clock import SystemClock
from facade.identities import SortableIdentities
from tests.support.product import Node
from tests.support.waiting import LONG

ASSETS = sa.text("SELECT id, aggregate, version FROM documents WHERE resource = 'asset'")
CLAIMS = sa.text("SELECT asset, order_id FROM asset_claims")


def kept_assets(node: Node) -> dict[str, dict[str, Any]]:
    """Every asset as it is kept, by its id."""
    return {row.id: json.loads(row.aggregate) | {"version": row.version} for row in _rows(node, ASSETS)}


def kept_claims(node: Node) -> dict[str, str]:
    """The order that holds each asset."""
    return {row.asset: row.order_id for row in _rows(node, CLAIMS)}


def _rows(node: Node, query: sa.TextClause) -> list[Any]:
    engine = sa.create_engine(node.database)
    try:
        with engine.connect() as connection:
            return list(connection.execute(query))
    finally:
        engine.dispose()


def record_asset(node: Node, asset_id: str, **said: Any) -> str:
    """Record an asset of C12345 that client qa sees, as another system says. Returns its id.

    `said` may have `owner`, `customer_id`, `status`, `order_id` for an order that holds it, and contents.
    """
    clock, database = SystemClock(), Database(node.database.render_as_string(hide_password=False), seconds=LONG)
    owner, customer = said.pop("owner", "qa"), said.pop("customer_id", "C12345")
    status, order_id = said.pop("status", AssetStatus.ACTIVE), said.pop("order_id", None)
    command = RecordAsset(owner, customer, AssetContents(**said), status, "a test needs it", asset_id)
    with closing(database), SqlUnitOfWork(database, projectors(), clock) as work:
        recorded(command, work, clock, SortableIdentities())
        if order_id is not None:
            work.claims.take((Claim(asset_id, order_id, "1", "MODIFY"),))
        work.commit()
    return asset_id
