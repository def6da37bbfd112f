"""How one of several versions of the same thing is named."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Named:
    """The version that is called `edition`, or without that the one that `reference` leads to at the moment `at`."""

    reference: str
    at: datetime
    edition: str | None = None
