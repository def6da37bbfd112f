"""Imports and exports of the catalog, put together."""

from collections.abc import Callable, Mapping
from typing import Any

from adapters.files.catalog_files import CatalogFileStore
from adapters.files.sources import Sources
from adapters.persistence.database import Database
from adapters.persistence.kept_files import SqlKeptFiles
from adapters.persistence.snapshots import SqlSnapshots
from adapters.persistence.staging import SqlStaging
from adapters.persistence.unit_of_work import SqlUnitOfWork
from canonical.catalog.job_handlers import EXPORT_CATALOG, IMPORT_CATALOG
from canonical.processes.engine import Process
from canonical.processes.export_catalog import ExportCatalog
from canonical.processes.import_catalog import ImportCatalog
from canonical.shared.ports import Clock
from canonical.shared.projection import Projector
from facade.app import contract_of
from facade.bootstrap.versions import versions_of
from facade.identities import SortableIdentities
from facade.partners.profiles import Profile
from facade.settings import Settings
from facade.tmf.engine.file_reader import ResourceFiles
from facade.tmf.engine.file_resources import Dialects, Spoken
from facade.tmf.engine.file_writer import ResourceExports
from facade.tmf.hub.callbacks import CallbackRules
from facade.tmf.tmf620.api import TMF620

PUBLISHING_SECONDS = 60.0
"""For the one transaction that makes an import visible."""


class Transfers:
    """What imports and exports need, for one operating system process."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        projectors: Mapping[str, Projector],
        clock: Clock,
        profile_of: Callable[[str, str | None], Profile],
    ) -> None:
        self._database = database
        self._projectors = projectors
        self._clock = clock
        self._profile_of = profile_of
        self.kept = SqlKeptFiles(database, clock, SortableIdentities(), settings.catalog_file_bytes)
        permits = CallbackRules(settings.allowed_networks).permits
        self._files = CatalogFileStore(self.kept, Sources(settings.import_sources, permits))
        self.staging = SqlStaging(database, projectors)

    def processes(self) -> dict[str, Process[Any]]:
        spoken = dialects()
        importing = ImportCatalog(
            self._files,
            ResourceFiles(spoken, self._files, self._profile_of),
            self.staging,
            self._publishing,
            self._clock,
            SortableIdentities(),
        )
        exporting = ExportCatalog(self._files, ResourceExports(spoken, SqlSnapshots(self._database)), self._clock)
        return {IMPORT_CATALOG: importing, EXPORT_CATALOG: exporting}

    def _publishing(self) -> SqlUnitOfWork:
        return SqlUnitOfWork(self._database, self._projectors, self._clock, seconds=PUBLISHING_SECONDS)


def dialects() -> Dialects:
    """The resources of the catalog that files may hold, by the version that they speak."""
    return {
        version: tuple(
            Spoken(one, contract_of(served.spec))
            for one in versions_of(TMF620, version).values()
            if one.resource.kind.versioned
        )
        for version, served in TMF620.versions.items()
    }
