"""Where evidence is kept."""

from typing import Protocol

from canonical.audit.record import AuditRecord


class AuditTrail(Protocol):
    """Keeps records outside any other unit of work: what was refused changed nothing else."""

    def record(self, record: AuditRecord) -> None: ...

    def find(self, record_id: str, client: str | None) -> AuditRecord:
        """`client` None sees everybody's. Raises AuditRecordNotFound."""
        ...
