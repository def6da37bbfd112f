"""What follows from the result of a try."""

from dataclasses import replace

import structlog

from adapters.events.lanes import pause_after, spread, tries_within
from adapters.events.served import Result, Served
from adapters.persistence.deliveries import Evidence, Round
from canonical.listeners.delivery import Delivery
from canonical.listeners.notification import Outcome

log = structlog.get_logger()
DAY = 86_400
SLOW_MILLISECONDS = 2_000
"""A listener whose last answer took longer is sent one notification at a time."""


class Outcomes:
    """A notification is tried for `retry_seconds`; a listener that takes nothing for `pause_seconds` is paused."""

    def __init__(self, retry_seconds: float, pause_seconds: float) -> None:
        self._tries = tries_within(retry_seconds)
        self._pause_seconds = pause_seconds

    def settle(self, result: Result, now: int, done: Round) -> None:
        served, one, outcome = result.served, result.delivery, result.outcome
        served.lane.slow = outcome.milliseconds > SLOW_MILLISECONDS
        if outcome.delivered:
            done.delivered.append(one)
            served.lane.over(one)
            _is_reached(served, done)
        elif outcome.gone:
            log.warning("a listener ended its registration", listener=served.listener.id, client=served.listener.owner)
            done.ended.append(served.listener.id)
            done.evidence.append(Evidence(served.listener, "endListener", "it answered 410"))
        else:
            self._failed(served, one, outcome, now, done)

    def _failed(self, served: Served, one: Delivery, outcome: Outcome, now: int, done: Round) -> None:
        """Try again later, or give the notification up, and after days the listener."""
        status, lane, wished = served.status, served.lane, outcome.retry_after or 0.0
        status.failing_since = now if status.failing_since is None else status.failing_since
        status.failures += 1
        served.changed(done)
        if outcome.unreachable:
            lane.failures += 1
            lane.closed_until = now + spread(max(pause_after(lane.failures), wished))
        if one.tries + 1 >= self._tries:
            lane.over(one)
            done.failed.append(replace(one, tries=one.tries + 1, problem=outcome.problem, dead=True))
            log.warning("a notification is given up", listener=served.listener.id, event_id=one.event_id)
        else:
            due = now + spread(max(pause_after(one.tries + 1), wished))
            done.failed.append(lane.failed(one, due, outcome.problem))
        if not lane.waiting:  # while nothing waits, nothing fails
            served.forgive()
        elif now - status.failing_since > 1000 * self._pause_seconds:
            days = self._pause_seconds / DAY
            served.halt(f"it took nothing for {days:g} days; the last problem: {outcome.problem}", done)


def _is_reached(served: Served, done: Round) -> None:
    served.lane.failures, served.lane.proven = 0, True
    if served.status.failing_since is not None:
        served.forgive()
        served.changed(done)
