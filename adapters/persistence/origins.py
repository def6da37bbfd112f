"""Why the work at hand is done, for the events that it records.

A request says it by its audit record. Background work says it here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from canonical.audit.record import AuditRecord
from canonical.events.recorded import UNKNOWN, Origin

_AT_HAND: ContextVar[Origin] = ContextVar("origin", default=UNKNOWN)


@contextmanager
def done_by_process(process: str, subject: str, correlation_id: str | None) -> Iterator[None]:
    """What is recorded inside is done by this process."""
    token = _AT_HAND.set(Origin(process, correlation_id or "", f"{process}/{subject}"))
    try:
        yield
    finally:
        _AT_HAND.reset(token)


def origin_at_hand(evidence: AuditRecord | None) -> Origin:
    """`evidence`: the audit record of the request."""
    if evidence is None:
        return _AT_HAND.get()
    return Origin(evidence.client, evidence.correlation_id, evidence.id)
