"""What a person decides about a process that does not go on by itself.

A decision never touches a running process. It is taken between two attempts: it records what the person knows as the
answer of the next attempt, and starts a new run at once. Older runs can no longer change anything.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Protocol

from canonical.processes.engine import Process
from canonical.processes.errors import CallUnderWay, DecisionRefused, GivenUp, ProcessNotFound
from canonical.processes.process_status import Action, ProcessState, ProcessStatus, Situation, situation
from canonical.processes.progress import Call
from canonical.processes.records import REFUSED, RESULT
from canonical.processes.saga import as_kept
from canonical.shared.errors import InvalidCommand
from canonical.shared.ports import Clock, Identities


class Outcome(StrEnum):
    """What a person found out about a call."""

    DONE = "done"
    NOT_DONE = "notDone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """`call`, `outcome` and `result` are for SKIP: the call, whether it was done, and the id that it created."""

    process: str
    subject: str
    action: Action
    reason: str
    call: str | None = None
    outcome: Outcome | None = None
    result: str | None = None


class ProcessRecords(Protocol):
    """Processes and the outcomes of their calls, inside one unit of work."""

    def status(self, process: str, subject: str) -> ProcessStatus:
        """Nobody else changes it until the unit of work ends. Raises ProcessNotFound."""
        ...

    def answers(self, process: str, subject: str) -> dict[str, dict[str, Any]]: ...

    def take_up_again(
        self, process: str, subject: str, progress: Mapping[str, Any], decided: Mapping[str, dict[str, Any]]
    ) -> None:
        """Let a new run continue it from `progress`. Older runs can no longer change anything."""
        ...


class DecisionWork(Protocol):
    """The part of a unit of work that decisions take."""

    @property
    def processes(self) -> ProcessRecords: ...


def handler(processes: Mapping[str, Process[Any]]) -> Callable[[Decision, Any, Clock, Identities], ProcessStatus]:
    """The handler of decisions about these processes."""

    def decide_about(decision: Decision, work: DecisionWork, clock: Clock, identities: Identities) -> ProcessStatus:
        process = processes.get(decision.process)
        if process is None:
            raise ProcessNotFound("Process not found", process=decision.process, subject=decision.subject)
        return decide(decision, process, work)

    return decide_about


def decide(decision: Decision, process: Process[Any], work: DecisionWork) -> ProcessStatus:
    """Take the decision; return the status that the process had before.

    Raises ProcessNotFound, DecisionRefused naming what is allowed, CallUnderWay, or InvalidCommand.
    """
    status = work.processes.status(decision.process, decision.subject)
    subject = process.look(decision.subject, work)
    answers = work.processes.answers(decision.process, decision.subject)
    found = situation(status, process.steps(subject), answers)
    if status.state is ProcessState.RUNNING and not found.allowed:
        why = "a call of the process is running, and its outcome is not known yet: decide again in a moment"
        raise _refused(status, found, why, CallUnderWay)
    if decision.action not in found.allowed:
        raise _refused(status, found, f"a process in state {status.state} does not allow {decision.action}")
    if status.state is ProcessState.FALLOUT:
        process.resume(subject)
    decided = _decided(decision, status, found)
    work.processes.take_up_again(decision.process, decision.subject, asdict(found.progress), decided)
    return status


def _decided(decision: Decision, status: ProcessStatus, found: Situation) -> dict[str, dict[str, Any]]:
    """What goes on record in place of a backend's answer, by the record's name."""
    call = found.call
    if decision.action is Action.RETRY or call is None:
        return {}
    given_up = {REFUSED: as_kept(GivenUp("an operator stopped the order"))}
    if decision.action is Action.COMPENSATE:
        return {call.record: given_up}
    if decision.call != call.name:
        raise _refused(status, found, f"the current call of the process is {call.name}, not {decision.call}")
    if decision.outcome is Outcome.NOT_DONE:
        return {call.record: given_up}
    return {call.record: {RESULT: _result(decision, call)}}


def _result(decision: Decision, call: Call) -> Any:
    """Later steps and compensations need the id that the call created."""
    step, text = call.step, decision.result
    wanted = not call.undoing and (step.undo is not None or step.manual_result is not None)
    if wanted is not bool(text):
        why = (
            f"send as result what {call.name} returned" if wanted else f"{call.name} returns nothing: leave result out"
        )
        raise InvalidCommand(why, pointer="/result")
    if text is None or step.manual_result is None:
        return text
    try:
        return step.manual_result(text)
    except ValueError:
        raise InvalidCommand(f"this cannot be the result of {call.name}", pointer="/result") from None


def _refused(
    status: ProcessStatus, found: Situation, why: str, kind: type[DecisionRefused] = DecisionRefused
) -> DecisionRefused:
    return kind(
        why,
        state=status.state.value,
        call=found.call.name if found.call else None,
        allowedActions=[action.value for action in found.allowed],
    )
