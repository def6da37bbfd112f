"""What may be asked of listeners."""

from dataclasses import dataclass, field

from canonical.listeners.delivery import Addressing, DeliveryState


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


@dataclass(frozen=True, slots=True)
class ChangeDelivery:
    """Pause or resume the deliveries of a listener, or send them to other addresses. None: it stays as it is."""

    owner: str
    listener_id: str
    state: DeliveryState | None = None
    addressing: Addressing | None = None


@dataclass(frozen=True, slots=True)
class ReplayEvents:
    """Send everything after the event with the number `after` again."""

    owner: str
    listener_id: str
    after: int


@dataclass(frozen=True, slots=True)
class RedeliverDeadLetters:
    """Try dead letters again: those of `event_ids`, or all."""

    owner: str
    listener_id: str
    event_ids: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class RenewSecret:
    """Sign with a new secret. Those before it sign, too, the last one for `overlap_seconds`."""

    owner: str
    listener_id: str
    secret: str = field(repr=False)
    overlap_seconds: int = 0


@dataclass(frozen=True, slots=True)
class TryListener:
    """Have a test event sent to the listener."""

    owner: str
    listener_id: str
