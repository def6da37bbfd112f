"""Requests that wait for what they began."""

import pytest

from canonical.processes.errors import StillWorking
from canonical.shared.deadline import within
from canonical.shared.errors import StoreUnavailable
from facade.portal.failures import going_on
from facade.portal.handlers import LEFT_TO_ANSWER, Waiters
from tests.support.waiting import LONG


class Waited:
    """An engine that notes how long it was waited for; nothing ever ends."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def start(self, process: str, subject: str) -> None: ...

    def wait(self, process: str, subject: str, seconds: float) -> bool:
        self.seconds.append(seconds)
        return False


def test_nobody_waits_until_there_is_no_time_left_to_answer() -> None:
    engine = Waited()
    waiters = Waiters(engine, 10 * LONG, at_once=1)
    waiters.wait("place-order", "o1")
    with within(LONG):
        waiters.wait("place-order", "o1")
    with within(LEFT_TO_ANSWER / 2):
        waiters.wait("place-order", "o1")
    unhurried, hurried, late = engine.seconds
    assert unhurried == 10 * LONG
    assert 0 < hurried <= LONG - LEFT_TO_ANSWER
    assert late == 0


def test_what_was_accepted_is_named_although_the_database_does_not_answer() -> None:
    with pytest.raises(StillWorking, match="it goes on") as told, going_on("it goes on", id="o1"):
        raise StoreUnavailable("the database does not answer")
    assert told.value.details == {"id": "o1"}
