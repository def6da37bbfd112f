"""Where evidence is kept."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from canonical.audit.record import AuditRecord
from canonical.shared.paging import Found, Slice


@dataclass(frozen=True, slots=True)
class AuditSearch:
    """Which records are wanted: those of a client, about any of the `subjects`, from a time on, before a time. None
    where that makes no difference.
    """

    client: str | None = None
    subjects: tuple[str, ...] | None = None
    begin: datetime | None = None
    end: datetime | None = None


class AuditTrail(Protocol):
    """Keeps records of refused requests, which have no unit of work because they changed nothing."""

    def record(self, record: AuditRecord) -> None:
        """Keep the record soon, and return at once. If too many records wait, it is dropped and counted."""
        ...

    def find(self, record_id: str, client: str | None) -> AuditRecord:
        """The record, if it belongs to `client`; with None, whoever it belongs to. Raises AuditRecordNotFound."""
        ...

    def search(self, wanted: AuditSearch, part: Slice) -> Found[AuditRecord]:
        """The records that are kept by now, newest first. `total` is not counted."""
        ...
