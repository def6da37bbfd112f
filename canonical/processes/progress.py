"""The progress of a run, and its next call. This module calls no backend; `saga` does."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from canonical.processes.records import record_of
from canonical.shared.errors import CanonicalError, restore
from canonical.shared.failure import Failure

Facts = Mapping[str, Any]
"""The result of each step so far, by the step's name. JSON."""


@dataclass(frozen=True)
class Step:
    """One call to a backend.

    `act` gets the facts so far and may be repeated. `find` tells what it did when its outcome is unknown: its result,
    or None for nothing. `undo` is the compensation and may be repeated; `effect` is its text for people. `taken_back`
    tells whether the backend shows it as undone; False proves nothing. `manual_result` converts a person's text into
    the result, if the text is not the result itself. Raises ValueError.
    """

    name: str
    act: Callable[[Facts], Any]
    find: Callable[[Facts], Any | None] | None = None
    undo: Callable[[Facts], None] | None = None
    taken_back: Callable[[Facts], bool] | None = None
    effect: Callable[[Facts], str] | None = None
    manual_result: Callable[[str], Any] | None = None


@dataclass(frozen=True)
class Progress:
    """Where a run stands, as JSON.

    `refusal` ended it without success: code, message, details, and the `step` that was refused or stopped. `settled`
    names the steps that were undone or cannot be undone; `undone` and `not_undone` are texts about them.

    `waiting_for` is a text that says why the backend is unavailable. `attempt` counts how often the current call found
    its backend unavailable. `uncertain`: one of these attempts may have acted, so the run must not be interrupted
    before this is known. `renewed` counts how often a person restarted it after it had ended with something
    `not_undone`.
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
        """The error that ended the run, when everything else is settled."""
        if self.refusal is None:
            return None
        return restore(self.refusal["code"], self.refusal["message"], self.refusal["details"])


@dataclass(frozen=True)
class Call:
    """An attempt at the call of `step`, or at its compensation. Its answer is recorded under `record`."""

    step: Step
    undoing: bool
    name: str
    record: str


def acting(step: Step, progress: Progress) -> Call:
    return Call(step, undoing=False, name=step.name, record=record_of(step.name, progress.attempt))


def undoing(step: Step, progress: Progress) -> Call:
    name = f"undo-{step.name}"
    return Call(step, undoing=True, name=name, record=record_of(name, progress.attempt, progress.renewed))


def next_call(steps: Sequence[Step], progress: Progress) -> Call | None:
    """None when nothing is left to be done."""
    if progress.refusal is None:
        ahead = next((step for step in steps if step.name not in progress.facts), None)
        return None if ahead is None else acting(ahead, progress)
    behind = next(to_undo(steps, progress), None)
    return None if behind is None else undoing(behind, progress)


def to_undo(steps: Sequence[Step], progress: Progress) -> Iterator[Step]:
    for step in reversed(steps):
        if step.undo is not None and step.name in progress.facts and step.name not in progress.settled:
            yield step


def taken_up_again(steps: Sequence[Step], progress: Progress) -> Progress:
    """A run that ended with something not undone, about to undo that."""
    left = {step.name for step in steps if step.effect and effect_of(step, progress) in progress.not_undone}
    settled = tuple(name for name in progress.settled if name not in left)
    return replace(progress, settled=settled, not_undone=(), attempt=0, uncertain=False, renewed=progress.renewed + 1)


def effect_of(step: Step, progress: Progress) -> str:
    """A text that names the compensation; empty if the step was not made."""
    assert step.effect is not None
    return step.effect(progress.facts) if step.name in progress.facts else ""


def failure_of(progress: Progress, error: CanonicalError) -> Failure:
    """The failure to store with the subject: `error`, and what was undone because of it."""
    return Failure(
        code=error.code,
        message=error.message,
        step=(progress.refusal or {})["step"],
        details=dict(error.details),
        undone=progress.undone,
        not_undone=progress.not_undone,
    )
