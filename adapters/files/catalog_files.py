"""The files of catalogs, as processes use them."""

from collections.abc import Iterable
from dataclasses import dataclass

from adapters.files.sources import Sources
from adapters.persistence.kept_files import SqlKeptFiles
from canonical.catalog.errors import FileNotFound, FileRefused
from canonical.catalog.jobs import Task
from canonical.processes.catalog_files import KeptFile

NOBODYS = ""
"""The owner of what was fetched for a job, under the id of the job."""


@dataclass(frozen=True)
class CatalogFileStore:
    """The core's `CatalogFiles`."""

    kept: SqlKeptFiles
    sources: Sources

    def fetch(self, task: Task, job_id: str) -> KeptFile:
        if task.file is None:
            return self.kept.keep(NOBODYS, job_id, task.media_type or "", self.sources.content(task.url))
        try:
            return self.kept.find(task.owner, task.file)
        except FileNotFound as error:
            raise FileRefused(f"there is no file {task.file}: upload it first") from error

    def read(self, file: KeptFile, offset: int, size: int) -> bytes:
        return self.kept.read(file, offset, size)

    def keep(self, owner: str, name: str, media_type: str, content: Iterable[bytes]) -> KeptFile:
        return self.kept.keep(owner, name, media_type, content)

    def forget(self, job_id: str) -> None:
        self.kept.remove(NOBODYS, job_id)
