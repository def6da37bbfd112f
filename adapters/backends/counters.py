"""Counts of the calls to one backend by outcome; health and metrics read them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock

from adapters.backends.breaker import BreakerState


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendSnapshot:
    """One backend at this moment. Counts are since the start of this operating system process.

    `calls` by operation and outcome: "answered" or a name of `errors.CallOutcome` in camel case. `retries`,
    `contract_violations`, `contradictions` (answers about something else than was asked for) and `foreign_entries`
    (left out of lists) by operation. `held_seconds`: how long Retry-After still keeps us away. `tokens_failed`
    counts what the token service did not give; backends with the same client share that number.
    """

    breaker: BreakerState
    breaker_changes: Mapping[BreakerState, int]
    held_seconds: float
    in_flight: int
    tokens_failed: int
    calls: Mapping[tuple[str, str], int]
    retries: Mapping[str, int]
    contract_violations: Mapping[str, int]
    contradictions: Mapping[str, int]
    foreign_entries: Mapping[str, int]


@dataclass
class Counted:
    """A copy of what a Counters holds."""

    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    retries: Counter[str] = field(default_factory=Counter)
    violations: Counter[str] = field(default_factory=Counter)
    contradictions: Counter[str] = field(default_factory=Counter)
    foreign: Counter[str] = field(default_factory=Counter)
    breaker_changes: Counter[BreakerState] = field(default_factory=Counter)


class Counters:
    """Counts for one backend, written by many threads. The lock is held for an addition or a copy."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counted = Counted()

    def ended(self, operation: str, outcome: str) -> None:
        with self._lock:
            self._counted.calls[operation, outcome] += 1

    def repeated(self, operation: str) -> None:
        with self._lock:
            self._counted.retries[operation] += 1

    def violated(self, operation: str) -> None:
        with self._lock:
            self._counted.violations[operation] += 1

    def contradicted(self, operation: str) -> None:
        with self._lock:
            self._counted.contradictions[operation] += 1

    def left_out(self, operation: str, entries: int) -> None:
        with self._lock:
            self._counted.foreign[operation] += entries

    def breaker_became(self, state: BreakerState) -> None:
        with self._lock:
            self._counted.breaker_changes[state] += 1

    def copied(self) -> Counted:
        with self._lock:
            counted = self._counted
            return Counted(
                counted.calls.copy(),
                counted.retries.copy(),
                counted.violations.copy(),
                counted.contradictions.copy(),
                counted.foreign.copy(),
                counted.breaker_changes.copy(),
            )
