"""How many calls may be under way at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from adapters.backends.bulkhead import Bulkhead, NoPlace, threads_held
from tests.support.waiting import LONG, until


def test_as_many_as_there_are_places_are_inside_at_once_and_all_leave() -> None:
    bulkhead, everybody = Bulkhead(8), Barrier(8)

    def call() -> int:
        with bulkhead.place(LONG):
            everybody.wait(LONG)
            return bulkhead.inside

    with ThreadPoolExecutor(8) as pool:
        assert max(pool.map(lambda _: call(), range(8))) == 8
    assert bulkhead.inside == 0


def test_a_quarter_as_many_wait_and_everybody_else_is_turned_away_at_once() -> None:
    """Each place is taken for good, as by a backend that hangs; patience is long enough to show who waits."""
    bulkhead, release = Bulkhead(8), Event()
    outcomes: list[str] = []

    def call() -> None:
        try:
            with bulkhead.place(LONG):
                outcomes.append("inside")
                release.wait(LONG)
        except NoPlace:
            outcomes.append("turned away")

    with ThreadPoolExecutor(40) as pool:
        calls = [pool.submit(call) for _ in range(40)]
        until(lambda: outcomes.count("turned away") == 40 - threads_held(8))
        assert sum(not call.done() for call in calls) == threads_held(8) == 10
        assert outcomes.count("inside") == 8
        release.set()
    assert outcomes.count("inside") == 10
    assert bulkhead.inside == 0


def test_who_waits_gives_up_after_its_patience_and_leaves_room_to_wait() -> None:
    bulkhead = Bulkhead(4)
    places = [bulkhead.place(0) for _ in range(4)]
    for place in places:
        place.__enter__()
    for _ in range(3):
        with pytest.raises(NoPlace), bulkhead.place(0.01):
            pass
    places[0].__exit__(None, None, None)
    with bulkhead.place(0.01):
        assert bulkhead.inside == 4


def test_a_place_is_given_back_by_a_call_that_fails() -> None:
    bulkhead = Bulkhead(1)
    for _ in range(3):
        with pytest.raises(KeyError), bulkhead.place(0):
            raise KeyError
    assert bulkhead.inside == 0
