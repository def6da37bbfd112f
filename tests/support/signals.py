"""Signals that reach nobody."""

from collections.abc import Collection

from adapters.signals.topics import Heard, Topic


class Cut:
    """The channel is cut: nodes hear nothing. `told` is what was told."""

    def __init__(self) -> None:
        self.told: list[tuple[Topic, str]] = []

    def begin(self, topics: Collection[Topic], heard: Heard) -> None: ...

    def tell(self, topic: Topic, subject: str = "") -> None:
        self.told.append((topic, subject))

    def close(self) -> None: ...
