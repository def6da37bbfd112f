"""A saga: steps are carried out in sequence, and their compensations newest first.

The outcome of each call is settled before the next one: the backend is asked about an unknown outcome, and the run
waits for an unavailable backend and does not fail. The whole state of a run is in `Progress`, which is JSON, so an
engine can store it and continue on another node.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import zip_longest
from types import MappingProxyType
from typing import Any

from canonical.processes.progress import Facts, Progress, Step, acting, effect_of, next_call, to_undo, undoing
from canonical.processes.records import BEFORE, REFUSED, RESULT, STOP, THROUGH, UNAVAILABLE, UNCERTAIN
from canonical.processes.signs_of_life import at_work
from canonical.shared.errors import (
    BackendContractError,
    BackendUnavailable,
    CanonicalError,
    OutcomeUnknown,
)

Interruption = Callable[[], CanonicalError | None]
"""The reason to stop the run, asked before each step; None to go on."""

Checkpoint = Callable[[Progress], None]
"""Called with each progress. After an error of `run`, continue from the last one."""

Decided = Mapping[str, dict[str, Any]]
"""Manual results: a person's answers instead of the backend's, by the name of the record."""

Find = Callable[[Facts], Any | None]
"""The result of a call; None if it did nothing."""

RecordedCall = Callable[[str, Callable[[], dict[str, Any]]], dict[str, Any]]
"""`recorded(name, call)`: the recorded answer of `name`, or `call()`'s, recorded. A crash in between calls again."""


def run(
    steps: Sequence[Step],
    progress: Progress,
    recorded: RecordedCall,
    interruption: Interruption = lambda: None,
    checkpoint: Checkpoint = lambda progress: None,
    decided: Decided = MappingProxyType({}),
) -> Progress:
    """Continue from `progress` until every step is done, everything is undone, or a backend is unavailable (`waiting`).

    A call that is `decided` is not made.
    """
    progress, records = replace(progress, waiting_for=None), _Records(recorded, decided)
    if progress.refusal is None:
        progress = _forwards(steps, progress, records, interruption, checkpoint)
    if progress.refusal is not None:
        progress = _backwards(steps, progress, records, checkpoint)
    return progress


