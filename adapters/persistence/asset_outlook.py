"""What can be ordered for an asset, as the database has it at this moment."""

from collections.abc import Collection

from adapters.persistence.aggregates import SqlAggregateRepository
from adapters.persistence.asset_claims import SqlClaims
from adapters.persistence.catalog import SqlShelf
from adapters.persistence.database import Database
from canonical.catalog.lifecycle import LifecycleStatus
from canonical.inventory.asset import ASSETS, CustomerAsset
from canonical.processes.asset_rules import parts_of
from canonical.processes.catalog_offers import CatalogOffers
from canonical.processes.eligible_actions import EligibleAction, eligible_actions
from canonical.shared.ports import Clock


class SqlAssetOutlook:
    """Orders find offerings that have one of the statuses `sold`."""

    def __init__(self, database: Database, clock: Clock, sold: Collection[LifecycleStatus]) -> None:
        self._database = database
        self._clock = clock
        self._sold = sold

    def eligible(
        self, asset: CustomerAsset, tolerated: Collection[str], excusable: Collection[str]
    ) -> list[EligibleAction]:
        offering = asset.contents.offering
        with self._database.reading() as connection:
            assets = SqlAggregateRepository(connection, ASSETS, None)
            parts = [assets.get(one) for one in parts_of(asset.id, assets.get)]
            claims = SqlClaims(connection).of((asset.id, *(one.id for one in parts)))
            offers = CatalogOffers(SqlShelf(connection), self._clock, self._sold)
            offer = None if offering is None else offers.by_id(offering.id)
            return eligible_actions(asset, claims, offer, self._clock.now(), tolerated, parts, excusable)
