"""How the notifications of a listener are delivered: whether, where to, and how they are signed."""

from base64 import b64encode
from dataclasses import dataclass, field
from enum import StrEnum
from secrets import token_bytes

SECRET_PREFIX = "whsec_"  # noqa: S105  # no secret
"""What a secret begins with, by Standard Webhooks."""


MOST_PREVIOUS = 10
"""Secrets that sign beside the newest one."""


def new_secret() -> str:
    return SECRET_PREFIX + b64encode(token_bytes(32)).decode()


class DeliveryState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    """Nothing is sent. What happens meanwhile is sent when it is resumed."""


class Addressing(StrEnum):
    """Where the notifications of a listener go."""

    CALLBACK = "callback"
    """To the callback itself."""
    EVENT = "event"
    """To an address below it for each event type: `/listener/productOrderCreateEvent`."""


@dataclass(slots=True)
class DeliveryStatus:
    """The status of one listener's deliveries.

    `reason` says why they are paused. `cursor` is the number of the last event that was selected for it, None if it is
    up to date with the others. Events after `replay_after` are to be sent again. `secret` signs what is sent,
    and so does each of the `previous` ones until its end, in milliseconds of the deliveries' own time. `failures`
    counts failed tries since something was delivered. `turn` counts the changes of its owner.
    """

    listener_id: str
    secret: str = field(repr=False)
    state: DeliveryState = DeliveryState.ACTIVE
    reason: str = ""
    addressing: Addressing = Addressing.CALLBACK
    cursor: int | None = None
    replay_after: int | None = None
    previous: tuple[tuple[str, int], ...] = field(default=(), repr=False)
    failures: int = 0
    failing_since: int | None = None
    turn: int = 0

    def address(self, callback: str, event_type: str) -> str:
        """Where notifications of this type go."""
        if self.addressing is Addressing.CALLBACK:
            return callback
        address, _, query = callback.partition("?")
        below = f"{address.rstrip('/')}/listener/{event_type[0].lower()}{event_type[1:]}"
        return f"{below}?{query}" if query else below

    def keys(self, now: int) -> tuple[str, ...]:
        """The secrets that sign at this moment."""
        return (self.secret, *(secret for secret, until in self.previous if now < until))

    def renew(self, secret: str, now: int, overlap: int) -> None:
        """Sign with this secret, too. Whoever asks twice, because an answer was lost, keeps the secret that it has."""
        valid = [(one, until) for one, until in self.previous if now < until]
        self.previous = ((self.secret, now + overlap), *valid)[:MOST_PREVIOUS]
        self.secret = secret


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notification that waits. It is due at `due`, in milliseconds of the deliveries' own time.

    `problem` says what was wrong with the last try. A `dead` one is not tried again by itself.
    """

    listener_id: str
    number: int
    subject: str
    event_id: str
    event_type: str
    tries: int = 0
    due: int = 0
    problem: str = ""
    dead: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to deliver. `status` is that of the answer, None without one; `problem` says what was wrong."""

    listener_id: str
    number: int
    event_id: str
    event_type: str
    address: str
    at: str
    status: int | None
    problem: str
    answer: str
    milliseconds: int
