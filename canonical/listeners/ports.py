"""What keeps listeners."""

from typing import Protocol

from canonical.listeners.listener import Listener


class ListenerRepository(Protocol):
    """Listeners of one transaction."""

    def of(self, owner: str) -> list[Listener]:
        """All of a client's, oldest first. Nobody else adds one for it before the transaction ends."""
        ...

    def add(self, new: Listener) -> None: ...

    def remove(self, listener_id: str) -> None: ...


class Listeners(Protocol):
    """Listeners as they are read, outside any transaction."""

    def find(self, listener_id: str, owner: str) -> Listener:
        """Raises ListenerNotFound, for another client's too."""
        ...
