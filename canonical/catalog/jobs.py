"""Tasks that bring a file into the catalog, or the catalog into a file, and what became of them."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from canonical.catalog.errors import JobNotFound
from canonical.catalog.job_events import (
    CatalogImported,
    ExportJobCreated,
    ExportJobStateChanged,
    ImportJobCreated,
    ImportJobStateChanged,
    JobEvent,
    JobRemoved,
)
from canonical.shared.aggregates import Kind
from canonical.shared.errors import InvalidTransition


class JobState(StrEnum):
    NOT_STARTED = "NOT_STARTED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


FOLLOWING = MappingProxyType(
    {
        JobState.NOT_STARTED: frozenset({JobState.RUNNING}),
        JobState.RUNNING: frozenset({JobState.SUCCEEDED, JobState.FAILED}),
        JobState.SUCCEEDED: frozenset[JobState](),
        JobState.FAILED: frozenset[JobState](),
    }
)


@dataclass(frozen=True, slots=True)
class Counts:
    """Lines of a file: those that added something, changed something or nothing, and those that are wrong."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    wrong: int = 0

    @property
    def lines(self) -> int:
        return self.added + self.changed + self.unchanged + self.wrong


@dataclass(frozen=True, slots=True)
class Task:
    """What is wanted. `url` is where the file is; `file` is its name when it is one of those that we keep for `owner`.

    `dialect` names the words that the file speaks. `part` names what of the catalog is meant, as whoever asks calls it.
    `privileged`: the owner may publish, when something is imported, and sees what is not published, when exported.
    `query` narrows what is exported. `profile` names the version of the owner's partner profile by which the job was
    accepted; its lines are read by the same.
    """

    owner: str
    url: str
    dialect: str
    file: str | None = None
    media_type: str | None = None
    part: str | None = None
    privileged: bool = False
    query: str | None = None
    profile: str | None = None


@dataclass(slots=True)
class Job:
    """`counts` are those of the lines that were read or written. `error_log` says why it failed."""

    id: str
    task: Task
    submitted_at: datetime
    changed_at: datetime
    state: JobState = JobState.NOT_STARTED
    completed_at: datetime | None = None
    error_log: str | None = None
    counts: Counts = Counts()
    recorded: int = 0
    version: int = 0
    events: list[JobEvent] = field(default_factory=list)

    @property
    def owner(self) -> str:
        return self.task.owner

    @property
    def customer_id(self) -> str:
        return ""

    @property
    def created_at(self) -> datetime:
        return self.submitted_at

    @property
    def url(self) -> str:
        return self.task.url

    @property
    def media_type(self) -> str | None:
        return self.task.media_type

    @property
    def part(self) -> str | None:
        return self.task.part

    @property
    def query(self) -> str | None:
        return self.task.query

    @property
    def finished(self) -> bool:
        return not FOLLOWING[self.state]

    @property
    def removed(self) -> bool:
        return bool(self.events) and isinstance(self.events[-1], JobRemoved)

    def start(self, at: datetime) -> None:
        self._become(JobState.RUNNING, at)

    def succeed(self, counts: Counts, at: datetime) -> None:
        self.counts, self.completed_at = counts, at
        self._become(JobState.SUCCEEDED, at)

    def fail(self, error_log: str, counts: Counts, at: datetime) -> None:
        self.error_log, self.counts, self.completed_at = error_log, counts, at
        self._become(JobState.FAILED, at)

    def remove(self, at: datetime) -> None:
        """Raises InvalidTransition while it is at work."""
        if not self.finished:
            raise self._refusal("be removed")
        self._record(JobRemoved, at)

    def created(self) -> None:
        self._record(CREATED[type(self)], self.submitted_at)

    def _become(self, state: JobState, at: datetime) -> None:
        if state not in FOLLOWING[self.state]:
            raise self._refusal(f"become {state}")
        self.state, self.changed_at = state, at
        self._record(CHANGED[type(self)], at, state=state.value)

    def _record(self, event: type[JobEvent], at: datetime, **facts: Any) -> None:
        self.recorded += 1
        self.events.append(event(job_id=self.id, sequence=self.recorded, at=at, **facts))

    def _refusal(self, trigger: str) -> InvalidTransition:
        return InvalidTransition(
            f"a job that is {self.state} cannot {trigger}; wait until it has ended",
            state=self.state.value,
            trigger=trigger,
            allowedActions=[],
        )


@dataclass(slots=True)
class ImportJob(Job):
    def publish(self, counts: Counts, at: datetime) -> None:
        """What it brings is visible from now on, all at once."""
        self._record(CatalogImported, at, added=counts.added, changed=counts.changed)


@dataclass(slots=True)
class ExportJob(Job):
    pass


CREATED: MappingProxyType[type[Job], type[JobEvent]] = MappingProxyType(
    {ImportJob: ImportJobCreated, ExportJob: ExportJobCreated}
)
CHANGED: MappingProxyType[type[Job], type[JobEvent]] = MappingProxyType(
    {ImportJob: ImportJobStateChanged, ExportJob: ExportJobStateChanged}
)


def _kind(name: str, made: type[Job]) -> Kind[Any]:
    return Kind(
        name,
        made,
        missing=lambda job_id: JobNotFound("Job not found", id=job_id),
        removed=lambda job: job.removed,
        recorded=(JobEvent,),
    )


IMPORT_JOBS = _kind("importJob", ImportJob)
EXPORT_JOBS = _kind("exportJob", ExportJob)
