"""What is sent to a listener."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Notification:
    """One event in the words of one listener. `event_id` is the same whenever it is sent."""

    event_id: str
    event_type: str
    body: bytes


class ListenerUnusable(Exception):
    """Nothing can be sent to the listener; the message says why and what to do."""
