"""What readers of the stream need."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from canonical.events.recorded import RecordedEvent


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events: those of these types, and of this kind of subject, and of this subject, and up to this number; None
    for all. Without `documents` they come without theirs, which may be large.
    """

    types: Collection[str] | None = None
    subject_type: str | None = None
    subject: str | None = None
    up_to: int | None = None
    documents: bool = True


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


@dataclass(frozen=True, slots=True)
class StreamMessage:
    """One event as consumers of a streaming platform get it. Messages of one `subject` keep their order there."""

    event_id: str
    subject_type: str
    subject: str
    body: bytes


class NotPublished(Exception):
    """The broker did not acknowledge all messages; it may have some of them. The message is for operators."""


class EventPublisher(Protocol):
    """Publishes to a streaming platform, at least once."""

    def publish(self, messages: Sequence[StreamMessage]) -> None:
        """Returns when the broker has acknowledged all of them. Each has another subject, so their order does not
        matter. Raises NotPublished; after that the same messages may be published again.
        """
        ...

    def close(self) -> None: ...
