"""A check that may hang, for those who must not."""

import threading
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from facade.probe import Probe
from tests.support.waiting import LONG, until


class Check:
    """Answers once it may; counts how often it was begun."""

    def __init__(self, found: str | None = None) -> None:
        self.found = found
        self.begun = 0
        self.may = Event()

    def __call__(self) -> str | None:
        self.begun += 1
        self.may.wait()
        return self.found


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks waits for the answer as long as it takes."""
    monkeypatch.setattr("facade.probe.SECONDS", LONG)


@pytest.mark.usefixtures("patient")
def test_all_who_ask_at_once_get_the_answer_of_one_check() -> None:
    check = Check("the disk is full")
    probe = Probe(check, late="late", fresh=300)
    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(probe.problem) for _ in range(20)]
        check.may.set()
        assert {one.result() for one in asked} == {"the disk is full"}
    assert check.begun == 1


def test_a_check_that_hangs_is_late_begun_once_and_believed_when_it_ends() -> None:
    check = Check()
    probe = Probe(check, late="late")
    assert [probe.problem() for _ in range(50)] == ["late"] * 50
    assert check.begun == 1
    check.may.set()
    until(lambda: probe.problem() is None)


def test_a_check_that_fails_unexpectedly_is_late_and_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda failure: None)
    begun = []

    def check() -> str | None:
        begun.append(1)
        if len(begun) == 1:
            raise ZeroDivisionError
        return None

    probe = Probe(check, late="late", fresh=0)
    assert probe.problem() == "late"
    until(lambda: probe.problem() is None)


@pytest.mark.usefixtures("patient")
def test_an_answer_counts_for_a_moment_and_is_then_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("facade.probe.monotonic", lambda: now[0])
    check = Check("away")
    check.may.set()
    probe = Probe(check, late="late", fresh=1.0)
    assert probe.problem() == "away"
    check.found = None
    now[0] += 0.9
    assert (probe.problem(), check.begun) == ("away", 1)
    now[0] += 0.2
    assert (probe.problem(), check.begun) == (None, 2)
