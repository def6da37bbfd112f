"""What is sent to a listener."""

from dataclasses import dataclass
from typing import Protocol

GONE = 410
BUSY = (429, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class Notification:
    """One event in the words of one listener. `event_id` is the same whenever it is sent."""

    event_id: str
    event_type: str
    body: bytes


class ListenerUnusable(Exception):
    """Nothing can be sent to the listener; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What is sent, and by which keys it is signed. `callback` is the address with the scheme."""

    callback: str
    event_id: str
    body: bytes
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one try. `status` is None without an answer. `problem` is empty if it was delivered."""

    status: int | None
    problem: str
    answer: str
    milliseconds: int
    retry_after: float | None = None

    @property
    def delivered(self) -> bool:
        return not self.problem

    @property
    def gone(self) -> bool:
        """The listener wants nothing more."""
        return self.status == GONE

    @property
    def unreachable(self) -> bool:
        """Other notifications would fare no better now."""
        return self.status is None or self.status in BUSY


class SendsNotifications(Protocol):
    def send(self, outgoing: Outgoing) -> Outcome:
        """One try, which ends in time. Raises nothing for what may be wrong with the listener."""
        ...
