"""Jobs begun and removed, each inside a unit of work that the caller commits."""

from dataclasses import dataclass
from types import MappingProxyType

from canonical.catalog.jobs import EXPORT_JOBS, IMPORT_JOBS, ExportJob, ImportJob, Job, Task
from canonical.shared.aggregates import Kind, require_version
from canonical.shared.ports import Clock, Handlers, Identities, UnitOfWork

IMPORT_CATALOG = "import-catalog"
EXPORT_CATALOG = "export-catalog"
"""The processes that carry jobs out."""


@dataclass(frozen=True, slots=True)
class StartImport:
    task: Task


@dataclass(frozen=True, slots=True)
class StartExport:
    task: Task


@dataclass(frozen=True, slots=True)
class RemoveJob:
    """Remove a job that has ended. `expected_version` None: in whatever version it is."""

    kind: Kind[Job]
    job_id: str
    expected_version: int | None = None


def start_import(command: StartImport, work: UnitOfWork, clock: Clock, identities: Identities) -> ImportJob:
    now = clock.now()
    job = ImportJob(identities.new_id(), command.task, now, now)
    _begin(job, IMPORT_JOBS, IMPORT_CATALOG, work)
    return job


def start_export(command: StartExport, work: UnitOfWork, clock: Clock, identities: Identities) -> ExportJob:
    now = clock.now()
    job = ExportJob(identities.new_id(), command.task, now, now)
    _begin(job, EXPORT_JOBS, EXPORT_CATALOG, work)
    return job


def remove_job(command: RemoveJob, work: UnitOfWork, clock: Clock, identities: Identities) -> Job:
    """Raises InvalidTransition while it is at work, or ConcurrentChange."""
    job = work.repository(command.kind).get(command.job_id)
    require_version(job, command.expected_version)
    job.remove(clock.now())
    return job


def _begin(job: Job, kind: Kind[Job], process: str, work: UnitOfWork) -> None:
    job.created()
    work.repository(kind).add(job)
    work.processes.schedule(process, job.id, job.owner)


HANDLERS: Handlers = MappingProxyType({StartImport: start_import, StartExport: start_export, RemoveJob: remove_job})
