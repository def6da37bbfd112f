"""What may be asked of listeners."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RegisterListener:
    """Tell `owner`, a client, about events of an interface at `callback`; `query` is empty for all of them."""

    owner: str
    api: str
    version: str
    callback: str
    query: str


@dataclass(frozen=True, slots=True)
class UnregisterListener:
    """`owner` is the client that registered it."""

    owner: str
    listener_id: str
