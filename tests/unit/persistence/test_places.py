"""Places that threads take one after the other."""

from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice

from adapters.persistence.places import Places
from canonical.shared.deadline import within
from canonical.shared.errors import StoreUnavailable
from tests.support.waiting import until


def take(places: Places) -> str:
    try:
        with places:
            return "inside"
    except StoreUnavailable:
        return "given up"


def test_a_place_that_is_left_is_taken_by_those_who_wait() -> None:
    places = Places(1, most_waiting=5)
    with ThreadPoolExecutor(5) as pool:
        with places:
            waiting = [pool.submit(take, places) for _ in range(5)]
            assert not any(one.done() for one in waiting)
        assert {one.result() for one in waiting} == {"inside"}


def test_whoever_is_inside_can_see_that_others_wait() -> None:
    places = Places(1, most_waiting=5)
    with ThreadPoolExecutor(1) as pool, places:
        assert not places.are_awaited
        pool.submit(take, places)
        until(lambda: places.are_awaited, lambda: "nobody waits")
    assert not places.are_awaited


def test_whoever_has_no_time_left_gives_up() -> None:
    places = Places(1, most_waiting=5)
    with places, within(0.05):
        assert take(places) == "given up"
    assert take(places) == "inside"


def test_while_those_inside_hang_only_some_go_on_waiting() -> None:
    places = Places(2, most_waiting=3, stuck_seconds=0.1)
    with ThreadPoolExecutor(20) as pool:
        with places, places:
            waiting = [pool.submit(take, places) for _ in range(20)]
            gone = list(islice(as_completed(waiting), 17))
            assert {one.result() for one in gone} == {"given up"}
            assert take(places) == "given up"
        assert sorted(one.result() for one in waiting) == ["given up"] * 17 + ["inside"] * 3
