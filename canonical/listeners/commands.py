"""What may be asked of listeners."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RegisterListener:
    """Register `callback` of the client `owner` for events of an interface. An empty `query` means all events.

    `address` and `scopes`: see `Listener`.
    """

    owner: str
    api: str
    version: str
    callback: str
    query: str
    address: str = ""
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnregisterListener:
    """`owner` is the client that registered it."""

    owner: str
    listener_id: str
