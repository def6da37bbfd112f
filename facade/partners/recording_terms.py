"""Whether what a partner sends is recorded for a replay.

profile["recording"]   {"retentionDays": 30, "masked": ["x_note"]}
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MOST_DAYS = 365
MOST_NAMES = 1_000

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["retentionDays"],
    "properties": {
        "retentionDays": {"type": "integer", "minimum": 1, "maximum": MOST_DAYS},
        "masked": {
            "type": "array",
            "items": {"type": "string", "minLength": 1, "maxLength": 100},
            "maxItems": MOST_NAMES,
            "uniqueItems": True,
        },
    },
}
"""The form of the key `recording` of a profile."""


@dataclass(frozen=True)
class RecordingTerms:
    """Payloads are kept so long. `masked` are names of members that hold personal data, beside those that we know."""

    retention_days: int
    masked: tuple[str, ...] = ()


def recording_terms(said: Mapping[str, Any]) -> RecordingTerms:
    """What a profile that keeps its schema says."""
    return RecordingTerms(said["retentionDays"], tuple(said.get("masked", ())))
