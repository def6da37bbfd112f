"""What may be asked of partner profiles. `by` is the client that asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class DraftProfile:
    """Keep a document as the next version of a client's profile. `content_hash` is that of the document."""

    client: str
    document: Mapping[str, Any]
    content_hash: str
    by: str


@dataclass(frozen=True, slots=True)
class ReplaceDraft:
    """Have another document in a draft. `expected` is the version of the draft that the caller knows, if any."""

    profile_id: str
    document: Mapping[str, Any]
    content_hash: str
    by: str
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class ActivateProfile:
    """Have a draft in force, now or from `effective_at` on; it retires its predecessor."""

    profile_id: str
    by: str
    effective_at: datetime | None = None
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class RetireProfile:
    """Have a version no longer in force, and nothing in its place; also an activation that is pending, or a draft."""

    profile_id: str
    by: str
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class ApplyProfile:
    """Have a document in force now, as a new version. `seen` counts the changes of the client's versions that the
    caller knew when it planned this.
    """

    client: str
    document: Mapping[str, Any]
    content_hash: str
    by: str
    seen: int
