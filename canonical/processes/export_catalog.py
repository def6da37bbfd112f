"""Writing the catalog, as it is at one moment, to a file."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from canonical.catalog.errors import FileRefused
from canonical.catalog.jobs import EXPORT_JOBS, Counts, ExportJob, JobState, Task
from canonical.processes.catalog_files import CatalogFiles, patiently
from canonical.processes.progress import Progress, Step, failure_of
from canonical.shared.errors import CanonicalError
from canonical.shared.ports import Clock, UnitOfWork


class FileWriter(Protocol):
    """Writes files in the words of partners."""

    def media_type(self, task: Task, /) -> str:
        """Raises FileRefused for one that is not offered."""
        ...

    def lines(self, task: Task, at: datetime, /) -> Iterator[bytes]:
        """What the task asks for, as it is at the moment, one resource after the other. Raises FileRefused."""
        ...

    def framed(self, lines: Iterator[bytes], media_type: str, /) -> Iterator[bytes]:
        """The bytes of a file of this type that has these resources."""
        ...


@dataclass(frozen=True)
class ExportCatalog:
    """The process over one export."""

    files: CatalogFiles
    writer: FileWriter
    clock: Clock

    def look(self, job_id: str, work: UnitOfWork) -> ExportJob:
        job: ExportJob = work.repository(EXPORT_JOBS).get(job_id)
        return job

    def resume(self, job: ExportJob) -> None:
        """Nothing is ever left that could not be undone."""

    def seconds_ahead(self, job: ExportJob) -> float:
        return 0.0

    def begin(self, job: ExportJob) -> None:
        if job.state is JobState.NOT_STARTED:
            job.start(self.clock.now())

    def steps(self, job: ExportJob) -> list[Step]:
        return [Step("write", lambda facts: patiently(lambda: self._write(job.task)))]

    def interruption(self, job_id: str) -> CanonicalError | None:
        return None

    def end(self, job: ExportJob, progress: Progress, work: UnitOfWork) -> None:
        now = self.clock.now()
        if progress.failure is None:
            job.succeed(Counts(unchanged=progress.facts["write"]["lines"]), now)
        else:
            job.fail(failure_of(progress, progress.failure).message, Counts(), now)

    def _write(self, task: Task) -> dict[str, int]:
        """A run that was broken off begins anew, at a later moment."""
        if task.file is None:
            raise FileRefused(
                "a file is written here only: the url begins as you reach us, then /api/v1/catalog-files/ and a name"
            )
        media_type, count = self.writer.media_type(task), 0

        def counted() -> Iterator[bytes]:
            nonlocal count
            for line in self.writer.lines(task, self.clock.now()):
                count += 1
                yield line

        self.files.keep(task.owner, task.file, media_type, self.writer.framed(counted(), media_type))
        return {"lines": count}
