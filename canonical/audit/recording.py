"""A payload that was sent, kept for a replay."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Recording:
    """`payload` is JSON text without personal data. `operation` is the operationId, `profile` the version of the
    client's partner profile that judged the request.
    """

    id: str
    client: str
    at: datetime
    expires_at: datetime
    api: str
    version: str
    operation: str
    path: str
    media_type: str
    profile: str
    payload: str
