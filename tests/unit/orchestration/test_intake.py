"""What a node takes of the processes that no node has."""

from typing import cast

import pytest

from adapters.orchestration.agenda import Agenda
from adapters.orchestration.intake import Intake
from adapters.persistence.node_table import Claim, NodeTable
from tests.support.waiting import until


class Nodes:
    """`waiting` has no node yet; `gone` was claimed by another node at the same time. `asked` counts queries."""

    def __init__(self, *waiting: str, gone: tuple[str, ...] = ()) -> None:
        self.waiting, self.gone = waiting, gone
        self.asked: list[int] = []
        self.claims = 0

    def unattended(self, limit: int, after: str) -> list[Claim]:
        self.asked.append(limit)
        return [Claim("place-order", subject, None, 0) for subject in self.waiting][:limit]

    def claim(self, claims: list[Claim], node: str) -> list[Claim]:
        self.claims += 1
        return [claim for claim in claims if claim.subject not in self.gone]


class InHand:
    """An agenda with `room`, in which `running` run."""

    def __init__(self, room: int, *running: str) -> None:
        self.room, self.running = room, running
        self.added: list[str] = []

    def runs(self, process: str, subject: str) -> bool:
        return subject in self.running

    def add(self, process: str, subject: str) -> None:
        self.added.append(subject)


def taken(nodes: Nodes, agenda: InHand) -> list[str]:
    Intake(cast(NodeTable, nodes), cast(Agenda, agenda), "me").round()
    return agenda.added


def test_it_takes_what_it_has_room_for() -> None:
    assert taken(Nodes("o1", "o2", "o3"), InHand(2)) == ["o1", "o2"]


def test_a_full_node_does_not_even_ask() -> None:
    nodes = Nodes("o1")
    assert taken(nodes, InHand(0)) == []
    assert nodes.asked == []


@pytest.mark.parametrize(("room", "behind"), [(0, True), (2, True), (3, True), (4, False)])
def test_it_knows_whether_it_may_have_left_some(room: int, behind: bool) -> None:
    intake = Intake(cast(NodeTable, Nodes("o1", "o2", "o3")), cast(Agenda, InHand(room)), "me")
    assert not intake.behind
    intake.round()
    assert intake.behind is behind


def test_what_it_was_woken_for_may_wait_until_it_has_looked() -> None:
    intake = Intake(cast(NodeTable, Nodes()), cast(Agenda, InHand(9)), "me")
    intake.wake()
    assert intake.behind
    intake.begin()
    until(lambda: not intake.behind)
    intake.stop()


def test_what_another_node_claimed_first_is_left_to_it() -> None:
    assert taken(Nodes("o1", "o2", gone=("o1",)), InHand(9)) == ["o2"]


def test_a_run_that_starts_here_at_this_moment_is_not_started_again() -> None:
    assert taken(Nodes("o1", "o2"), InHand(9, "o1")) == ["o2"]


def test_without_anything_to_take_nothing_is_written() -> None:
    nodes = Nodes()
    taken(nodes, InHand(9))
    assert nodes.claims == 0
