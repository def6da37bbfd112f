"""The rounds of a node's upkeep."""

from typing import Any, cast

import pytest

from adapters.orchestration.agenda import Agenda
from adapters.orchestration.upkeep import ROUNDS_IN_LEASE, Upkeep
from adapters.persistence.node_table import Claim, NodeTable
from canonical.shared.errors import StoreUnavailable


class Nodes:
    """A node table. `beating` go on with every round of ours, `still` do not."""

    def __init__(self) -> None:
        self.beating = {"me", "b"}
        self.still = {"a"}
        self.rounds = 0
        self.buried: list[str] = []
        self.orphans: list[Claim] = []
        self.mine: list[Claim] = []
        self.failing = False

    def beat(self, node: str) -> None:
        if self.failing:
            raise StoreUnavailable("the database does not answer")
        self.rounds += 1

    def beats(self) -> dict[str, int]:
        return dict.fromkeys(self.beating, self.rounds) | dict.fromkeys(self.still, 7)

    def bury(self, node: str) -> None:
        self.buried.append(node)
        self.still.discard(node)

    def orphaned(self, limit: int) -> list[Claim]:
        return self.orphans[:limit]

    def in_hand(self, node: str) -> list[Claim]:
        return self.mine

    def claim(self, claims: list[Claim], node: str) -> list[Claim]:
        won = [claim for claim in claims if claim.node not in self.beating - {node}]
        self.orphans = [claim for claim in self.orphans if claim not in won]
        return won


class InHand:
    """An agenda that only notes what it is to carry on."""

    room = 10

    def __init__(self, *held: str) -> None:
        self.subjects = list(held)
        self.added: list[str] = []

    def holds(self, process: str, subject: str) -> bool:
        return subject in self.subjects

    def add(self, process: str, subject: str) -> None:
        self.added.append(subject)
        self.subjects.append(subject)

    def replace_hanging(self, seconds: float) -> list[Any]:
        return []


def upkeep(nodes: Nodes, agenda: InHand) -> Upkeep:
    return Upkeep(cast(NodeTable, nodes), cast(Agenda, agenda), "me", lease_seconds=5.0)


def claim(subject: str, node: str | None = None, turn: int = 1) -> Claim:
    return Claim("place-order", subject, node, turn)


def test_a_node_whose_beats_stand_still_for_a_lease_is_buried_and_no_other() -> None:
    nodes = Nodes()
    mine = upkeep(nodes, InHand())
    for _ in range(ROUNDS_IN_LEASE):
        mine.round()
    assert nodes.buried == [], "its last beat may be from the moment before our first round"
    mine.round()
    assert nodes.buried == ["a"]


def test_a_node_that_beats_again_in_time_lives() -> None:
    nodes = Nodes()
    mine = upkeep(nodes, InHand())
    for _ in range(3):
        for _ in range(ROUNDS_IN_LEASE):
            mine.round()
        nodes.beating, nodes.still = {"me", "a", "b"}, set()
        mine.round()
        nodes.beating, nodes.still = {"me", "b"}, {"a"}
    assert nodes.buried == []


def test_while_the_database_does_not_answer_nobody_dies() -> None:
    nodes = Nodes()
    mine = upkeep(nodes, InHand())
    mine.round()
    nodes.failing = True
    for _ in range(3 * ROUNDS_IN_LEASE):
        with pytest.raises(StoreUnavailable):
            mine.round()
    nodes.failing = False
    mine.round()
    assert nodes.buried == []


def test_what_an_unknown_node_has_in_hand_is_taken_up_when_it_stood_still_for_a_round() -> None:
    nodes, agenda = Nodes(), InHand()
    mine = upkeep(nodes, agenda)
    nodes.orphans = [claim("o1", "unknown"), claim("o2", "unknown")]
    mine.round()
    assert agenda.added == [], "their node may be alive and about to register itself again"
    nodes.orphans = [claim("o1", "unknown"), claim("o2", "unknown", turn=2)]
    mine.round()
    assert agenda.added == ["o1"], "o2 was at work meanwhile"
    mine.round()
    assert agenda.added == ["o1", "o2"]


def test_what_this_node_is_about_to_carry_on_is_left_alone() -> None:
    nodes, agenda = Nodes(), InHand("o1")
    mine = upkeep(nodes, agenda)
    nodes.orphans = [claim("o1", "unknown")]
    for _ in range(2 * ROUNDS_IN_LEASE):
        mine.round()
    assert agenda.added == []


def test_what_the_table_says_is_in_this_nodes_hands_is_in_its_hands() -> None:
    """A claim was committed, and the answer of the database got lost."""
    nodes, agenda = Nodes(), InHand("o1")
    nodes.mine = [claim("o1", "me"), claim("o2", "me")]
    mine = upkeep(nodes, agenda)
    for _ in range(2 * ROUNDS_IN_LEASE):
        mine.round()
    assert agenda.added == ["o2"]


def test_another_node_that_is_first_gets_it() -> None:
    nodes, agenda = Nodes(), InHand()
    nodes.orphans = [claim("o1", "b")]
    mine = upkeep(nodes, agenda)
    mine.round()
    mine.round()
    assert agenda.added == []
