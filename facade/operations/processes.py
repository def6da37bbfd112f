"""Processes for operators: one method for each operation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Protocol, Self

import flask
from marshmallow import Schema, fields

from canonical.audit.record import Mapped
from canonical.processes.decisions import Decision, DecisionWork, Outcome
from canonical.processes.engine import Process
from canonical.processes.errors import CallUnderWay, DecisionRefused, GivenUp, ProcessNotFound
from canonical.processes.process_status import Action, Problem, ProcessState, ProcessStatus, Situation, situation
from canonical.processes.records import REFUSED, RESULT, STOP, THROUGH, UNAVAILABLE, UNTIL
from canonical.shared.criteria import SortBy
from canonical.shared.errors import InvalidCommand
from canonical.shared.paging import Found, Slice
from canonical.shared.ports import Clock
from facade.answers import AnswerRow, AnswerTable
from facade.application.requests import Request, Result, Translation
from facade.application.use_cases import Application
from facade.clock import time_text
from facade.contract.connexion_plugin import validated_body
from facade.contract.messages import not_one_of
from facade.contract.violations import ContractViolation
from facade.portal.pages import page_document
from facade.security.principal import current_principal
from facade.web.cursors import Course
from facade.web.json import answer_json
from facade.web.keyed import keyed_request
from facade.web.paging import PAGING, only, page_of, whole_number

ANSWERS: AnswerTable = MappingProxyType(
    {
        ProcessNotFound: AnswerRow(404, "Process not found"),
        DecisionRefused: AnswerRow(409, "Decision refused"),
        CallUnderWay: AnswerRow(409, "Call under way", retry_after="1"),
        GivenUp: AnswerRow(409, "Order stopped by an operator"),
    }
)

RECORDS = 100
LONGEST_AGE = 1_000_000_000
OPEN = frozenset(ProcessState) - {ProcessState.ENDED}

DECIDE = "decideProcess"
"""The operation that takes a decision, in the contract and in audit records."""

Answers = list[tuple[str, datetime, dict[str, Any]]]


class Processes(Protocol):
    def page(
        self,
        states: frozenset[ProcessState],
        before: datetime | None,
        waiting_for: str | None,
        part: Slice,
    ) -> Found[ProcessStatus]:
        """The processes in one of `states` whose problem began before `before`, those with the oldest problem first."""
        ...

    def answers(self, process: str, subject: str) -> Answers:
        """The outcomes of its calls: record name, time, answer; oldest first."""
        ...


class ReadingWork(DecisionWork, Protocol):
    def __enter__(self) -> Self: ...
    def __exit__(self, *_: Any) -> None: ...  # noqa: PYI036 - those of a unit of work have types


@dataclass(frozen=True)
class OperatedProcesses:
    """`kinds`: the processes by their names."""

    processes: Processes
    unit_of_work: Callable[[], ReadingWork]
    kinds: Mapping[str, Process[Any]]
    application: Application
    clock: Clock

    def operations(self) -> dict[str, Callable[..., Any]]:
        return {"listProcesses": self.list, "getProcess": self.get, "decideProcess": self.decide}

    def list(self) -> flask.Response:
        query = flask.request.args
        only(query, ("state", "age", "waitingFor", *PAGING))
        states = _states(query)
        age = whole_number(query, "age", LONGEST_AGE) if "age" in query else None
        # The sort time depends on the states.
        page = page_of(query, Course(f"processes {sorted(states)}", (SortBy.INSTANT,)))
        found = self.found(states, age, query.get("waitingFor"), page.slice)
        return answer_json(page_document([_PROCESS.dump(status) for status in found.members], page, found))

    def found(
        self, states: frozenset[ProcessState], age: int | None, waiting_for: str | None, part: Slice
    ) -> Found[ProcessStatus]:
        """`age`: at least so many seconds in this state, or waiting for the same call."""
        before = None if age is None else self.clock.now() - timedelta(seconds=age)
        return self.processes.page(states, before, waiting_for, part)

    def get(self, process: str, subject: str) -> flask.Response:
        only(flask.request.args, ())
        return answer_json(self.shown(process, subject))

    def shown(self, process: str, subject: str) -> dict[str, Any]:
        """A process with its calls and the possible decisions. Raises ProcessNotFound."""
        if process not in self.kinds:
            raise ProcessNotFound("Process not found", process=process, subject=subject)
        kind = self.kinds[process]
        with self.unit_of_work() as work:
            status = work.processes.status(process, subject)
            known = work.processes.answers(process, subject)
            found = situation(status, kind.steps(kind.look(subject, work)), known)
        answers = self.processes.answers(process, subject)
        shown: dict[str, Any] = _PROCESS.dump(status)
        return shown | _details(status, found, answers)

    def decide(self, process: str, subject: str) -> flask.Response:
        """Raises what `decided` raises."""
        only(flask.request.args, ())
        body = validated_body()
        payload = payload_of(process, subject, body)
        request = keyed_request(current_principal(), DECIDE, payload, reason=body["reason"])
        return answer_json(self.decided(process, subject, body, request), 202)

    def decided(self, process: str, subject: str, body: Mapping[str, Any], request: Request) -> dict[str, Any]:
        """Take the decision that a valid body states. Raises what the handler of decisions raises, and InvalidCommand
        for missing or superfluous members.
        """
        decision = _decision(process, subject, body)
        translation = Translation(decision, trail=_trail(decision))
        result = self.application.idempotently(request, lambda: self.application.execute(request, translation, 202))
        return _decided(decision, result)


def payload_of(process: str, subject: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """What two requests with one key must have in common."""
    return {"process": process, "subject": subject, "decision": body}


class ProcessSchema(Schema):
    process = fields.String()
    subject = fields.String()
    state = fields.Function(lambda status: status.state.value)
    problem = fields.Function(lambda status: status.problem and status.problem.value)
    call = fields.String()
    tries = fields.Integer()
    waiting_for = fields.String(data_key="waitingFor")
    since = fields.Function(lambda status: time_text(status.since))
    changed_at = fields.Function(lambda status: time_text(status.changed_at), data_key="changedAt")
    correlation_id = fields.String(data_key="correlationId")


_PROCESS = ProcessSchema()


def _details(status: ProcessStatus, found: Situation, answers: Answers) -> dict[str, Any]:
    progress = found.progress
    not_undone = (status.progress or {}).get("not_undone", ()) if status.state is ProcessState.FALLOUT else ()
    return {
        "nextCall": found.call.name if found.call else None,
        "uncertain": found.call is not None and progress.uncertain,
        "refusal": progress.refusal and progress.refusal["code"],
        "undone": list(progress.undone),
        "notUndone": [*progress.not_undone, *not_undone],
        "allowedActions": [action.value for action in found.allowed],
        "record": [_answer(*answer) for answer in answers[-RECORDS:]],
    }


OUTCOMES = {RESULT: "done", REFUSED: "refused", UNAVAILABLE: "away", STOP: "stopped"}
"""The outcome by the member of the recorded answer; if several members are there, the first counts."""


def _answer(name: str, at: datetime, answer: Mapping[str, Any]) -> dict[str, Any]:
    outcome = next((outcome for member, outcome in OUTCOMES.items() if member in answer), "goesOn")
    result = answer.get(RESULT)
    return {
        "call": name,
        "at": time_text(at),
        "until": answer.get(UNTIL) and time_text(datetime.fromisoformat(answer[UNTIL])),
        "tries": answer.get(THROUGH, 1),
        "outcome": outcome,
        "result": result if isinstance(result, str) else None,
        "code": (answer.get(REFUSED) or answer.get(STOP) or {}).get("code"),
    }


def _decision(process: str, subject: str, body: Mapping[str, Any]) -> Decision:
    action, known = Action(body["action"]), {"call", "outcome", "result"} & body.keys()
    if action is not Action.SKIP and known:
        name = min(known)
        raise InvalidCommand(f"only skip takes {name}", pointer=f"/{name}")
    for name in ("call", "outcome") if action is Action.SKIP else ():
        if name not in known:
            raise InvalidCommand(f"skip needs {name}", pointer=f"/{name}")
    return Decision(
        process=process,
        subject=subject,
        action=action,
        reason=body["reason"],
        call=body.get("call"),
        outcome=Outcome(body["outcome"]) if "outcome" in body else None,
        result=body.get("result"),
    )


def _trail(decision: Decision) -> tuple[Mapped, ...]:
    what = (decision.action, decision.call, decision.outcome, decision.result)
    return (Mapped("", f"/processes/{decision.process}/{decision.subject}", " ".join(filter(None, what))),)


def _decided(decision: Decision, result: Result) -> dict[str, Any]:
    """The answer, with the status of the process at the time of the decision."""
    assert result.answer is not None, "the answer to a decision is kept"
    return {
        "action": decision.action.value,
        "auditRecordId": result.answer["record"],
        "process": _PROCESS.dump(_status(result.answer["made"])),
    }


def _status(kept: Mapping[str, Any]) -> ProcessStatus:
    """A process that was kept as JSON."""
    times = {name: datetime.fromisoformat(kept[name]) for name in ("since", "changed_at")}
    problem = kept["problem"] and Problem(kept["problem"])
    return ProcessStatus(**{**kept, **times, "state": ProcessState(kept["state"]), "problem": problem})


def _states(query: Mapping[str, str]) -> frozenset[ProcessState]:
    if "state" not in query:
        return OPEN
    known = tuple(state.value for state in ProcessState)
    names = query["state"].split(",")
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None:
        raise ContractViolation([not_one_of(("state",), known, unknown)])
    return frozenset(ProcessState(name) for name in names)
