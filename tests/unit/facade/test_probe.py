"""A check that may hang, for those who must not."""

import threading
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from facade.probe import Probe


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
    while probe.problem() is not None:
        pass


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
    assert probe.problem() is None


def test_an_answer_counts_for_a_moment_and_is_then_asked_for_again() -> None:
    check = Check("away")
    check.may.set()
    probe = Probe(check, late="late")
    assert probe.problem() == "away"
    check.found = None
    while probe.problem() == "away":
        assert check.begun == 1
    assert check.begun == 2
