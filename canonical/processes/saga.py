"""Steps with compensations: carried out in order, undone newest first.

What a backend did is settled before anything else happens: an unknown outcome is asked about, never guessed, and a
backend that is away makes the run wait, not fail. A run keeps its whole state in `Progress`, which is JSON, so that an
engine can store it and go on elsewhere.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from types import MappingProxyType
from typing import Any

from canonical.shared.errors import (
    BackendContractError,
    BackendUnavailable,
    CanonicalError,
    OutcomeUnknown,
    restore,
)

Facts = Mapping[str, Any]
"""What each step so far brought, by the step's name. JSON."""

Interruption = Callable[[], CanonicalError | None]
"""Why the run is to go no further, asked before each step; None to go on."""

Keep = Callable[["Progress"], None]
"""Told of each progress on the way. Who catches an error that `run` raises goes on from the last one."""

Decided = Mapping[str, dict[str, Any]]
"""What a person knows of a call: its answer in place of the backend's, by the name that it is recorded under."""

Once = Callable[[str, Callable[[], dict[str, Any]]], dict[str, Any]]
"""`once(name, call)`: the recorded answer of `name`, or `call()`'s, recorded. A crash in between calls again."""


BEFORE = "before-"
"""Begins the record of the question whether to make the call that follows."""


@dataclass(frozen=True)
class Step:
    """One call to a backend.

    `act` gets the facts so far and may be repeated. `find` tells what it did when its outcome is unknown: its result,
    or None for nothing. `undo` takes it back and may be repeated; `effect` names what is taken back. `told` makes its
    result of the text that a person tells of it, where that is not the result itself. Raises ValueError.
    """

    name: str
    act: Callable[[Facts], Any]
    find: Callable[[Facts], Any | None] | None = None
    undo: Callable[[Facts], None] | None = None
    effect: Callable[[Facts], str] | None = None
    told: Callable[[str], Any] | None = None


@dataclass(frozen=True)
class Progress:
    """Where a run stands.

    `attempt` counts how often the call at hand has found its backend away; `uncertain`: one of those tries may have
    acted, so that the run must not be interrupted before that is known. `renewed` counts how often it was taken up anew
    after it had ended with something `not_undone`.
    """

    facts: dict[str, Any] = field(default_factory=dict)
    refusal: dict[str, Any] | None = None
    undone: tuple[str, ...] = ()
    not_undone: tuple[str, ...] = ()
    settled: tuple[str, ...] = ()
    attempt: int = 0
    uncertain: bool = False
    waiting_for: str | None = None
    renewed: int = 0

    def __post_init__(self) -> None:
        # An engine that keeps it as JSON gives lists back.
        for name in ("undone", "not_undone", "settled"):
            object.__setattr__(self, name, tuple(getattr(self, name)))

    @property
    def waiting(self) -> bool:
        return self.waiting_for is not None

    @property
    def failure(self) -> CanonicalError | None:
        """What ended the run without success, once everything else is settled."""
        if self.refusal is None:
            return None
        return restore(self.refusal["code"], self.refusal["message"], self.refusal["details"])


@dataclass(frozen=True)
class Call:
    """The call that a run makes next: of `step`, or the one that undoes it. Its answer is kept under `record`."""

    step: Step
    undoing: bool
    record: str

    @property
    def name(self) -> str:
        return f"undo-{self.step.name}" if self.undoing else self.step.name


def next_call(steps: Sequence[Step], progress: Progress) -> Call | None:
    """None when nothing is left to be done."""
    if progress.refusal is None:
        ahead = next((step for step in steps if step.name not in progress.facts), None)
        return None if ahead is None else Call(ahead, undoing=False, record=_record(ahead, progress))
    behind = next(_to_undo(steps, progress), None)
    return None if behind is None else Call(behind, undoing=True, record=_undo_record(behind, progress))


def run(
    steps: Sequence[Step],
    progress: Progress,
    once: Once,
    interruption: Interruption = lambda: None,
    keep: Keep = lambda progress: None,
    decided: Decided = MappingProxyType({}),
) -> Progress:
    """Carry on from `progress` until every step is done, everything is undone, or a backend is away (`waiting`).

    A call that is `decided` is not made.
    """
    progress, records = replace(progress, waiting_for=None), _Records(once, decided)
    if progress.refusal is None:
        progress = _forwards(steps, progress, records, interruption, keep)
    if progress.refusal is not None:
        progress = _backwards(steps, progress, records, keep)
    return progress


