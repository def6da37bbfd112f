"""A circuit breaker that spares a failing backend and its callers.

Our own, because those on PyPI fail one of two needs when measured with threads: pybreaker's `call` holds its lock
during the call and so serialises the callers (40 calls of 20 ms over 8 threads took 811 ms), and pybreaker's
`calling`, purgatory and circuitbreaker let every caller through when half open instead of one probe.
"""

from collections.abc import Callable
from enum import StrEnum
from threading import Condition
from time import monotonic
from typing import TypeVar

T = TypeVar("T")

PROBE_PATIENCE = 0.2
"""Seconds from the start of a probe that other callers wait for its outcome. Without this wait, if two orders try at
the same time, the second would be refused and try again seconds later, although the backend is back.
"""


class BreakerState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "halfOpen"


class BreakerOpen(Exception):
    """The call was not made. `retry_after` is the number of seconds until a call may be allowed again."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"open for another {retry_after:.3f} s")
        self.retry_after = retry_after


class Breaker:
    """Opens after `threshold` failures in a row; after `reset_seconds` one probe decides whether it closes again.

    `is_failure(error)` judges what a call raised: True counts against the backend, False shows that it works, None says
    nothing about it. The lock is held to change state, never during a call. A caller that comes during a probe waits a
    moment for its outcome, then is refused. A call that began before a change of state does not affect the new state.
    `changed(state)` is called at every change, outside the lock.
    """

    def __init__(
        self,
        threshold: int,
        reset_seconds: float,
        is_failure: Callable[[BaseException], bool | None],
        clock: Callable[[], float] = monotonic,
        changed: Callable[[BreakerState], None] = lambda state: None,
    ) -> None:
        self._changed = changed
        self._threshold = threshold
        self._reset_seconds = reset_seconds
        self._is_failure = is_failure
        self._clock = clock
        self._lock = Condition()
        self._failures = 0
        self._opened_at: float | None = None
        self._probing = False
        self._probe_began = 0.0
        self._era = 0

    @property
    def state(self) -> BreakerState:
        opened_at = self._opened_at
        if opened_at is None:
            return BreakerState.CLOSED
        if self._clock() - opened_at < self._reset_seconds:
            return BreakerState.OPEN
        return BreakerState.HALF_OPEN

    def check(self) -> None:
        """Raises BreakerOpen while the circuit breaker is open. While it is half open, this neither raises nor uses up
        the probe.
        """
        opened_at = self._opened_at
        if opened_at is not None and (left := self._reset_seconds - (self._clock() - opened_at)) > 0:
            raise BreakerOpen(left)

    def call(self, function: Callable[[], T]) -> T:
        """Returns or raises what `function` does. Raises BreakerOpen, without calling it, while the circuit breaker is
        open.
        """
        era = self._enter()
        failed: bool | None = None
        try:
            result = function()
            failed = False
            return result
        except BaseException as error:
            failed = self._is_failure(error)
            raise
        finally:
            self._leave(era, failed)

    def _enter(self) -> int:
        with self._lock:
            if self._probing:
                self._lock.wait(max(0.0, self._probe_began + PROBE_PATIENCE - self._clock()))
            probing = self._opened_at is not None
            if self._opened_at is not None:
                left = self._reset_seconds - (self._clock() - self._opened_at)
                if left > 0 or self._probing:
                    raise BreakerOpen(max(left, 0.0))
                self._probing = True
                self._probe_began = self._clock()
                self._era += 1
            era = self._era
        if probing:
            self._changed(BreakerState.HALF_OPEN)
        return era

    def _leave(self, era: int, failed: bool | None) -> None:
        became = None
        with self._lock:
            if era != self._era:
                return
            probe, self._probing = self._probing, False
            if probe:
                self._lock.notify_all()
            if failed is None:
                return
            if not failed:
                became = BreakerState.CLOSED if self._opened_at is not None else None
                self._failures = 0
                self._opened_at = None
            else:
                self._failures += 1
                if probe or self._failures >= self._threshold:
                    became = BreakerState.OPEN
                    self._opened_at = self._clock()
                    self._era += 1
        if became is not None:
            self._changed(became)
