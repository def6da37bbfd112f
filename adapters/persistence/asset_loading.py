"""Many assets stored at once: few statements for all of them, and one event."""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa

from adapters.persistence.asset_files import FileAsset
from adapters.persistence.bulk import Bulk
from adapters.persistence.outbox import Outbox
from adapters.persistence.rows import DOCUMENT_COLUMNS, TERM_COLUMNS, Rows
from adapters.persistence.tables import documents, terms
from canonical.events.recorded import Origin
from canonical.inventory.asset import ASSETS, Cause, CustomerAsset
from canonical.inventory.events import CustomerAssetsLoaded
from canonical.shared.projection import Projector

LOADER = "assets load"
"""The actor in the timelines."""
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
            row = self._rows.next_row(asset, {}, projection) | self._rows.new(asset)
            rows.append([row[name] for name in DOCUMENT_COLUMNS])
            indexed += [(ASSETS.name, *found, asset.id) for found in self._rows.terms(asset, projection)]
        dialect = self._connection.dialect.name
        Bulk(documents, DOCUMENT_COLUMNS, rows, dialect).insert(self._connection)
        Bulk(terms, TERM_COLUMNS, sorted(indexed), dialect).insert(self._connection)
        event = CustomerAssetsLoaded(self._job_id, sequence, at, len(assets))
        recorded = Outbox(self._connection)
        recorded.add_nobodys(ASSETS, self._job_id, event)
        recorded.write(Origin(LOADER))