def resumed(steps: Sequence[Step], progress: Progress, answers: Mapping[str, dict[str, Any]]) -> Progress:
    """Where a run stands that was at `progress` once and has these answers on record. Nobody is called."""

    def keep(reached: Progress) -> None:
        nonlocal progress
        progress = reached

    def recorded(name: str, _: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        if name not in answers:
            raise _NotOnRecord
        return answers[name]

    with suppress(_NotOnRecord):
        while next_call(steps, progress):
            progress = run(steps, progress, recorded, keep=keep)
    return progress


class _NotOnRecord(Exception):
    pass


def taken_up_again(steps: Sequence[Step], progress: Progress) -> Progress:
    """A run that ended with something not undone, about to undo that."""
    left = {step.name for step in steps if step.effect and _named(step, progress) in progress.not_undone}
    settled = tuple(name for name in progress.settled if name not in left)
    return replace(progress, settled=settled, not_undone=(), attempt=0, uncertain=False, renewed=progress.renewed + 1)


class _Records:
    """The records of one run. `again`: the last one was found, so that the call after it may have been made before, by
    a run that crashed and lost what the call came to.
    """

    def __init__(self, once: Once, decided: Decided) -> None:
        self._once = once
        self.decided = decided
        self.again = False

    def once(self, name: str, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        made = False

        def make() -> dict[str, Any]:
            nonlocal made
            made = True
            return call()

        answer = self._once(name, make)
        self.again = not made
        return answer


def _forwards(
    steps: Sequence[Step], progress: Progress, records: _Records, interruption: Interruption, keep: Keep
) -> Progress:
    """That a step is made is on record before it is made: who finds the record after a crash makes the step again and
    learns what it did, and never takes a step that perhaps acted for one that was stopped. To save records, the answer
    of each step says whether to go on to the next, and a step that leaves nothing to undo is asked for in its own.
    """
    ahead = [step for step in steps if step.name not in progress.facts]
    asked = progress.uncertain or bool(ahead and _record(ahead[0], progress) in records.decided)
    if ahead and ahead[0].undo and not asked:
        asked = True
        answer = records.once(f"{BEFORE}{_record(ahead[0], progress)}", lambda: _whether_to_stop(interruption))
        progress = _stopped_before(ahead[0], progress, answer)
    for step, following in zip_longest(ahead, ahead[1:]):
        if progress.refusal is not None or progress.waiting:
            break
        keep(replace(progress, uncertain=asked))
        progress = _forward(step, following, progress, records, interruption, asked)
        asked = True
        keep(progress)
    return progress


def _forward(
    step: Step, following: Step | None, progress: Progress, records: _Records, interruption: Interruption, asked: bool
) -> Progress:
    facts, record = progress.facts, _record(step, progress)

    def act() -> dict[str, Any]:
        stop = {} if asked else _whether_to_stop(interruption)
        if stop:
            return stop
        answer = records.decided.get(record) or _settle(lambda: step.act(facts), step.find, facts)
        if "away" in answer and (records.again or progress.uncertain):
            answer["uncertain"] = True
        return answer | _whether_to_stop(interruption) if "result" in answer and following else answer

    answer = records.once(record, act)
    if "away" in answer:
        return _wait(progress, answer)
    if "refused" in answer:
        return replace(progress, refusal=answer["refused"] | {"step": step.name}, attempt=0, uncertain=False)
    if "result" not in answer:
        return _stopped_before(step, progress, answer)
    progress = replace(progress, facts=dict(facts) | {step.name: answer["result"]}, attempt=0, uncertain=False)
    return _stopped_before(following, progress, answer)


def _whether_to_stop(interruption: Interruption) -> dict[str, Any]:
    error = interruption()
    return {} if error is None else {"stop": as_kept(error)}


def _stopped_before(step: Step | None, progress: Progress, answer: dict[str, Any]) -> Progress:
    if step is None or "stop" not in answer:
        return progress
    return replace(progress, refusal=answer["stop"] | {"step": step.name}, attempt=0)


def _backwards(steps: Sequence[Step], progress: Progress, records: _Records, keep: Keep) -> Progress:
    for step in _to_undo(steps, progress):
        progress = _backward(step, progress, records)
        keep(progress)
        if progress.waiting:
            break
    return progress


def _to_undo(steps: Sequence[Step], progress: Progress) -> Iterator[Step]:
    for step in reversed(steps):
        if step.undo is not None and step.name in progress.facts and step.name not in progress.settled:
            yield step


def _backward(step: Step, progress: Progress, records: _Records) -> Progress:
    undo = step.undo
    assert undo is not None
    facts, record = progress.facts, _undo_record(step, progress)
    answer = records.once(record, lambda: records.decided.get(record) or _settle(lambda: undo(facts), None, facts))
    if "away" in answer:
        return _wait(progress, answer)
    named = (_named(step, progress),)
    progress = replace(progress, settled=(*progress.settled, step.name), attempt=0, uncertain=False)
    if "refused" in answer:
        return replace(progress, not_undone=progress.not_undone + named)
    return replace(progress, undone=progress.undone + named)


def _record(step: Step, progress: Progress) -> str:
    return f"{step.name}#{progress.attempt}"


def _undo_record(step: Step, progress: Progress) -> str:
    renewed = f"{progress.renewed}." if progress.renewed else ""
    return f"undo-{step.name}#{renewed}{progress.attempt}"


def _named(step: Step, progress: Progress) -> str:
    """What undoing the step comes to, in words; empty for a step that was not made."""
    assert step.effect is not None
    return step.effect(progress.facts) if step.name in progress.facts else ""


def _wait(progress: Progress, answer: dict[str, Any]) -> Progress:
    """The answer may stand for all tries `through` one of a higher number (see `tries`)."""
    uncertain = progress.uncertain or answer["uncertain"]
    last = max(progress.attempt, answer.get("through", 0))
    return replace(progress, attempt=last + 1, uncertain=uncertain, waiting_for=answer["away"])


def _settle(act: Callable[[], Any], find: Callable[[Facts], Any | None] | None, facts: Facts) -> dict[str, Any]:
    """One try at a call: `result`, `refused` (nothing happened) or `away` (to be repeated; perhaps `uncertain`)."""
    uncertain = False
    try:
        try:
            return {"result": act()}
        except (OutcomeUnknown, BackendContractError):
            uncertain = True
            found = find(facts) if find is not None else None
            return {"result": act() if found is None else found}
    except (BackendUnavailable, OutcomeUnknown, BackendContractError) as error:
        return {"away": error.message, "uncertain": uncertain}
    except CanonicalError as error:
        return {"refused": as_kept(error)}


def as_kept(error: CanonicalError) -> dict[str, Any]:
    return {"code": error.code, "message": error.message, "details": dict(error.details)}
