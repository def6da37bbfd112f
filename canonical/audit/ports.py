"""Where evidence is kept."""

from typing import Protocol

from canonical.audit.record import AuditRecord


class AuditTrail(Protocol):
    """Keeps records outside any other unit of work: what was refused changed nothing else."""

    def record(self, record: AuditRecord) -> None:
        """Keep the record soon. Returns at once; when too many wait to be kept it is dropped and counted."""
        ...

    def find(self, record_id: str, client: str | None) -> AuditRecord:
        """`client` None sees everybody's. Raises AuditRecordNotFound."""
        ...
