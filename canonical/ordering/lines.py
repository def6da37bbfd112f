"""Checks of the lines of an order that do not need the catalog."""

from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType

from canonical.ordering.commands import ItemAction, OrderLine, RelationshipType
from canonical.ordering.errors import (
    CyclicRelationship,
    DuplicateLine,
    InvalidQuantity,
    ProductReferenceMissing,
    UnknownRelatedLine,
)
from canonical.shared.errors import InvalidCommand

MAX_LINES = 500
MAX_QUANTITY = 100_000
"""The largest quantity of one line that the backends accept. More is refused here, before stock is reserved."""

CHANGES_A_PRODUCT = frozenset(
    {ItemAction.MODIFY, ItemAction.DISCONNECT, ItemAction.MOVE, ItemAction.SUSPEND, ItemAction.RESUME}
)

DEPENDENCY, COMPOSITION, MIGRATION = "dependency", "composition", "migration"
DIRECTIONS: Mapping[RelationshipType, tuple[str, bool]] = MappingProxyType(
    {
        RelationshipType.DEPENDS_ON: (DEPENDENCY, True),
        RelationshipType.ENABLES: (DEPENDENCY, False),
        RelationshipType.BRINGS: (DEPENDENCY, False),
        RelationshipType.BUNDLES: (COMPOSITION, True),
        RelationshipType.BUNDLED_BY: (COMPOSITION, False),
        RelationshipType.MIGRATES_TO: (MIGRATION, True),
    }
)
"""The kind of dependency of each relationship, and its direction: `a ENABLES b` means the same as `b DEPENDS_ON a`.

The lines must not form a cycle in any of these kinds.
"""


def check_lines(lines: Sequence[OrderLine]) -> None:
    """Raises a kind of InvalidCommand with a pointer into the command, for the first mistake."""
    if not lines:
        raise InvalidCommand("an order needs at least one line", pointer="/lines")
    if len(lines) > MAX_LINES:
        raise InvalidCommand(f"an order has at most {MAX_LINES} lines", pointer="/lines")
    first: dict[str, int] = {}
    for index, line in enumerate(lines):
        if line.id in first:
            text = f"the id {line.id[:60]} is used twice"
            raise DuplicateLine(text, pointer=f"/lines/{index}/id", duplicateOf=first[line.id])
        first[line.id] = index
        _check_line(line, index)
    _check_relationships(lines, first)


def _check_line(line: OrderLine, index: int) -> None:
    if not 1 <= line.quantity <= MAX_QUANTITY:
        raise InvalidQuantity(f"quantity must be from 1 to {MAX_QUANTITY}", pointer=f"/lines/{index}/quantity")
    if line.action is ItemAction.ADD and line.offering_id is None and line.sku is None:
        raise InvalidCommand("a line that adds must name an offering or a SKU", pointer=f"/lines/{index}/offering_id")
    if line.action in CHANGES_A_PRODUCT and line.product_id is None:
        text = f"a line with action {line.action} must name the installed product"
        raise ProductReferenceMissing(text, pointer=f"/lines/{index}/product_id")
    if ItemAction.MOVE not in (line.action, line.if_active) and line.wishes.customer_id is not None:
        text = f"a line with action {line.action} cannot give a product to another customer; send action MOVE"
        raise InvalidCommand(text, pointer=f"/lines/{index}/wishes/customer_id")


def _check_relationships(lines: Sequence[OrderLine], index_of: Mapping[str, int]) -> None:
    leads_to: dict[str, dict[str, list[str]]] = {DEPENDENCY: {}, COMPOSITION: {}, MIGRATION: {}}
    for index, line in enumerate(lines):
        if line.part_of is not None:
            _check_known(line.part_of, index_of, f"/lines/{index}/part_of")
            leads_to[COMPOSITION].setdefault(line.part_of, []).append(line.id)
        for number, relationship in enumerate(line.relationships):
            _check_known(relationship.line_id, index_of, f"/lines/{index}/relationships/{number}/line_id")
            matter, forwards = DIRECTIONS[relationship.type]
            origin, target = (line.id, relationship.line_id) if forwards else (relationship.line_id, line.id)
            leads_to[matter].setdefault(origin, []).append(target)
    for matter, graph in leads_to.items():
        for cycle in _cycle(graph):
            first = min(cycle, key=index_of.__getitem__)
            text = f"lines form a cycle ({matter}): {' → '.join(line_id[:60] for line_id in cycle[:10])}"
            raise CyclicRelationship(text, pointer=f"/lines/{index_of[first]}/relationships", cycle=cycle)


def _check_known(line_id: str, index_of: Mapping[str, int], pointer: str) -> None:
    if line_id not in index_of:
        raise UnknownRelatedLine(f"the order has no line {line_id[:60]}", pointer=pointer)


def _cycle(graph: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """The ids along one cycle, if there is any."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        yield list(reversed(error.args[1][1:]))


def bundle_of(lines: Sequence[OrderLine]) -> Mapping[str, str]:
    """The bundle that each line is in, by the ids of lines: it is nested in that, or related to it."""
    found = {line.id: line.part_of for line in lines if line.part_of is not None}
    for line in lines:
        for relationship in line.relationships:
            if relationship.type is RelationshipType.BUNDLES:
                found.setdefault(relationship.line_id, line.id)
            elif relationship.type is RelationshipType.BUNDLED_BY:
                found.setdefault(line.id, relationship.line_id)
    return found
