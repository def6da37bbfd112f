"""Who has a duty, and when another node takes it over."""

from collections.abc import Iterator

from adapters.events.duty import Duty
from adapters.persistence.duties import DutyRow
from tests.support.waiting import LONG, until


class OneRow:
    """The row of a duty, in memory, and how often it was read."""

    def __init__(self, node: str = "") -> None:
        self.row = DutyRow(node, 1, 0, 7)
        self.reads = 0

    def read(self) -> DutyRow:
        self.reads += 1
        return self.row

    def take(self, node: str, seen: DutyRow) -> bool:
        self.row = DutyRow(node, seen.beats + 1, seen.milliseconds, seen.cursor)
        return True


def looks(duty: Duty, count: int) -> Iterator[int | None]:
    return (duty.take() for _ in range(count))


def test_a_duty_that_no_node_has_is_taken_at_once() -> None:
    assert Duty(OneRow(), "here", LONG).take() == 7  # type: ignore[arg-type]


def test_looks_that_follow_each_other_fast_do_not_take_a_duty_from_a_living_node() -> None:
    table = OneRow("there")
    assert set(looks(Duty(table, "here", LONG), 20)) == {None}  # type: ignore[arg-type]
    assert (table.row.node, table.reads) == ("there", 1)


def test_the_duty_of_a_node_whose_heartbeats_stand_still_for_a_lease_is_taken() -> None:
    table = OneRow("there")
    duty = Duty(table, "here", 0.04)  # type: ignore[arg-type]
    assert until(duty.take) == 7
    assert table.row.node == "here"
