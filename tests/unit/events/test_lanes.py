"""What may be sent to one listener at a moment."""

from typing import Any

from adapters.events.lanes import MOST_AT_ONCE, MOST_WAITING, Lane, pause_after, spread, tries_within
from canonical.listeners.delivery import Delivery


def waiting(number: int, subject: str, **more: Any) -> Delivery:
    return Delivery("l1", number, subject, f"{subject}-{number}", "ProductOrderCreateEvent", **more)


def a_lane(*new: Delivery, proven: bool = True) -> Lane:
    lane = Lane(proven=proven)
    lane.add(new)
    return lane


def numbers(taken: list[Delivery]) -> list[int]:
    return [one.number for one in taken]


def test_one_subject_is_sent_in_order_and_others_do_not_wait_for_it() -> None:
    lane = a_lane(waiting(1, "a"), waiting(2, "a"), waiting(3, "b"))
    first = lane.take(0, 10)
    assert numbers(first) == [1, 3]
    assert lane.take(0, 10) == []
    lane.over(first[1])
    assert lane.take(0, 10) == []
    lane.over(first[0])
    assert numbers(lane.take(0, 10)) == [2]


def test_what_failed_holds_up_its_own_subject_only() -> None:
    lane = a_lane(waiting(1, "a"), waiting(2, "a"), waiting(3, "b"))
    one, other = lane.take(0, 10)
    again = lane.failed(one, due=500, problem="the listener answered 400")
    lane.over(other)
    assert (again.tries, again.due) == (1, 500)
    assert lane.next_due() == 500
    assert lane.take(499, 10) == []
    assert lane.take(500, 10) == [again]


def test_an_unproven_or_failing_listener_is_tried_with_one() -> None:
    many = [waiting(number, f"s{number:02}") for number in range(1, 20)]
    assert len(a_lane(*many, proven=False).take(0, 50)) == 1
    assert len(a_lane(*many).take(0, 50)) == MOST_AT_ONCE
    assert len(a_lane(*many).take(0, 3)) == 3
    failing = a_lane(*many)
    failing.failures, failing.closed_until = 1, 100
    assert failing.take(99, 50) == []
    assert failing.next_due() == 100
    assert numbers(failing.take(100, 50)) == [1]


def test_a_lane_has_so_much_room() -> None:
    lane = a_lane(waiting(1, "a"), waiting(2, "b"))
    assert lane.room == MOST_WAITING - 2
    [first] = lane.take(0, 1)
    assert lane.room == MOST_WAITING - 2
    lane.over(first)
    assert lane.room == MOST_WAITING - 1


def test_pauses_grow_to_hours() -> None:
    assert [pause_after(tries) for tries in (1, 2, 3, 4)] == [1, 4, 16, 64]
    assert pause_after(12) == pause_after(1_000_000) == 8 * 3600
    assert all(0.8 <= spread(pause_after(1)) / 1000 <= 1.2 for _ in range(100))


def test_tries_go_on_for_days() -> None:
    tries = tries_within(3 * 86_400)
    assert sum(pause_after(one) for one in range(1, tries)) <= 3 * 86_400
    assert sum(pause_after(one) for one in range(1, tries + 1)) > 3 * 86_400
    assert tries_within(0) == 1
