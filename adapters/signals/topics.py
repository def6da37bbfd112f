"""What nodes tell each other. A signal may get lost, so whoever waits for one also looks at the database."""

from collections.abc import Callable, Collection
from enum import StrEnum
from typing import Protocol


class Topic(StrEnum):
    """`WANTED`: a process is scheduled and has no node. `ENDED`: the process on a subject has ended."""

    WANTED = "wanted"
    ENDED = "ended"


Heard = Callable[[Topic, str], None]
"""Called with a topic and a subject, in a thread of the signals. It must not raise, and returns soon."""


class Signals(Protocol):
    def begin(self, topics: Collection[Topic], heard: Heard) -> None:
        """Listen to these topics from now on."""
        ...

    def tell(self, topic: Topic, subject: str = "") -> None:
        """Tell all other nodes that listen. Returns at once and never fails. Call it after the commit."""
        ...

    def close(self) -> None: ...
