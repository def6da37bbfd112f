"""A registration for events."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Listener:
    """A registration of the client `owner` with its `callback`, for one interface.

    `query` selects events in the terms of that interface; it is empty for all events. A listener never changes: another
    query is another listener.

    `address` is that of the interface as the client reached it, for addresses in what it is sent. `scopes` are those
    that its token had: they decide what it may see.
    """

    id: str
    owner: str
    api: str
    version: str
    callback: str
    query: str
    created_at: datetime
    address: str = ""
    scopes: tuple[str, ...] = ()
