"""What keeps listeners."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from canonical.listeners.delivery import Attempt, Delivery, DeliveryStatus
from canonical.listeners.listener import Listener


class ListenerRepository(Protocol):
    """Listeners of one transaction."""

    def of(self, owner: str) -> list[Listener]:
        """All of a client's, oldest first. Nobody else adds one for it before the transaction ends."""
        ...

    def add(self, new: Listener) -> None: ...

    def remove(self, listener_id: str) -> None:
        """With everything about its deliveries."""
        ...

    def status(self, listener_id: str) -> DeliveryStatus: ...

    def keep_status(self, status: DeliveryStatus) -> None:
        """What its owner has changed of it."""
        ...

    def drop_waiting(self, listener_id: str, after: int) -> None:
        """Forget what waits of events with greater numbers: they will be selected again."""
        ...

    def revive(self, listener_id: str, event_ids: Collection[str] | None) -> int:
        """Have dead letters delivered, those of these events or all. Returns how many."""
        ...

    def delivery_milliseconds(self) -> int:
        """The time by which deliveries wait."""
        ...


class Listeners(Protocol):
    """Listeners as they are read, outside any transaction."""

    def find(self, listener_id: str, owner: str) -> Listener:
        """Raises ListenerNotFound, for another client's too."""
        ...


@dataclass(frozen=True, slots=True)
class ListenerReport:
    """A listener and how far its deliveries are: how many notifications wait, how many are dead letters, and how many
    events it is behind those that were taken up for others.
    """

    listener: Listener
    status: DeliveryStatus
    waiting: int
    dead: int
    behind: int


class DeliveryReads(Protocol):
    """What owners of listeners read about their deliveries, outside any transaction."""

    def of(self, owner: str) -> Sequence[ListenerReport]:
        """Oldest first."""
        ...

    def find(self, listener_id: str, owner: str) -> ListenerReport:
        """Raises ListenerNotFound, for another client's too."""
        ...

    def deliveries(self, listener_id: str, dead: bool, limit: int) -> Sequence[Delivery]:
        """What waits, or the dead letters; oldest first."""
        ...

    def attempts(self, listener_id: str, limit: int) -> Sequence[Attempt]:
        """Newest first."""
        ...

    def milliseconds(self) -> int:
        """The time by which deliveries wait."""
        ...
