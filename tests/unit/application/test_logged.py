"""What the log says of commands that were carried out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from structlog.testing import capture_logs

from canonical.processes.decisions import Decision
from canonical.processes.process_status import Action
from facade.application.requests import Request, Translation
from facade.application.use_cases import Application, UseCase
from facade.bootstrap.use_cases import use_cases
from tests.support.fakes import CountingIdentities, StandingClock, Starts
from tests.support.memory import Memory
from tests.support.memory_reads import ReadsFromMemory
from tests.unit.application.test_executing import REQUEST, Begin, Begun

DECISION = Decision(process="place-order", subject="o1", action=Action.RETRY, reason="Billing is back")


def logged(use_case: UseCase, command: Any, *requests: Request) -> Sequence[Mapping[str, Any]]:
    memory = Memory()
    known: dict[type, UseCase] = {type(command): use_case}
    application = Application(
        memory.unit_of_work, ReadsFromMemory(memory), StandingClock(), CountingIdentities(), Starts(), known
    )
    with capture_logs() as lines:
        for request in requests:
            application.execute(request, Translation(command), 201)
    return lines


def begun(command: Begin, *_: Any) -> Begun:
    return Begun(command.id)


def test_what_is_told_is_said_once_with_who_asked_for_it() -> None:
    silent = UseCase(begun, subject=lambda made: ("thing", made.id))
    assert logged(silent, Begin("o1"), REQUEST) == []
    said = {"subject": "o1", "client": "partner-acme", "by": "placeOrder"}
    for notable, level in ((True, "warning"), (False, "info")):
        use_case = replace(silent, event="thing begun", notable=notable)
        assert logged(use_case, Begin("o1"), REQUEST, REQUEST) == [said | {"event": "thing begun", "log_level": level}]


def test_a_decision_is_said_with_its_action() -> None:
    declared = use_cases({})[Decision]
    said = UseCase(
        lambda command, *_: command,
        subject=lambda made: ("order", made.subject),
        event=declared.event,
        notable=declared.notable,
        log_fields=declared.log_fields,
    )
    [line] = logged(said, DECISION, Request("ops", "decideProcess"))
    assert (line["event"], line["log_level"], line["action"]) == ("decision taken", "warning", "retry")
    assert (line["subject"], line["client"]) == ("o1", "ops")
