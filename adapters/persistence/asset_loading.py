"""Many assets stored at once: few statements for all of them, and one event."""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa

from adapters.persistence.asset_files import FileAsset
from adapters.persistence.outbox import insert_event
from adapters.persistence.prepared import Prepared
from adapters.persistence.rows import Rows
from adapters.persistence.tables import documents, terms
from canonical.inventory.asset import ASSETS, Cause, CustomerAsset
from canonical.inventory.events import CustomerAssetsLoaded
from canonical.shared.projection import Projector

LOADER = "assets load"
"""The actor in the timelines."""
_INSERT, _INSERT_TERM = (Prepared(sa.insert(table)) for table in (documents, terms))
_KNOWN = sa.select(documents.c.id).where(
    documents.c.resource == ASSETS.name, documents.c.id.in_(sa.bindparam("asked", expanding=True))
)


class LoadedAssets:
    """The assets that one job stores in `connection`'s transaction."""

    def __init__(self, connection: sa.Connection, project: Projector, job_id: str) -> None:
        self._connection = connection
        self._rows = Rows(ASSETS, project)
        self._job_id = job_id

    def known(self, ids: Collection[str]) -> set[str]:
        return set(self._connection.scalars(_KNOWN, {"asked": list(ids)}))

    def store(self, assets: Sequence[FileAsset], at: datetime, sequence: int) -> None:
        """None of them is known. `sequence` counts the transactions of the job from 1."""
        rows, indexed, cause = [], [], Cause(f"loaded by job {self._job_id}", LOADER)
        for one in assets:
            asset = CustomerAsset.create(one.id, one.owner, one.customer_id, one.contents, one.status, cause, at)
            # One event tells of all of them: those of the assets are not kept, and not counted either.
            asset.events.clear()
            asset.recorded = 0
            projection = self._rows.projection(asset, {})
            rows.append(self._rows.next_row(asset, {}, projection) | self._rows.new(asset))
            key = {"resource": ASSETS.name, "id": asset.id}
            indexed += [key | {"path": path, "value": value} for path, value in self._rows.terms(asset, projection)]
        _INSERT.execute_many(self._connection, rows)
        _INSERT_TERM.execute_many(self._connection, indexed)
        insert_event(
            self._connection, ASSETS, self._job_id, CustomerAssetsLoaded(self._job_id, sequence, at, len(assets))
        )
