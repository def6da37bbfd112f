"""Many tries at one call, kept as one: the run that is read from the record stays the same."""

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.processes.progress import Progress, next_call
from canonical.processes.retry_compaction import AT_ONCE, compacted, compacted_answer, stands_for
from canonical.processes.saga import resumed, run
from tests.unit.processes.faulty_backend import (
    NAMES,
    Crash,
    Fault,
    FaultyBackend,
    JournalOfACrash,
    never,
    steps_of,
    through_json,
)
from tests.unit.processes.test_saga_interruption import StopsOnce

EFFECTS = (*NAMES, *(f"undo-{name}" for name in NAMES))
CALLS = (*EFFECTS, *(f"find-{effect}" for effect in EFFECTS))
WAITING = (Fault.AWAY, Fault.LOST_BEFORE, Fault.GARBLED_BEFORE)


class Compacting:
    """An engine with one journal, which folds at each pause. `most` is the longest that the journal was then."""

    def __init__(self, backend: FaultyBackend, crashes: frozenset[int] = frozenset()) -> None:
        self.steps = steps_of(backend)
        self.journal = JournalOfACrash(crashes, [0])
        self.most = 0

    def carry_out(self, interruption: Any = never, at_most: int = 200) -> Progress:
        progress = Progress()
        for _ in range(at_most):
            progress = through_json(self.part(progress, interruption))
            assert self.on_record() == replace(progress, waiting_for=None)
            if not progress.waiting:
                return progress
            self.pause(progress)
            assert self.on_record() == replace(progress, waiting_for=None)
        raise AssertionError("still waiting")

    def on_record(self) -> Progress:
        """The whole run, read from its beginning."""
        return replace(resumed(self.steps, Progress(), self.journal.answers), waiting_for=None)

    def part(self, progress: Progress, interruption: Any) -> Progress:
        while True:
            try:
                return run(self.steps, resumed(self.steps, progress, self.journal.answers), self.recorded, interruption)
            except Crash:
                continue

    def recorded(self, name: str, call: Any) -> dict[str, Any]:
        return self.journal.recorded(name, call)

    def pause(self, progress: Progress) -> None:
        call, answers = next_call(self.steps, progress), self.journal.answers
        assert call is not None
        found = compacted(call, progress, answers)
        if found is not None:
            answers[found.record] = dict(found.answer)
            for name in found.forgotten:
                del answers[name]
        self.most = max(self.most, len(answers))


@pytest.mark.parametrize("call", ["charge", "undo-create"])
def test_however_long_a_backend_is_away_its_tries_are_a_few_records(call: str) -> None:
    refused = {"charge": [Fault.REFUSED]} if call.startswith("undo") else {}
    lengths = []
    for tries in (5, 150):
        backend = FaultyBackend({call: [Fault.AWAY] * tries} | refused)
        compacting = Compacting(backend)
        ended = compacting.carry_out()
        assert ended.waiting is False
        assert backend.calls.count(call) == tries + 1
        kept = compacting.journal.answers[f"{call}#1"]
        assert (kept["away"], kept["through"]) == (f"{call}: away", tries - 1)
        lengths.append(compacting.most)
    assert lengths[0] == lengths[1] <= len(NAMES) + 6


def test_that_one_of_many_tries_may_have_acted_is_not_lost() -> None:
    away = [Fault.AWAY] * 5
    backend = FaultyBackend({"charge": [*away, Fault.LOST_AFTER, *away], "find-charge": away[:1]})
    stop = StopsOnce(lambda: "charge" in backend.effects)
    compacting = Compacting(backend)
    ended = compacting.carry_out(stop)
    assert compacting.journal.answers["charge#1"]["uncertain"] is True
    assert ended.undone[0] == "charge undone", "it was settled before the run was stopped"


def test_the_records_of_a_release_that_kept_each_try_go_a_few_at_a_time() -> None:
    steps = steps_of(FaultyBackend())
    away = {"away": "reserve: away", "uncertain": False}
    answers = {f"reserve#{number}": away for number in range(2000)}
    answers |= {f"before-{name}": {} for name in answers}
    progress = resumed(steps, Progress(), answers)
    call = next_call(steps, progress)
    assert call is not None
    found = compacted(call, progress, answers)
    assert found is not None
    assert (found.record, found.answer["through"], len(found.forgotten)) == ("reserve#1", 1999, AT_ONCE)
    left = {name: answer for name, answer in answers.items() if name not in found.forgotten} | {
        found.record: dict(found.answer)
    }
    assert resumed(steps, Progress(), left) == progress
    again = compacted(call, progress, left)
    assert again is not None
    assert not set(again.forgotten) & set(found.forgotten)


def test_a_run_that_was_overtaken_finds_what_its_try_has_become() -> None:
    kept = {"away": "billing", "uncertain": False, "through": 17}
    assert stands_for("charge#0") is stands_for("charge#1") is stands_for("before-charge#1") is None
    for record in ("charge#2", "before-charge#17", "charge#18"):
        assert stands_for(record) == "charge#1"
    assert stands_for("undo-charge#1.17") == "undo-charge#1.1"
    assert compacted_answer("charge#17", kept) == kept | {"uncertain": True}, "its own call may have acted"
    assert compacted_answer("before-charge#17", kept) == {}
    assert compacted_answer("charge#18", kept) is None
    assert compacted_answer("charge#2", {"away": "billing", "uncertain": False}) is None


ASKING, ACTING = (st.lists(st.sampled_from(faults), max_size=6) for faults in (WAITING, Fault))
SCRIPTS = st.fixed_dictionaries({call: ASKING if call.startswith("find-") else ACTING for call in CALLS})


@given(SCRIPTS, st.frozensets(st.integers(0, 60), max_size=6), st.integers(0, 40))
def test_any_faults_crashes_and_moments_end_as_they_do_without_folding(
    script: dict[str, list[Fault]], crashes: frozenset[int], moment: int
) -> None:
    backend = FaultyBackend(script)
    compacting = Compacting(backend, crashes)
    progress = compacting.carry_out(StopsOnce(lambda: len(backend.calls) >= moment))
    effects = backend.effects
    assert len(effects) == len(set(effects)), "an effect happened twice"
    done = [name for name in NAMES if name in effects]
    taken_back = [name for name in NAMES if f"undo-{name}" in effects]
    assert done == list(progress.facts), "nothing stands that we do not know of"
    tries = [name for name in compacting.journal.answers if re.fullmatch(r"(before-)?(undo-)?\w+#\d+", name)]
    assert len(tries) <= 6 * 2 * len(NAMES)
    if progress.refusal is None:
        assert (done, taken_back) == (list(NAMES), [])
        return
    assert done == list(NAMES[: NAMES.index(progress.refusal["step"])])
    assert progress.undone == tuple(f"{name} undone" for name in reversed(done) if name in taken_back)
