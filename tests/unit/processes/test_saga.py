"""Steps with compensations: every fault at every step, forwards and backwards, and crashes anywhere."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.processes.errors import InsufficientStock, PaymentDeclined
from canonical.processes.progress import Progress, Step
from canonical.processes.saga import run
from canonical.processes.signs_of_life import telling
from canonical.shared.errors import BackendContractError, BackendUnavailable, CanonicalError, OutcomeUnknown
from tests.support.fakes import Journal
from tests.unit.processes.faulty_backend import (
    NAMES,
    Crash,
    Fault,
    FaultyBackend,
    JournalOfACrash,
    carry_out,
    steps_of,
    through_json,
)

TRANSIENT = [fault for fault in Fault if fault not in (Fault.REFUSED, Fault.TURNED_BACK)]
WAITING = {Fault.AWAY}
UNDO = [f"undo-{name}" for name in NAMES]


def test_without_faults_every_step_is_done_once_in_order() -> None:
    backend = FaultyBackend()
    progress, parts = carry_out(steps_of(backend))
    assert backend.calls == backend.effects == list(NAMES)
    assert list(progress.facts) == list(NAMES)
    assert (progress.failure, progress.undone, progress.not_undone, parts) == (None, (), (), 1)


@pytest.mark.parametrize("step", NAMES)
@pytest.mark.parametrize("fault", TRANSIENT)
def test_a_fault_that_passes_changes_nothing_about_the_effects(step: str, fault: Fault) -> None:
    backend = FaultyBackend({step: [fault]})
    progress, parts = carry_out(steps_of(backend))
    assert backend.effects == list(NAMES)
    assert progress.failure is None
    assert progress.facts[step] == f"{step}-{NAMES.index(step) + 1}", "as the backend answered or found it"
    assert parts == (2 if fault in WAITING else 1)


@pytest.mark.parametrize("step", NAMES)
@pytest.mark.parametrize("fault", TRANSIENT)
def test_only_an_outcome_that_is_unknown_is_asked_about(step: str, fault: Fault) -> None:
    backend = FaultyBackend({step: [fault]})
    carry_out(steps_of(backend))
    tries = [call for call in backend.calls if call.endswith(step)]
    found = [step, f"find-{step}"]
    again = [] if fault in (Fault.LOST_AFTER, Fault.GARBLED_AFTER) else [step]
    assert tries == ([step, step] if fault is Fault.AWAY else found + again)


@pytest.mark.parametrize("step", NAMES)
def test_a_refusal_undoes_what_was_done_before_it_newest_first(step: str) -> None:
    backend = FaultyBackend({step: [Fault.REFUSED]})
    progress, _ = carry_out(steps_of(backend))
    before = list(NAMES[: NAMES.index(step)])
    assert backend.effects == before + [f"undo-{name}" for name in reversed(before)]
    assert progress.undone == tuple(f"{name} undone" for name in reversed(before))
    assert progress.not_undone == ()
    assert progress.refusal is not None
    assert progress.refusal["step"] == step
    assert progress.failure is not None
    assert (progress.failure.code, progress.failure.details) == (
        "BACKEND_REFUSED",
        {"backend": "faulty", "operation": step},
    )


@pytest.mark.parametrize("step", NAMES)
@pytest.mark.parametrize("fault", TRANSIENT)
def test_a_fault_that_passes_before_a_refusal_changes_nothing_about_it(step: str, fault: Fault) -> None:
    acted = fault in (Fault.LOST_AFTER, Fault.GARBLED_AFTER)
    backend = FaultyBackend({step: [fault, Fault.REFUSED]})
    progress, _ = carry_out(steps_of(backend))
    assert (progress.failure is None) is acted, "a key that has acted is not refused afterwards"
    before = list(NAMES[: NAMES.index(step)])
    assert backend.effects == (list(NAMES) if acted else before + [f"undo-{name}" for name in reversed(before)])


@pytest.mark.parametrize("step", NAMES[:-1])
@pytest.mark.parametrize("fault", TRANSIENT)
def test_a_fault_that_passes_while_undoing_changes_nothing_about_the_effects(step: str, fault: Fault) -> None:
    backend = FaultyBackend({NAMES[-1]: [Fault.REFUSED], f"undo-{step}": [fault]})
    progress, parts = carry_out(steps_of(backend))
    assert backend.effects == list(NAMES[:-1]) + [f"undo-{name}" for name in reversed(NAMES[:-1])]
    assert progress.undone == tuple(f"{name} undone" for name in reversed(NAMES[:-1]))
    assert progress.not_undone == ()
    assert parts == (2 if fault in WAITING else 1)


@pytest.mark.parametrize("step", NAMES[:-1])
def test_what_cannot_be_undone_is_named_and_the_rest_is_undone(step: str) -> None:
    backend = FaultyBackend({NAMES[-1]: [Fault.REFUSED], f"undo-{step}": [Fault.REFUSED]})
    progress, _ = carry_out(steps_of(backend))
    assert progress.not_undone == (f"{step} undone",)
    assert progress.undone == tuple(f"{name} undone" for name in reversed(NAMES[:-1]) if name != step)
    assert progress.failure is not None
    assert progress.failure.details["operation"] == NAMES[-1], "the first refusal is the one to tell of"


@pytest.mark.parametrize("step", NAMES)
@pytest.mark.parametrize("fault", [Fault.AWAY, Fault.LOST_BEFORE, Fault.GARBLED_BEFORE])
def test_when_nobody_can_say_what_happened_the_run_waits_and_then_the_effect_is_still_single(
    step: str, fault: Fault
) -> None:
    backend = FaultyBackend({step: [Fault.LOST_AFTER], f"find-{step}": [fault]})
    progress, parts = carry_out(steps_of(backend))
    assert backend.effects == list(NAMES)
    assert (progress.failure, parts) == (None, 2)


@pytest.mark.parametrize("call", [*NAMES, *UNDO[:-1]])
def test_a_waiting_run_says_for_what_counts_its_tries_and_is_json(call: str) -> None:
    script = {call: [Fault.AWAY] * 3} | ({NAMES[-1]: [Fault.REFUSED]} if call in UNDO else {})
    steps = steps_of(FaultyBackend(script))
    progress = Progress()
    for attempt in (1, 2, 3):
        progress = through_json(run(steps, progress, Journal().recorded))
        assert progress.waiting
        assert (progress.attempt, progress.waiting_for) == (attempt, f"{call}: away")
    ended = run(steps, progress, Journal().recorded)
    assert not ended.waiting
    assert ended.attempt == 0


def test_a_run_that_has_ended_does_nothing_when_run_again() -> None:
    for script in ({}, {"charge": [Fault.REFUSED]}):
        backend = FaultyBackend(script)
        ended, _ = carry_out(steps_of(backend))
        calls = len(backend.calls)
        assert run(steps_of(backend), ended, Journal().recorded) == ended
        assert len(backend.calls) == calls


@pytest.mark.parametrize("lost", range(8))
@pytest.mark.parametrize("refused", [False, True])
def test_a_crash_before_an_answer_is_recorded_repeats_the_call_and_not_its_effect(lost: int, refused: bool) -> None:
    backend = FaultyBackend({"ship": [Fault.REFUSED] * 2} if refused else {})
    counted = [0]
    progress, _ = carry_out(steps_of(backend), new_journal=lambda: JournalOfACrash(frozenset({lost}), counted))
    made = list(NAMES) if not refused else [*NAMES[:-1], *[f"undo-{name}" for name in reversed(NAMES[:-1])]]
    assert backend.effects == made
    assert (progress.failure is not None) is refused


def test_recorded_answers_are_not_asked_for_again() -> None:
    backend, journal = FaultyBackend(), Journal()
    first = run(steps_of(backend), Progress(), journal.recorded)
    assert run(steps_of(backend), Progress(), journal.recorded) == first
    assert backend.calls == list(NAMES)


def test_each_try_is_recorded_under_a_name_of_its_own() -> None:
    backend, journal = FaultyBackend({"create": [Fault.AWAY], "charge": [Fault.REFUSED]}), Journal()
    run(steps_of(backend), run(steps_of(backend), Progress(), journal.recorded), journal.recorded)
    assert list(journal.answers) == [
        "before-reserve#0",
        "reserve#0",
        "create#0",
        "before-create#1",
        "create#1",
        "charge#0",
        "undo-create#0",
        "undo-reserve#0",
    ]


@pytest.mark.parametrize("kind", [OutcomeUnknown, BackendContractError])
def test_a_step_that_cannot_be_asked_about_is_tried_again_with_its_key(kind: type[CanonicalError]) -> None:
    answers: list[Any] = [kind("lost"), "found by its key"]

    def act(_: Any) -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    ended = run([Step("only", act)], Progress(), Journal().recorded)
    assert ended.facts == {"only": "found by its key"}


def test_a_node_that_stops_leaves_an_unknown_outcome_to_the_next_one() -> None:
    made: list[str] = []

    def act(_: Any) -> Any:
        made.append("call")
        raise OutcomeUnknown("lost")

    def stop() -> None:
        raise Crash

    step = Step("only", act, find=lambda facts: made.append("question"))
    with pytest.raises(Crash), telling(stop):
        run([step], Progress(), Journal().recorded)
    assert made == ["call"]


def test_a_step_without_undo_is_passed_over_when_undoing() -> None:
    backend = FaultyBackend({"charge": [Fault.REFUSED]})
    steps = [Step("verify", lambda facts: {"name": "John Doe"}), *steps_of(backend)]
    ended, _ = carry_out(steps)
    assert ended.undone == ("create undone", "reserve undone")


def test_a_step_sees_what_the_steps_before_it_brought() -> None:
    seen: list[dict[str, Any]] = []

    def brings(result: Any) -> Callable[[Mapping[str, Any]], Any]:
        def act(facts: Mapping[str, Any]) -> Any:
            seen.append(dict(facts))
            return result

        return act

    steps = [Step("one", lambda facts: 1), Step("two", brings(2)), Step("three", brings([3]))]
    assert run(steps, Progress(), Journal().recorded).facts == {"one": 1, "two": 2, "three": [3]}
    assert seen == [{"one": 1}, {"one": 1, "two": 2}]


def test_a_result_of_none_is_a_result() -> None:
    calls: list[str] = []
    steps = [Step("one", lambda facts: calls.append("one")), Step("two", lambda facts: calls.append("two"))]
    ended = run(steps, run(steps, Progress(), Journal().recorded), Journal().recorded)
    assert (ended.facts, calls) == ({"one": None, "two": None}, ["one", "two"])


@pytest.mark.parametrize(
    "error",
    [
        InsufficientStock("Insufficient stock", sku="SKU999", requested=2, available=0),
        PaymentDeclined("Payment failure"),
    ],
)
def test_the_refusal_is_the_same_error_after_json(error: CanonicalError) -> None:
    def act(_: Any) -> Any:
        raise error

    kept = through_json(run([Step("only", act)], Progress(), Journal().recorded)).failure
    assert type(kept) is type(error)
    assert (kept.message, kept.details) == (error.message, error.details)


def test_what_is_no_error_of_ours_is_not_swallowed() -> None:
    def act(_: Any) -> Any:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run([Step("only", act)], Progress(), Journal().recorded)


def test_a_backend_that_stays_away_never_fails_the_run() -> None:
    backend = FaultyBackend({"charge": [Fault.AWAY] * 100})
    with pytest.raises(AssertionError, match="still waiting for charge: away"):
        carry_out(steps_of(backend), at_most=50)
    assert backend.effects == ["reserve", "create"]
    error = BackendUnavailable("billing cannot be reached")
    assert error.code == "BACKEND_UNAVAILABLE"


def test_a_refused_question_leaves_it_open_what_the_call_did() -> None:
    """Say, we may charge but not list charges: what was taken must not be forgotten, nor the rest be undone."""
    backend = FaultyBackend({"charge": [Fault.LOST_AFTER], "find-charge": [Fault.REFUSED]})
    waits = run(steps_of(backend), Progress(), Journal().recorded)
    assert (waits.waiting, waits.uncertain, waits.refusal) == (True, True, None)
    ended = run(steps_of(backend), through_json(waits), Journal().recorded)
    assert list(ended.facts) == backend.effects == list(NAMES)


@pytest.mark.parametrize("faults", [[], [Fault.AWAY]])
def test_a_refusal_of_a_try_says_nothing_of_an_earlier_one_that_perhaps_acted(faults: list[Fault]) -> None:
    """Say, a gateway turns our client away from now on: it knows nothing of keys."""
    backend = FaultyBackend(
        {"charge": [Fault.LOST_AFTER, Fault.TURNED_BACK, Fault.TURNED_BACK], "find-charge": [Fault.AWAY, *faults]}
    )
    progress, _ = carry_out(steps_of(backend))
    assert progress.failure is None
    assert list(progress.facts) == backend.effects == list(NAMES)


def test_a_refusal_after_a_try_that_perhaps_acted_is_asked_about() -> None:
    """Say, Billing took the money, its answer was lost, its list lacks the charge for a while, and then it declines."""
    answers: list[CanonicalError] = [OutcomeUnknown("lost"), PaymentDeclined("Payment failure")]
    found = [None, "CHG1"]

    def charge(_: Mapping[str, Any]) -> None:
        raise answers.pop(0)

    progress = run([Step("charge", charge, find=lambda facts: found.pop(0))], Progress(), Journal().recorded)
    assert (progress.failure, progress.facts) == (None, {"charge": "CHG1"})


def test_a_refusal_after_a_try_that_did_not_act_is_one() -> None:
    backend = FaultyBackend({"charge": [Fault.LOST_BEFORE, Fault.TURNED_BACK], "find-charge": [Fault.AWAY]})
    progress, _ = carry_out(steps_of(backend))
    assert progress.failure is not None
    assert progress.undone == ("create undone", "reserve undone")


LOST = [Fault.LOST_AFTER, Fault.GARBLED_AFTER]


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("refused", [Fault.TURNED_BACK, Fault.AWAY])
def test_what_the_backend_shows_as_taken_back_is_although_its_answer_was_lost(lost: Fault, refused: Fault) -> None:
    backend = FaultyBackend({"ship": [Fault.REFUSED], "undo-charge": [lost, *[refused] * 9]})
    progress, parts = carry_out(steps_of(backend))
    assert progress.undone == ("charge undone", "create undone", "reserve undone")
    assert (progress.not_undone, parts) == ((), 1)
    assert backend.calls.count("undo-charge") == 1, "it is asked about before it is repeated"


@pytest.mark.parametrize("lost", [*LOST, Fault.LOST_BEFORE, Fault.GARBLED_BEFORE])
def test_undoing_waits_while_the_question_about_it_is_not_answered(lost: Fault) -> None:
    asking = [Fault.AWAY, Fault.REFUSED, Fault.LOST_BEFORE]
    backend = FaultyBackend({"ship": [Fault.REFUSED], "undo-charge": [lost], "find-undo-charge": asking})
    progress, parts = carry_out(steps_of(backend))
    assert progress.undone == ("charge undone", "create undone", "reserve undone")
    assert (backend.effects.count("undo-charge"), parts) == (1, 4)


def test_what_is_not_shown_as_taken_back_may_be_all_the_same_and_is_taken_back_with_its_key() -> None:
    backend = FaultyBackend({"ship": [Fault.REFUSED], "undo-charge": [Fault.LOST_AFTER]})
    steps = [replace(step, taken_back=lambda facts: False) for step in steps_of(backend)]
    progress, _ = carry_out(steps)
    assert progress.undone == ("charge undone", "create undone", "reserve undone")
    assert (backend.calls.count("undo-charge"), backend.effects.count("undo-charge")) == (2, 1)


def test_what_a_run_undid_before_it_crashed_is_not_refused_afterwards() -> None:
    """The answer was not on record yet, and the backend has forgotten the key."""
    backend, kept = FaultyBackend({"ship": [Fault.REFUSED], "undo-create": [None, Fault.TURNED_BACK]}), list[Progress]()
    before = ["before-reserve", *NAMES, "undo-charge"]
    journal = JournalOfACrash(frozenset({len(before)}), [0])
    with pytest.raises(Crash):
        run(steps_of(backend), Progress(), journal.recorded, checkpoint=kept.append)
    progress = run(steps_of(backend), through_json(kept[-1]), Journal().recorded)
    assert backend.calls.count("undo-create") == 2
    assert (progress.undone, progress.not_undone) == (("charge undone", "create undone", "reserve undone"), ())


FAULTS = st.lists(st.sampled_from(Fault), max_size=3)
UNASKABLE = st.lists(st.sampled_from([Fault.REFUSED, Fault.AWAY, Fault.LOST_BEFORE, Fault.GARBLED_BEFORE]), max_size=2)
SCRIPTS = st.fixed_dictionaries(
    dict.fromkeys([*NAMES, *UNDO], FAULTS) | {f"find-{name}": UNASKABLE for name in (*NAMES, *UNDO)}
)
CRASHES = st.frozensets(st.integers(0, 30), max_size=6)


@given(SCRIPTS, CRASHES)
def test_any_faults_and_crashes_end_completed_or_compensated_with_each_effect_at_most_once(
    script: dict[str, list[Fault]], crashes: frozenset[int]
) -> None:
    backend, counted = FaultyBackend(script), [0]
    progress, _ = carry_out(steps_of(backend), new_journal=lambda: JournalOfACrash(crashes, counted), at_most=80)
    json.dumps(asdict(progress))
    effects = backend.effects
    assert len(effects) == len(set(effects)), "an effect happened twice"
    done = [name for name in NAMES if name in effects]
    undone = [name for name in NAMES if f"undo-{name}" in effects]
    if progress.failure is None:
        assert done == list(progress.facts) == list(NAMES)
        assert undone == []
        return
    assert progress.refusal is not None
    stopped = NAMES.index(progress.refusal["step"])
    assert done == list(progress.facts) == list(NAMES[:stopped]), "nothing stands that we do not know of"
    assert progress.undone == tuple(f"{name} undone" for name in reversed(done) if name in undone)
    assert progress.not_undone == tuple(f"{name} undone" for name in reversed(done) if name not in undone)
    assert effects == done + [f"undo-{name}" for name in reversed(done) if name in undone], "newest first"
