"""The evidence kept of a request that wanted to change something."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Outcome(StrEnum):
    """What became of a place of a payload."""

    MAPPED = "mapped"
    """It was read, and is a field of the command."""
    ENRICHED = "enriched"
    """It was not sent, and was supplied."""
    CARRIED = "carried"
    """It is kept as sent, and means nothing inside."""
    REFUSED = "refused"
    """It is why the request was refused; the rule is the code."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """One field of a translation: where it came from, where it went, by which rule. JSON pointers (RFC 6901).

    `agreed` is the pointer into the client's profile to what says the rule, if that does.
    """

    source: str
    target: str
    rule: str
    outcome: Outcome = Outcome.MAPPED
    agreed: str | None = None


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """`id` is the id in the error answer, or a new one.

    `payload_hash` is SHA-256 in hex: of operation and payload, or, for a refused request, of the body as sent.
    `subject_type` and `subject` name the subject of the request, if it is known. `reason` is a person's reason for a
    decision. `profile` names the version of the client's partner profile by which the request was judged.
    """

    id: str
    at: datetime
    client: str
    operation: str
    correlation_id: str
    status: int
    payload_hash: str | None = None
    translation: tuple[Mapped, ...] = ()
    subject_type: str | None = None
    subject: str | None = None
    code: str | None = None
    reason: str | None = None
    profile: str | None = None
