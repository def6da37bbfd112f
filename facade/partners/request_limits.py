"""How often a client may ask.

profile["limits"]     {"requestsPerSecond": 10, "burst": 50}
"""

from collections.abc import Mapping
from math import ceil
from typing import Any

from facade.web.limits import RequestLimit

MOST_PER_SECOND = 1_000_000
MOST_BURST = 100_000

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["requestsPerSecond"],
    "properties": {
        "requestsPerSecond": {"type": "number", "exclusiveMinimum": 0, "maximum": MOST_PER_SECOND},
        "burst": {"type": "integer", "minimum": 1, "maximum": MOST_BURST},
    },
}
"""The form of the key `limits` of a profile."""


def request_limit(said: Mapping[str, Any]) -> RequestLimit:
    """The limit in a profile that keeps its schema. Without a burst, what comes within one second may come at once."""
    per_second = float(said["requestsPerSecond"])
    return RequestLimit(
        per_second, int(said["burst"]) if "burst" in said else min(max(1, ceil(per_second)), MOST_BURST)
    )
