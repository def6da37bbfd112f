"""Runs that are told to stop: before each step, never while a step may have acted, and the same after every crash."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.ordering.errors import OrderWasCancelled
from canonical.processes.progress import Progress, Step
from canonical.processes.saga import run
from canonical.shared.errors import CanonicalError
from tests.support.fakes import Journal
from tests.unit.processes.faulty_backend import (
    NAMES,
    Crash,
    Fault,
    FaultyBackend,
    JournalOfACrash,
    carry_out,
    never,
    steps_of,
    through_json,
)
from tests.unit.processes.test_saga import CRASHES, SCRIPTS

REASON = "ordered by mistake"
LAST = NAMES[-1]


@dataclass
class StopsOnce:
    """Says stop, and goes on saying so, once `moment` has come."""

    moment: Callable[[], bool]
    asked: int = 0

    def __call__(self) -> CanonicalError | None:
        self.asked += 1
        return OrderWasCancelled(REASON) if self.moment() else None


@dataclass
class Switch:
    """Says stop while it is on."""

    on: bool = False
    asked: list[bool] = field(default_factory=list)

    def __call__(self) -> CanonicalError | None:
        self.asked.append(self.on)
        return OrderWasCancelled(REASON) if self.on else None


def undone(names: tuple[str, ...] | list[str]) -> list[str]:
    return [f"undo-{name}" for name in reversed(names)]


@pytest.mark.parametrize("number", range(len(NAMES)))
def test_a_run_stops_before_any_step_and_undoes_what_was_done_newest_first(number: int) -> None:
    backend = FaultyBackend()
    stop = StopsOnce(lambda: len(backend.effects) == number)
    progress, parts = carry_out(steps_of(backend), interruption=stop)
    before = list(NAMES[:number])
    assert backend.calls == before + undone(before), "the step that was stopped is not even tried"
    assert progress.refusal == {"code": "ORDER_CANCELLED", "message": REASON, "details": {}, "step": NAMES[number]}
    assert isinstance(progress.failure, OrderWasCancelled)
    assert progress.undone == tuple(f"{name} undone" for name in reversed(before))
    assert parts == 1


def test_it_is_asked_before_each_step_and_not_after_the_last() -> None:
    backend = FaultyBackend()
    stop = StopsOnce(lambda: len(backend.effects) == len(NAMES))
    progress, _ = carry_out(steps_of(backend), interruption=stop)
    assert stop.asked == len(NAMES)
    assert (progress.failure, backend.effects) == (None, list(NAMES))


def test_it_is_not_asked_any_more_while_undoing() -> None:
    backend = FaultyBackend({"charge": [Fault.REFUSED]})
    stop = StopsOnce(lambda: "charge" in backend.calls)
    progress, _ = carry_out(steps_of(backend), interruption=stop)
    assert stop.asked == 3
    assert progress.refusal is not None
    assert progress.refusal["code"] == "BACKEND_REFUSED", "what stopped the run first is what it tells of"


@pytest.mark.parametrize("step", NAMES)
def test_a_backend_that_is_away_and_did_not_act_is_not_waited_for(step: str) -> None:
    backend, stop = FaultyBackend({step: [Fault.AWAY] * 3}), Switch()
    progress = run(steps_of(backend), Progress(), Journal().recorded, stop)
    assert (progress.waiting, progress.uncertain) == (True, False)
    stop.on = True
    ended = run(steps_of(backend), through_json(progress), Journal().recorded, stop)
    before = list(NAMES[: NAMES.index(step)])
    assert backend.calls == [*before, step, *undone(before)]
    assert ended.refusal is not None
    assert ended.refusal["step"] == step
    assert ended.attempt == 0


@pytest.mark.parametrize("step", NAMES)
@pytest.mark.parametrize("lost", [Fault.LOST_AFTER, Fault.LOST_BEFORE, Fault.GARBLED_AFTER, Fault.GARBLED_BEFORE])
def test_a_step_that_perhaps_acted_is_settled_first(step: str, lost: Fault) -> None:
    backend, stop = FaultyBackend({step: [lost], f"find-{step}": [Fault.AWAY] * 2}), Switch()
    progress = run(steps_of(backend), Progress(), Journal().recorded, stop)
    asked = len(stop.asked)
    for _ in range(2):
        assert (progress.waiting, progress.uncertain) == (True, True)
        stop.on = True
        progress = run(steps_of(backend), through_json(progress), Journal().recorded, stop)
    assert not progress.waiting
    if step == LAST:
        assert len(stop.asked) == asked
        assert (progress.failure, backend.effects) == (None, list(NAMES)), "too late"
        return
    done = list(NAMES[: NAMES.index(step) + 1])
    assert stop.asked[asked:] == [True], "asked before the step that follows, not before it is known what happened"
    assert backend.effects == done + undone(done)
    assert progress.refusal is not None
    assert progress.refusal["step"] == NAMES[len(done)]
    assert progress.uncertain is False


def test_a_step_that_perhaps_acted_and_then_is_refused_ends_the_run_with_that_refusal() -> None:
    backend, stop = FaultyBackend({"charge": [Fault.LOST_BEFORE, Fault.REFUSED], "find-charge": [Fault.AWAY]}), Switch()
    progress = run(steps_of(backend), Progress(), Journal().recorded, stop)
    stop.on = True
    ended = run(steps_of(backend), through_json(progress), Journal().recorded, stop)
    assert ended.refusal is not None
    assert (ended.refusal["code"], ended.refusal["step"]) == ("BACKEND_REFUSED", "charge")
    assert backend.effects == ["reserve", "create", "undo-create", "undo-reserve"]


@pytest.mark.parametrize("number", range(len(NAMES)))
def test_the_answer_is_recorded_so_that_a_crash_repeats_it(number: int) -> None:
    backend, journal = FaultyBackend(), Journal()
    first = run(steps_of(backend), Progress(), journal.recorded, StopsOnce(lambda: len(backend.effects) == number))
    calls = list(backend.calls)
    json.dumps(journal.answers)
    assert run(steps_of(backend), Progress(), journal.recorded, never) == first
    assert backend.calls == calls


@pytest.mark.parametrize("step", NAMES)
@pytest.mark.parametrize("lost", range(5))
def test_a_step_that_was_made_before_a_crash_is_not_taken_for_one_that_was_stopped(step: str, lost: int) -> None:
    """The answer is lost in the crash, and before the run goes on somebody says stop."""
    backend = FaultyBackend()
    stop = StopsOnce(lambda: step in backend.calls)
    progress, _ = carry_out(
        steps_of(backend), new_journal=lambda: JournalOfACrash(frozenset({lost}), [0]), interruption=stop
    )
    done = list(NAMES[: NAMES.index(step) + 1])
    assert backend.effects == (done if step == LAST else done + undone(done))
    assert list(progress.facts) == done


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", NAMES)
def test_who_catches_an_error_goes_on_from_the_progress_kept_last_and_knows_of_everything_done(
    step: str, moment: str
) -> None:
    """An error that is none of ours, as of a database that is gone: the engine begins another journal."""
    backend, stop, kept = FaultyBackend(), Switch(), [Progress()]
    failed: list[Any] = []

    def fail_once(name: str) -> None:
        if name == step and not failed:
            failed.append(name)
            raise ZeroDivisionError

    def failing(step: Step) -> Step:
        def act(facts: object) -> str:
            if moment == "before":
                fail_once(step.name)
            answer = backend.call(step.name)
            fail_once(step.name)
            return answer

        return replace(step, act=act)

    steps = [failing(step) for step in steps_of(backend)]
    with pytest.raises(ZeroDivisionError):
        run(steps, Progress(), Journal().recorded, stop, kept.append)
    stop.on = True
    progress = run(steps, through_json(kept[-1]), Journal().recorded, stop, kept.append)
    done = list(NAMES[: NAMES.index(step) + 1])
    assert kept[-1] == progress
    assert backend.effects == (done if step == LAST else done + undone(done))


@pytest.mark.parametrize("number", range(len(NAMES)))
def test_an_error_while_asking_loses_nothing_either(number: int) -> None:
    backend, kept = FaultyBackend(), [Progress()]

    def no_database() -> None:
        if len(backend.effects) == number:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(steps_of(backend), Progress(), Journal().recorded, no_database, kept.append)
    progress = run(steps_of(backend), through_json(kept[-1]), Journal().recorded, lambda: OrderWasCancelled(REASON))
    done = list(NAMES[:number])
    assert backend.effects == done + undone(done)
    assert isinstance(progress.failure, OrderWasCancelled)


def verified(backend: FaultyBackend) -> list[Step]:
    """Steps of which the first leaves nothing to undo."""
    return [Step("verify", lambda facts: backend.call("verify")), *steps_of(backend)]


def test_a_first_step_that_leaves_nothing_to_undo_is_asked_for_in_its_own_record() -> None:
    backend, journal = FaultyBackend(), Journal()
    stopped = run(verified(backend), Progress(), journal.recorded, lambda: OrderWasCancelled(REASON))
    assert (backend.calls, list(journal.answers)) == ([], ["verify#0"])
    assert stopped.refusal is not None
    assert (stopped.refusal["step"], stopped.facts) == ("verify", {})
    assert run(verified(backend), Progress(), journal.recorded, never) == stopped
    journal, stop = Journal(), Switch()
    run(verified(backend), Progress(), journal.recorded, stop)
    assert list(journal.answers) == ["verify#0", *(f"{name}#0" for name in NAMES)]
    assert len(stop.asked) == 1 + len(NAMES)


@pytest.mark.parametrize("lost", range(5))
def test_a_crash_after_it_may_stop_before_it_as_nothing_stands(lost: int) -> None:
    backend = FaultyBackend()
    progress, _ = carry_out(
        verified(backend),
        new_journal=lambda: JournalOfACrash(frozenset({lost}), [0]),
        interruption=StopsOnce(lambda: "verify" in backend.calls),
    )
    assert isinstance(progress.failure, OrderWasCancelled)
    assert backend.effects == ["verify"]
    assert progress.undone == ()


def test_a_try_whose_answer_a_crash_lost_is_found_before_the_run_is_stopped() -> None:
    """It acted, its answer was lost, the next try did not act, and then somebody wanted to stop."""
    backend = FaultyBackend({"charge": [Fault.LOST_AFTER], "find-charge": [Fault.AWAY] * 2})
    journal = JournalOfACrash(frozenset({3}), [0])
    moment = StopsOnce(lambda: backend.calls.count("find-charge") >= 2)
    progress, _ = carry_out(steps_of(backend), new_journal=lambda: journal, interruption=moment)
    assert backend.effects == ["reserve", "create", "charge", *undone(["reserve", "create", "charge"])]
    assert isinstance(progress.failure, OrderWasCancelled)


@pytest.mark.parametrize("kept", [True, False], ids=["one journal", "a journal for each part"])
@pytest.mark.parametrize("first", [True, False], ids=["begins with a read", "begins with a change"])
@given(SCRIPTS, CRASHES, st.integers(0, 20))
def test_any_faults_crashes_and_moments_leave_nothing_standing_that_is_not_known_of(
    first: bool, kept: bool, script: dict[str, list[Fault]], crashes: frozenset[int], moment: int
) -> None:
    """The engine keeps one journal for all parts of a run; nothing depends on that."""
    backend, counted = FaultyBackend(script), [0]
    steps = steps_of(backend)
    journal = JournalOfACrash(crashes, counted)
    progress, _ = carry_out(
        [Step("verify", lambda facts: backend.calls.append("verify")), *steps] if first else steps,
        new_journal=lambda: journal if kept else JournalOfACrash(crashes, counted),
        at_most=80,
        interruption=StopsOnce(lambda: len(backend.calls) >= moment),
    )
    effects = backend.effects
    assert len(effects) == len(set(effects)), "an effect happened twice"
    done = [name for name in NAMES if name in effects]
    taken_back = [name for name in NAMES if f"undo-{name}" in effects]
    assert done == [name for name in progress.facts if name in NAMES], "nothing stands that we do not know of"
    if progress.refusal is None:
        assert (done, taken_back) == (list(NAMES), [])
        return
    stopped = progress.refusal["step"]
    assert done == ([] if stopped == "verify" else list(NAMES[: NAMES.index(stopped)]))
    assert progress.undone == tuple(f"{name} undone" for name in reversed(done) if name in taken_back)
    assert progress.not_undone == tuple(f"{name} undone" for name in reversed(done) if name not in taken_back)


def test_a_crash_is_a_crash() -> None:
    """The journal above does lose answers: without going on, the effect stands alone."""
    backend = FaultyBackend()
    with pytest.raises(Crash):
        run(steps_of(backend), Progress(), JournalOfACrash(frozenset({1}), [0]).recorded)
    assert backend.effects == ["reserve"]
