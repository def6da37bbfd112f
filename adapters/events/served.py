"""A listener as the node that delivers has it in memory."""

from dataclasses import dataclass
from datetime import datetime

import structlog

from adapters.events.lanes import Lane
from adapters.persistence.deliveries import Evidence, Round
from adapters.persistence.encoding import timestamp
from canonical.listeners.delivery import Attempt, Delivery, DeliveryState, DeliveryStatus
from canonical.listeners.listener import Listener
from canonical.listeners.notification import Outcome

log = structlog.get_logger()


@dataclass(eq=False)
class Served:
    """A listener, its status, and what waits for it."""

    listener: Listener
    status: DeliveryStatus
    lane: Lane

    @property
    def is_active(self) -> bool:
        return self.status.state is DeliveryState.ACTIVE

    def changed(self, done: Round) -> None:
        """Have its status stored."""
        done.status[self.listener.id] = self.status

    def move(self, cursor: int | None, done: Round) -> None:
        self.status.cursor = cursor
        self.changed(done)

    def forgive(self) -> None:
        """Count failures anew."""
        self.status.failures, self.status.failing_since = 0, None

    def halt(self, reason: str, done: Round) -> None:
        self.status.state, self.status.reason = DeliveryState.PAUSED, reason
        self.forgive()
        self.changed(done)
        done.evidence.append(Evidence(self.listener, "pauseListener", reason))
        log.warning("a listener is paused", listener=self.listener.id, client=self.listener.owner, reason=reason)

    def address(self, event_type: str) -> str:
        return self.status.address(self.listener.callback, event_type)


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one try."""

    served: Served
    delivery: Delivery
    address: str
    at: datetime
    outcome: Outcome

    @property
    def attempt(self) -> Attempt:
        one, outcome = self.delivery, self.outcome
        return Attempt(
            one.listener_id,
            one.number,
            one.event_id,
            one.event_type,
            self.address,
            timestamp(self.at),
            outcome.status,
            outcome.problem,
            outcome.answer,
            outcome.milliseconds,
        )
