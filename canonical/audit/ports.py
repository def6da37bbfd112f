"""Where evidence is kept."""

from typing import Protocol

from canonical.audit.record import AuditRecord


class AuditTrail(Protocol):
    """Keeps records of refused requests, which have no unit of work because they changed nothing."""

    def record(self, record: AuditRecord) -> None:
        """Keep the record soon, and return at once. If too many records wait, it is dropped and counted."""
        ...

    def find(self, record_id: str, client: str | None) -> AuditRecord:
        """The record, if it belongs to `client`; with None, whoever it belongs to. Raises AuditRecordNotFound."""
        ...
