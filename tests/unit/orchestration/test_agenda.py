"""The processes in hand: each in one thread at a time, at once or after a pause."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from adapters.orchestration.agenda import Agenda, Entry
from tests.support.waiting import LONG, let_pass, until


@contextmanager
def agenda(carry_on: Callable[[Entry], float | None], at_once: int = 4) -> Iterator[Agenda]:
    made = Agenda(carry_on, at_once)
    made.begin()
    yield made
    made.stop()


def test_a_process_is_carried_on_until_it_needs_no_more_runs() -> None:
    pauses: list[float | None] = [0.0, 0.01, None]
    runs: list[str] = []

    def carry_on(entry: Entry) -> float | None:
        runs.append(entry.subject)
        return pauses[len(runs) - 1]

    with agenda(carry_on) as at:
        at.add("place-order", "o1")
        until(lambda: not at.holds("place-order", "o1"))
    assert runs == ["o1"] * 3


@pytest.mark.parametrize("pause", [None, 3600.0])
def test_it_tells_when_there_is_room_again(pause: float | None) -> None:
    rooms: list[int] = []
    at = Agenda(lambda _: pause, 1, lambda: rooms.append(at.room))
    at.add("place-order", "o1")
    until(lambda: bool(rooms))
    at.stop()
    assert rooms == [1]


def test_one_that_pauses_holds_no_thread_and_others_go_first() -> None:
    runs: list[str] = []

    def carry_on(entry: Entry) -> float | None:
        runs.append(entry.subject)
        return 0.05 if entry.subject.startswith("waits") and runs.count(entry.subject) == 1 else None

    with agenda(carry_on, at_once=1) as at:
        for subject in ("waits-1", "waits-2", "now-1", "now-2"):
            at.add("place-order", subject)
        until(lambda: len(runs) == 6)
    assert sorted(runs[:4]) == ["now-1", "now-2", "waits-1", "waits-2"]
    assert sorted(runs[4:]) == ["waits-1", "waits-2"]


def test_what_is_added_while_it_pauses_does_not_wait_and_the_pause_counts_no_more() -> None:
    runs: list[int] = []

    def carry_on(_: Entry) -> float | None:
        runs.append(1)
        return 3600.0 if len(runs) == 1 else None

    with agenda(carry_on) as at:
        at.add("place-order", "o1")
        until(lambda: len(runs) == 1)
        at.add("place-order", "o1")
        until(lambda: not at.holds("place-order", "o1"))
    assert len(runs) == 2


def test_what_is_added_while_it_runs_runs_once_more_and_never_twice_at_once() -> None:
    runs: list[int] = []
    go_on, inside = threading.Event(), threading.Lock()

    def carry_on(_: Entry) -> float | None:
        assert inside.acquire(blocking=False), "two runs of one process at once"
        runs.append(1)
        go_on.wait(LONG)
        inside.release()
        return None

    with agenda(carry_on) as at:
        at.add("place-order", "o1")
        until(lambda: len(runs) == 1)
        for _ in range(5):
            at.add("place-order", "o1")
        go_on.set()
        until(lambda: not at.holds("place-order", "o1"))
    assert len(runs) == 2


def test_a_run_that_hangs_is_replaced_and_has_no_say_when_it_comes_back() -> None:
    runs: list[Entry] = []
    go_on = threading.Event()

    def carry_on(entry: Entry) -> float | None:
        runs.append(entry)
        if len(runs) == 1:
            go_on.wait(LONG)
            return 0.0
        return 3600.0

    with agenda(carry_on) as at:
        at.add("place-order", "o1")
        until(lambda: len(runs) == 1)
        assert at.replace_hanging(LONG) == []
        runs[0].touched -= LONG
        assert at.replace_hanging(LONG) == [("place-order", "o1")]
        until(lambda: len(runs) == 2 and not runs[1].running)
        go_on.set()
        let_pass(0.05)
        assert at.holds("place-order", "o1")
    assert len(runs) == 2


def test_room_is_what_could_run_at_this_moment() -> None:
    go_on = threading.Event()

    def carry_on(_: Entry) -> float | None:
        go_on.wait(LONG)
        return None

    with agenda(carry_on, at_once=3) as at:
        assert at.room == 3
        for number in range(5):
            at.add("place-order", f"o{number}")
        assert at.room == 0
        go_on.set()
        until(lambda: at.room == 3)


@pytest.mark.parametrize("pause", [0.0, None])
def test_after_the_stop_nothing_runs_any_more(pause: float | None) -> None:
    runs: list[int] = []

    def carry_on(_: Entry) -> float | None:
        runs.append(1)
        return pause

    at = Agenda(carry_on, 2)
    at.begin()
    at.add("place-order", "o1")
    until(lambda: bool(runs))
    at.stop()
    before = len(runs)
    at.add("place-order", "o2")
    let_pass(0.05)
    assert len(runs) == before
