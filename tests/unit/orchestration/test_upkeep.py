"""One round of a node's upkeep."""

from typing import Any, cast

from adapters.orchestration.upkeep import Upkeep
from adapters.persistence.node_table import NodeTable
from adapters.persistence.process_table import ProcessTable


class Inheriting:
    """A process table in which `dead` are inherited by whoever asks."""

    def __init__(self, *dead: str) -> None:
        self.dead = list(dead)
        self.buried: list[str] = []

    def beat(self, node: str) -> None:
        pass

    def inherit(self, heir: str, lease_seconds: float) -> list[str]:
        return self.dead

    def bury(self, node: str) -> None:
        self.buried.append(node)

    def overdue(self, seconds: float) -> list[Any]:
        return []


def test_a_node_takes_over_from_others_but_never_from_itself() -> None:
    table, taken = Inheriting("a", "me", "b"), list[str]()

    def take_over(dead: str) -> int:
        taken.append(dead)
        return 1

    nodes, processes = cast(NodeTable, table), cast(ProcessTable, table)
    Upkeep(nodes, processes, "me", 5.0, take_over=take_over, start=lambda *_: None).round()
    assert sorted(taken) == sorted(table.buried) == ["a", "b"]
