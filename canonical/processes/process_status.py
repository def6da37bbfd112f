"""The status of a process, and what a person may decide about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from canonical.processes.progress import Call, Progress, Step, next_call, taken_up_again
from canonical.processes.saga import resumed


class ProcessState(StrEnum):
    SCHEDULED = "scheduled"
    RUNNING = "running"
    WAITING = "waiting"
    FALLOUT = "fallout"
    ENDED = "ended"


class Problem(StrEnum):
    """Why a process does not go on."""

    BACKEND_UNAVAILABLE = "backendAway"
    OUTCOME_UNKNOWN = "outcomeUnknown"
    INTERRUPTED = "interrupted"
    NOT_UNDONE = "notUndone"
    NOT_DUE = "notDue"


class Action(StrEnum):
    RETRY = "retry"
    SKIP = "skip"
    COMPENSATE = "compensate"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessStatus:
    """A stored process.

    `since` is when it entered this state or began to wait for the current call. `tries` is how often that call was
    tried since. `changed_at` is the time of the last change. `progress` is that of the last pause, None before the
    first.
    """

    process: str
    subject: str
    state: ProcessState
    since: datetime
    changed_at: datetime
    tries: int
    call: str | None
    waiting_for: str | None
    problem: Problem | None
    correlation_id: str | None
    progress: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Situation:
    """The current situation of a process: its progress, its next call, and the possible decisions."""

    progress: Progress
    call: Call | None
    allowed: tuple[Action, ...]


def situation(status: ProcessStatus, steps: Sequence[Step], answers: Mapping[str, dict[str, Any]]) -> Situation:
    """`answers` are those on record. That of a fallen out process is how it will be once it is taken up again."""
    progress = resumed(steps, Progress(**(status.progress or {})), answers)
    if status.state is ProcessState.FALLOUT:
        progress = taken_up_again(steps, progress)
    call = next_call(steps, progress)
    if status.state is ProcessState.ENDED:
        return Situation(progress, None, ())
    return Situation(progress, call, tuple(_allowed(status, progress, call)))


def _allowed(status: ProcessStatus, progress: Progress, call: Call | None) -> list[Action]:
    """Empty while a call may be running, because its result is not known yet. What may not begin yet has no call.

    This state does not last: if the run dies or hangs, the engine starts another one.
    """
    if status.state is ProcessState.RUNNING:
        return []
    allowed = [Action.RETRY]
    if status.state is ProcessState.WAITING and status.problem is Problem.NOT_DUE:
        return allowed
    if call is not None and status.state in (ProcessState.WAITING, ProcessState.FALLOUT):
        allowed.append(Action.SKIP)
        if not call.undoing and not progress.uncertain:
            allowed.append(Action.COMPENSATE)
    return allowed
