"""Runs that a person helps along: where they stand, what is decided in place of a call, and undoing once more."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonical.ordering.errors import OrderWasCancelled
from canonical.processes.process_status import Action, Problem, ProcessState, ProcessStatus, situation
from canonical.processes.progress import Progress, next_call, taken_up_again
from canonical.processes.saga import resumed, run
from canonical.shared.errors import CanonicalError
from tests.support.builders import NOON
from tests.support.fakes import Journal
from tests.unit.processes.faulty_backend import NAMES, Fault, FaultyBackend, never, steps_of, through_json
from tests.unit.processes.test_saga import SCRIPTS

AWAY = [Fault.AWAY] * 9
UNKNOWN = {"charge": [Fault.LOST_AFTER] * 9, "find-charge": AWAY}
REFUSED = {"refused": {"code": "GIVEN_UP", "message": "given up", "details": {}}}


def part(backend: FaultyBackend, progress: Progress, journal: Journal, **options: Any) -> Progress:
    return through_json(
        run(steps_of(backend), progress, journal.recorded, options.pop("interruption", never), **options)
    )


def a_standing(**changes: Any) -> ProcessStatus:
    kept = ProcessStatus(
        process="place-order",
        subject="o1",
        state=ProcessState.WAITING,
        since=NOON,
        changed_at=NOON,
        tries=1,
        call="charge",
        waiting_for="billing",
        problem=Problem.BACKEND_UNAVAILABLE,
        correlation_id=None,
        progress=None,
    )
    return replace(kept, **changes)


@settings(deadline=None)
@given(SCRIPTS, st.integers(0, 12))
def test_what_is_on_record_says_where_a_run_stands_at_every_pause(script: dict[str, list[Fault]], pauses: int) -> None:
    backend, journal, progress = FaultyBackend(script), Journal(), Progress()
    for _ in range(pauses):
        progress = part(backend, progress, journal)
        for start in (Progress(), progress):
            found = resumed(steps_of(backend), start, journal.answers)
            assert replace(found, waiting_for=None) == replace(progress, waiting_for=None)
        if not progress.waiting:
            assert next_call(steps_of(backend), found) is None
            break


def test_a_call_that_a_person_knows_is_done_is_not_made_and_the_run_goes_on() -> None:
    backend, journal = FaultyBackend({"charge": AWAY}), Journal()
    progress = part(backend, Progress(), journal)
    made = len(backend.calls)
    ended = part(backend, progress, journal, decided={"charge#1": {"result": "CHG7"}})
    assert ended.facts["charge"] == "CHG7"
    assert list(ended.facts) == list(NAMES)
    assert backend.calls[made:] == ["ship"]


def test_what_a_person_knows_is_done_is_undone_when_the_order_is_cancelled() -> None:
    backend, journal = FaultyBackend({"charge": AWAY}), Journal()
    progress = part(backend, Progress(), journal)

    def cancelled() -> CanonicalError | None:
        return OrderWasCancelled("too late")

    ended = part(backend, progress, journal, interruption=cancelled, decided={"charge#1": {"result": "CHG7"}})
    assert ended.undone == ("charge undone", "create undone", "reserve undone")


def test_a_step_that_a_person_knows_is_not_done_gives_the_run_up() -> None:
    backend, journal = FaultyBackend(UNKNOWN), Journal()
    progress = part(backend, Progress(), journal)
    assert progress.uncertain
    ended = part(backend, progress, journal, decided={"charge#1": REFUSED})
    assert ended.failure is not None
    assert ended.failure.code == "GIVEN_UP"
    assert ended.undone == ("create undone", "reserve undone")


def test_a_step_that_was_made_after_the_person_had_looked_is_undone_with_the_others() -> None:
    backend, journal = FaultyBackend(UNKNOWN), Journal()
    progress = part(backend, Progress(), journal)
    backend.script = {}
    ended = part(backend, progress, journal, decided={"charge#1": REFUSED})
    assert ended.failure is not None
    assert ended.failure.code == "GIVEN_UP"
    assert ended.undone == ("charge undone", "create undone", "reserve undone")
    assert resumed(steps_of(backend), progress, journal.answers) == ended


def test_a_step_of_which_it_is_known_that_nobody_made_it_is_not_asked_about() -> None:
    backend, journal = FaultyBackend({"charge": AWAY, "find-charge": AWAY}), Journal()
    progress = part(backend, Progress(), journal)
    assert not progress.uncertain
    made = len(backend.calls)
    part(backend, progress, journal, decided={"charge#1": REFUSED})
    assert backend.calls[made:] == ["undo-create", "undo-reserve"]


@pytest.mark.parametrize("lost", [Fault.LOST_AFTER, Fault.LOST_BEFORE])
def test_what_a_person_says_was_not_undone_is_if_the_backend_shows_it_as_taken_back(lost: Fault) -> None:
    script = {"ship": [Fault.REFUSED], "undo-charge": [lost], "find-undo-charge": [Fault.AWAY]}
    backend, journal = FaultyBackend(script), Journal()
    progress = part(backend, Progress(), journal)
    assert progress.uncertain
    ended = part(backend, progress, journal, decided={"undo-charge#1": REFUSED})
    assert backend.calls.count("undo-charge") == 1
    assert ended.not_undone == (() if lost is Fault.LOST_AFTER else ("charge undone",))


def test_an_answer_on_record_counts_before_what_a_person_decided() -> None:
    backend, journal = FaultyBackend(), Journal()
    journal.answers["charge#0"] = {"result": "first"}
    assert part(backend, Progress(), journal, decided={"charge#0": {"result": "late"}}).facts["charge"] == "first"


def test_what_a_person_undid_at_the_backend_is_found_when_it_is_refused_again() -> None:
    refusals: dict[str, list[Fault | None]] = {
        "ship": [Fault.REFUSED],
        "undo-create": [Fault.TURNED_BACK, None, Fault.TURNED_BACK],
    }
    backend, journal = FaultyBackend(refusals), Journal()
    ended = part(backend, Progress(), journal)
    assert ended.not_undone == ("create undone",)
    backend.call("undo-create")
    again = part(backend, taken_up_again(steps_of(backend), ended), journal)
    assert (again.undone[-1], again.not_undone) == ("create undone", ())


def test_only_what_was_refused_is_undone_again() -> None:
    backend, journal = FaultyBackend({"ship": [Fault.REFUSED], "undo-create": [Fault.REFUSED]}), Journal()
    ended = part(backend, Progress(), journal)
    assert ended.not_undone == ("create undone",)
    again = taken_up_again(steps_of(backend), ended)
    made = len(backend.calls)
    healed = part(backend, again, journal)
    assert backend.calls[made:] == ["undo-create"]
    assert (healed.undone, healed.not_undone) == (("charge undone", "reserve undone", "create undone"), ())
    assert healed.refusal == ended.refusal


def test_undoing_may_be_taken_up_again_and_again() -> None:
    backend = FaultyBackend({"ship": [Fault.REFUSED], "undo-create": [Fault.REFUSED] * 3, "undo-charge": [Fault.AWAY]})
    journal, progress = Journal(), Progress()
    for _ in range(5):
        progress = part(backend, progress, journal)
        if not progress.waiting:
            progress = taken_up_again(steps_of(backend), progress) if progress.not_undone else progress
    assert progress.not_undone == ()
    assert progress.renewed == 3


def allowed(state: ProcessState, script: dict[str, Any], **changes: Any) -> tuple[Action, ...]:
    backend, journal = FaultyBackend(script), Journal()
    part(backend, Progress(), journal)
    return situation(a_standing(state=state, **changes), steps_of(backend), journal.answers).allowed


@pytest.mark.parametrize(
    ("state", "script", "actions"),
    [
        ("waiting", {"charge": AWAY}, "retry skip compensate"),
        ("waiting", UNKNOWN, "retry skip"),
        ("waiting", {"ship": [Fault.REFUSED], "undo-charge": AWAY}, "retry skip"),
        ("fallout", {"ship": [Fault.REFUSED], "undo-charge": [Fault.REFUSED]}, "retry skip"),
        ("running", {"charge": AWAY}, ""),
        ("scheduled", {"charge": AWAY}, "retry"),
        ("waiting", {}, "retry"),
        ("ended", {}, ""),
    ],
)
def test_what_may_be_decided_follows_from_where_the_process_stands(
    state: str, script: dict[str, Any], actions: str
) -> None:
    assert allowed(ProcessState(state), script) == tuple(map(Action, actions.split()))
