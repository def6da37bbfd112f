"""What happened to tasks that import and export."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEvent:
    """`sequence` counts the events of one job from 1 without gaps."""

    job_id: str
    sequence: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportJobCreated(JobEvent):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportJobStateChanged(JobEvent):
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportJobCreated(JobEvent):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportJobStateChanged(JobEvent):
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogImported(JobEvent):
    """The one event of everything that an import has brought: whoever follows the catalog reads it anew."""

    added: int
    changed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRemoved(JobEvent):
    pass
