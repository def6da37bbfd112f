"""The claims of orders on assets. The primary key decides between two orders, in any transactions."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from adapters.persistence.database import insert_once
from adapters.persistence.tables import asset_claims
from canonical.inventory.ports import Claim


class SqlClaims:
    """The core's `Claims` inside `connection`'s transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def take(self, claims: Collection[Claim]) -> Claim | None:
        taken: list[Claim] = []
        # All transactions take claims in the order of the ids, so that none waits for another one that waits for it.
        for claim in sorted(claims, key=lambda one: one.asset_id):
            other = self._take(claim)
            if other is not None:
                self._give_back(taken)
                return other
            taken.append(claim)
        return None

    def of(self, asset_ids: Collection[str]) -> list[Claim]:
        found = sa.select(asset_claims).where(asset_claims.c.asset.in_(asset_ids)).order_by(asset_claims.c.asset)
        return [_claim(row) for row in self._connection.execute(found)]

    def release(self, order_id: str) -> None:
        self._connection.execute(sa.delete(asset_claims).where(asset_claims.c.order_id == order_id))

    def _take(self, claim: Claim) -> Claim | None:
        row = {"asset": claim.asset_id, "order_id": claim.order_id, "item": claim.item_id, "action": claim.action}
        while not insert_once(self._connection, asset_claims, row):
            # Its transaction may have released it since: then it is free.
            if found := self.of((claim.asset_id,)):
                return found[0]
        return None

    def _give_back(self, claims: Collection[Claim]) -> None:
        ids = [one.asset_id for one in claims]
        self._connection.execute(sa.delete(asset_claims).where(asset_claims.c.asset.in_(ids)))


def _claim(row: Any) -> Claim:
    return Claim(row.asset, row.order_id, row.item, row.action)