def resumed(steps: Sequence[Step], progress: Progress, answers: Mapping[str, dict[str, Any]]) -> Progress:
    """The progress of a run that was at `progress` and has these recorded answers. Calls no backend."""

    def checkpoint(reached: Progress) -> None:
        nonlocal progress
        progress = reached

    def on_record(name: str, _: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        if name not in answers:
            raise _NotOnRecord
        return answers[name]

    with suppress(_NotOnRecord):
        while next_call(steps, progress):
            progress = run(steps, progress, on_record, checkpoint=checkpoint)
    return progress


class _NotOnRecord(Exception):
    pass


class _Records:
    """The records of one run. `replayed`: the last one existed already, so an earlier run that crashed may have made
    the next call and lost its outcome.
    """

    def __init__(self, recorded: RecordedCall, decided: Decided) -> None:
        self._recorded = recorded
        self.decided = decided
        self.replayed = False

    def recorded(self, name: str, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        made = False

        def make() -> dict[str, Any]:
            nonlocal made
            made = True
            return call()

        answer = self._recorded(name, make)
        self.replayed = not made
        return answer


def _forwards(
    steps: Sequence[Step], progress: Progress, records: _Records, interruption: Interruption, checkpoint: Checkpoint
) -> Progress:
    """Make the remaining steps, and check before each whether to stop.

    The record that says "go on" is written before the call. A run that finds it after a crash repeats the call and so
    learns its outcome: a step that may have acted never counts as stopped. To save records, the answer of each step
    also says whether to stop before the next one. No step comes before the first one: if it can be undone, its check
    has a record of its own; otherwise it is part of the call.
    """
    ahead = [step for step in steps if step.name not in progress.facts]
    asked = progress.uncertain or bool(ahead and acting(ahead[0], progress).record in records.decided)
    if ahead and ahead[0].undo and not asked:
        asked = True
        before = f"{BEFORE}{acting(ahead[0], progress).record}"
        answer = records.recorded(before, lambda: _whether_to_stop(interruption))
        progress = _stopped_before(ahead[0], progress, answer)
    for step, following in zip_longest(ahead, ahead[1:]):
        if progress.refusal is not None or progress.waiting:
            break
        checkpoint(replace(progress, uncertain=asked))
        progress = _forward(step, following, progress, records, interruption, asked)
        asked = True
        checkpoint(progress)
    return progress


def _forward(
    step: Step, following: Step | None, progress: Progress, records: _Records, interruption: Interruption, asked: bool
) -> Progress:
    facts, record = progress.facts, acting(step, progress).record

    def act() -> dict[str, Any]:
        stop = {} if asked else _whether_to_stop(interruption)
        if stop:
            return stop
        in_doubt, decided = records.replayed or progress.uncertain, records.decided.get(record)
        if decided is None:
            answer = _settle(lambda: step.act(facts), step.find, facts, in_doubt)
        else:
            answer = _as_decided(decided, step.find, facts, in_doubt)
        return answer | _whether_to_stop(interruption) if RESULT in answer and following else answer

    answer = records.recorded(record, act)
    if UNAVAILABLE in answer:
        return _wait(progress, answer)
    if REFUSED in answer:
        return replace(progress, refusal=answer[REFUSED] | {"step": step.name}, attempt=0, uncertain=False)
    if RESULT not in answer:
        return _stopped_before(step, progress, answer)
    progress = replace(progress, facts=dict(facts) | {step.name: answer[RESULT]}, attempt=0, uncertain=False)
    return _stopped_before(following, progress, answer)


def _as_decided(decided: dict[str, Any], find: Find | None, facts: Facts, in_doubt: bool) -> dict[str, Any]:
    """A person's answer for a call. The process may have made the call after the person looked, so "not done" counts
    only if the backend does not know better.
    """
    if REFUSED not in decided or not in_doubt or find is None:
        return decided
    with suppress(OutcomeUnknown):
        found = _found(find, facts)
        if found is not None:
            return {RESULT: found, STOP: decided[REFUSED]}
    return decided


def _whether_to_stop(interruption: Interruption) -> dict[str, Any]:
    error = interruption()
    return {} if error is None else {STOP: as_kept(error)}


def _stopped_before(step: Step | None, progress: Progress, answer: dict[str, Any]) -> Progress:
    if step is None or STOP not in answer:
        return progress
    return replace(progress, refusal=answer[STOP] | {"step": step.name}, attempt=0)


def _backwards(steps: Sequence[Step], progress: Progress, records: _Records, checkpoint: Checkpoint) -> Progress:
    for step in to_undo(steps, progress):
        progress = _backward(step, progress, records)
        checkpoint(progress)
        if progress.waiting:
            break
    return progress


def _backward(step: Step, progress: Progress, records: _Records) -> Progress:
    undo = step.undo
    assert undo is not None
    facts, record, find = progress.facts, undoing(step, progress).record, _taken_back(step)

    def act() -> dict[str, Any]:
        in_doubt, decided = records.replayed or progress.uncertain, records.decided.get(record)
        if decided is None:
            return _settle(lambda: undo(facts), find, facts, in_doubt, undoing=True)
        return _as_decided(decided, find, facts, in_doubt)

    answer = records.recorded(record, act)
    if UNAVAILABLE in answer:
        return _wait(progress, answer)
    named = (effect_of(step, progress),)
    progress = replace(progress, settled=(*progress.settled, step.name), attempt=0, uncertain=False)
    if REFUSED in answer:
        return replace(progress, not_undone=progress.not_undone + named)
    return replace(progress, undone=progress.undone + named)


def _taken_back(step: Step) -> Find | None:
    """Finds out from the backend that a step was undone. None does not prove that it was not."""
    taken_back = step.taken_back
    return None if taken_back is None else lambda facts: taken_back(facts) or None


def _wait(progress: Progress, answer: dict[str, Any]) -> Progress:
    """The answer may stand for all attempts up to the number `THROUGH` (see `retry_compaction`)."""
    uncertain = progress.uncertain or answer[UNCERTAIN]
    last = max(progress.attempt, answer.get(THROUGH, 0))
    return replace(progress, attempt=last + 1, uncertain=uncertain, waiting_for=answer[UNAVAILABLE])


def _settle(
    act: Callable[[], Any], find: Find | None, facts: Facts, in_doubt: bool, *, undoing: bool = False
) -> dict[str, Any]:
    """One attempt at a call.

    It answers `RESULT`, `REFUSED` (nothing happened) or `UNAVAILABLE` (to be repeated; perhaps `UNCERTAIN`).

    `in_doubt`: an earlier attempt may have acted, so the backend is asked before the call is repeated. This question
    can also show the circuit breaker that the backend is back, while repeated calls keep losing their answers. A
    refusal does not settle an earlier attempt: it may come from a gateway, or from a backend that forgot the key. So
    the backend is asked once more. After a refused compensation the backend is always asked: a run that crashed may
    have undone the step, and then nothing is left to undo.
    """
    try:
        found = _found(find, facts) if in_doubt and find is not None else None
        if found is not None:
            return {RESULT: found}
        try:
            return {RESULT: act()}
        except (OutcomeUnknown, BackendContractError):
            in_doubt = True
            at_work()  # a node that stops leaves the question, and the next try, to another one
            found = None if find is None else _found(find, facts)
            return {RESULT: act() if found is None else found}
    except (BackendUnavailable, OutcomeUnknown, BackendContractError) as error:
        return {UNAVAILABLE: error.message, UNCERTAIN: in_doubt}
    except CanonicalError as error:
        doubtful = undoing or in_doubt
        return _refused_in_doubt(error, find, facts) if doubtful and find else {REFUSED: as_kept(error)}


def _refused_in_doubt(error: CanonicalError, find: Find, facts: Facts) -> dict[str, Any]:
    try:
        found = _found(find, facts)
    except OutcomeUnknown as unknown:
        return {UNAVAILABLE: unknown.message, UNCERTAIN: True}
    return {REFUSED: as_kept(error)} if found is None else {RESULT: found}


def _found(find: Find, facts: Facts) -> Any | None:
    """Raises OutcomeUnknown if the question itself fails. A refused question says nothing about the call."""
    try:
        return find(facts)
    except CanonicalError as error:
        raise OutcomeUnknown(error.message) from error


def as_kept(error: CanonicalError) -> dict[str, Any]:
    return {"code": error.code, "message": error.message, "details": dict(error.details)}
