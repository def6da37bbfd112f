"""A backend that honours idempotency keys and fails as told, and ways to run a saga against it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from canonical.processes.progress import Facts, Progress, Step
from canonical.processes.saga import Interruption, run
from canonical.shared.errors import (
    BackendContractError,
    BackendRefused,
    BackendUnavailable,
    CanonicalError,
    OutcomeUnknown,
)
from tests.support.fakes import Journal

NAMES = ("reserve", "create", "charge", "ship")


class Fault(StrEnum):
    """What becomes of one call. After the faults of a call are used up, it succeeds."""

    REFUSED = "refused"
    TURNED_BACK = "refused by somebody before it, who knows no keys"
    AWAY = "away"
    LOST_AFTER = "outcome unknown, with effect"
    LOST_BEFORE = "outcome unknown, without effect"
    GARBLED_AFTER = "contract error, with effect"
    GARBLED_BEFORE = "contract error, without effect"


_RAISED: Mapping[Fault, type[CanonicalError]] = {
    Fault.REFUSED: BackendRefused,
    Fault.TURNED_BACK: BackendRefused,
    Fault.AWAY: BackendUnavailable,
    Fault.LOST_AFTER: OutcomeUnknown,
    Fault.LOST_BEFORE: OutcomeUnknown,
    Fault.GARBLED_AFTER: BackendContractError,
    Fault.GARBLED_BEFORE: BackendContractError,
}
_ACTED = {Fault.LOST_AFTER, Fault.GARBLED_AFTER}

Script = Mapping[str, Sequence[Fault | None]]
"""The faults to come, by call: `charge`, `undo-charge` or `find-charge`; None for none."""


@dataclass
class FaultyBackend:
    """`effects` are what it did, in order; `calls` what it was asked."""

    script: Script = field(default_factory=dict)
    effects: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    _done: dict[str, str] = field(default_factory=dict)
    _used: dict[str, int] = field(default_factory=dict)

    def call(self, key: str) -> str:
        """Act, once for each key; a key that has acted gets its answer again, and is never refused."""
        fault = self._next(key)
        if fault is None or fault in _ACTED:
            self._act(key)
        if fault is not None and not (fault is Fault.REFUSED and key in self._done):
            raise _RAISED[fault](f"{key}: {fault}", backend="faulty", operation=key)
        return self._done[key]

    def find(self, key: str) -> str | None:
        fault = self._next(f"find-{key}")
        if fault is not None:
            raise _RAISED[fault](f"find-{key}: {fault}")
        return self._done.get(key)

    def _act(self, key: str) -> None:
        if key not in self._done:
            self.effects.append(key)
            self._done[key] = f"{key}-{len(self.effects)}"

    def _next(self, key: str) -> Fault | None:
        self.calls.append(key)
        used = self._used.get(key, 0)
        self._used[key] = used + 1
        faults = self.script.get(key, ())
        return faults[used] if used < len(faults) else None


def steps_of(backend: FaultyBackend, names: Sequence[str] = NAMES) -> list[Step]:
    return [_step(backend, name) for name in names]


def _step(backend: FaultyBackend, name: str) -> Step:
    def undo(_: Facts) -> None:
        backend.call(f"undo-{name}")

    return Step(
        name,
        act=lambda facts: backend.call(name),
        find=lambda facts: backend.find(name),
        undo=undo,
        taken_back=lambda facts: backend.find(f"undo-{name}") is not None,
        effect=lambda facts: f"{name} undone",
    )


def through_json(progress: Progress) -> Progress:
    """As an engine keeps it between two parts of a run."""
    return Progress(**json.loads(json.dumps(asdict(progress))))


def never() -> None:
    """Nothing interrupts."""


def carry_out(
    steps: Sequence[Step],
    *,
    new_journal: Callable[[], Any] = Journal,
    at_most: int = 40,
    interruption: Interruption = never,
) -> tuple[Progress, int]:
    """The end of a run and in how many parts it came: a new journal for each, and from part to part only JSON."""
    progress = Progress()
    for part in range(1, at_most + 1):
        progress = _surviving(steps, progress, new_journal(), interruption)
        if not progress.waiting:
            return through_json(progress), part
        progress = through_json(progress)
    raise AssertionError(f"still waiting for {progress.waiting_for}")


def _surviving(steps: Sequence[Step], progress: Progress, journal: Any, interruption: Interruption) -> Progress:
    """One part of a run, begun again after each crash with what the journal has."""
    while True:
        try:
            return run(steps, progress, journal.recorded, interruption)
        except Crash:
            continue


class Crash(BaseException):
    """The operating system process is gone."""


class JournalOfACrash(Journal):
    """Loses the answers of the calls with these numbers (from 0): made, and not yet recorded when the crash came."""

    def __init__(self, lost: frozenset[int], counted: list[int]) -> None:
        super().__init__()
        self._lost = lost
        self._counted = counted

    def recorded(self, name: str, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        if name in self.answers:
            return self.answers[name]
        answer = call()
        number = self._counted[0]
        self._counted[0] += 1
        if number in self._lost:
            raise Crash
        self.answers[name] = json.loads(json.dumps(answer))
        return self.answers[name]
