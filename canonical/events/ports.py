"""What readers of the stream need."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from canonical.events.recorded import RecordedEvent


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events: those of these types, and of this kind of subject, and of this subject, and up to this number; None
    for all.
    """

    types: Collection[str] | None = None
    subject_type: str | None = None
    subject: str | None = None
    up_to: int | None = None


EVERYTHING = Wanted()


class EventStream(Protocol):
    """A cursor is the number of the last event that was read. No event gets a number below one that was there before,
    so whoever reads on from its cursor misses none.
    """

    def head(self) -> int:
        """The last number; 0 for none."""
        ...

    def after(self, number: int, limit: int, wanted: Wanted = EVERYTHING) -> Sequence[RecordedEvent]:
        """The events with greater numbers, in their order."""
        ...

    def before_time(self, at: datetime) -> int:
        """The number after which all events are that happened at `at` or later, to read them again."""
        ...

    def find(self, event_id: str) -> RecordedEvent:
        """Raises EventNotFound."""
        ...
