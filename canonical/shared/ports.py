"""Time and identity, so that the core can be tested with others."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The time now, aware, in UTC."""
        ...


class Identities(Protocol):
    def new_id(self) -> str:
        """A new id, unique everywhere and sortable by the time it was made."""
        ...
