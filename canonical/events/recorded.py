"""An event as its readers get it: what happened, to what, because of what, and the document as of that change."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

FORMAT = 1
"""The version of the format of all events. A new optional member keeps it."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Why something happened. `actor` is the client, or the name of the process; `causation_id` the audit record of the
    request, or the process and its subject (`place-order/<order id>`). Each is empty where it is not known.
    """

    actor: str = ""
    correlation_id: str = ""
    causation_id: str = ""


UNKNOWN = Origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEvent:
    """`number` is its place in the stream, dense from 1. `sequence` counts the events of its `subject` from 1 without
    gaps, and grows with the number.

    `owner` is the client that the subject belongs to and `customer_id` the customer that it is about, each empty for
    none. `hints` are what the event says itself. `document` is the public document of the subject as of that change, as
    JSON text in v5 without addresses; None for subjects without documents, and for events of releases before the
    stream.
    """

    number: int
    type: str
    version: int = FORMAT
    at: datetime
    subject_type: str
    subject: str
    sequence: int
    owner: str
    customer_id: str
    origin: Origin
    hints: Mapping[str, Any]
    document: str | None

    @property
    def id(self) -> str:
        """The same whenever it is read, and no other event's."""
        return f"{self.subject}-{self.sequence}"
