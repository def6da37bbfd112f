"""What lines of an order may look like, and how they may be related."""

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.ordering.commands import ItemAction, LineRelationship, OrderLine, RelationshipType
from canonical.ordering.errors import (
    CyclicRelationship,
    DuplicateLine,
    InvalidQuantity,
    ProductReferenceMissing,
    UnknownRelatedLine,
)
from canonical.ordering.lines import CHANGES_A_PRODUCT, DIRECTIONS, MAX_LINES, MAX_QUANTITY, check_lines
from canonical.ordering.wishes import Wishes
from canonical.shared.errors import InvalidCommand
from tests.support.builders import BROADBAND, a_change, a_line, an_order

DEPENDS_ON, ENABLES, BRINGS, BUNDLES, BUNDLED_BY, MIGRATES_TO = RelationshipType


def refusal(lines: Sequence[OrderLine]) -> InvalidCommand:
    with pytest.raises(InvalidCommand) as refused:
        check_lines(lines)
    return refused.value


def related(line_id: str, *relationships: tuple[RelationshipType, str], part_of: str | None = None) -> OrderLine:
    return a_line(id=line_id, part_of=part_of, relationships=tuple(LineRelationship(*known) for known in relationships))


# --- one by one -------------------------------------------------------------------------------------------------------


def test_an_order_without_lines_is_refused() -> None:
    error = refusal([])
    assert (type(error), error.pointer, error.details) == (InvalidCommand, "/lines", {})


def test_an_order_has_a_bounded_number_of_lines() -> None:
    lines = [a_line(id=str(number)) for number in range(MAX_LINES + 1)]
    check_lines(lines[:-1])
    error = refusal(lines)
    assert (type(error), error.pointer) == (InvalidCommand, "/lines")
    assert error.message == "an order has at most 500 lines"


def test_a_line_id_used_twice_is_refused_where_it_is_used_again() -> None:
    error = refusal([a_line(id="b"), a_line(id="a"), a_line(id="c"), a_change(id="a")])
    assert (type(error), error.pointer, error.details) == (DuplicateLine, "/lines/3/id", {"duplicateOf": 1})


def test_ids_that_look_alike_are_different() -> None:
    check_lines([a_line(id=line_id) for line_id in ("a", "A", " a", "á", "1", "01")])


@pytest.mark.parametrize("quantity", [0, -1, -(10**20), MAX_QUANTITY + 1, 2**63])
@pytest.mark.parametrize("line", [a_line(id="b"), a_change(id="b")], ids=["added", "changed"])
def test_a_quantity_out_of_all_proportion_is_refused(line: OrderLine, quantity: int) -> None:
    lines = (a_line(id="a"), a_line(id="b", quantity=quantity, action=line.action, product_id=line.product_id))
    error = refusal(lines)
    assert (type(error), error.pointer, error.details) == (InvalidQuantity, "/lines/1/quantity", {})
    assert error.message == "quantity must be from 1 to 100000"


@pytest.mark.parametrize("quantity", [1, MAX_QUANTITY])
def test_the_least_and_the_largest_quantity_are_taken(quantity: int) -> None:
    check_lines([a_line(quantity=quantity)])


def test_what_is_added_is_named_by_an_offering_or_a_sku() -> None:
    error = refusal([a_line(offering_id=None, product_id="PRD1")])
    assert (type(error), error.pointer) == (InvalidCommand, "/lines/0/offering_id")
    check_lines([a_line(offering_id=None, sku="SKU123")])


@pytest.mark.parametrize("action", sorted(CHANGES_A_PRODUCT))
def test_what_is_changed_is_named(action: ItemAction) -> None:
    error = refusal([a_line(id="a"), a_line(id="b", action=action)])
    assert (type(error), error.pointer) == (ProductReferenceMissing, "/lines/1/product_id")
    assert error.message == f"a line with action {action} must name the installed product"
    check_lines([a_change(action=action)])


@pytest.mark.parametrize("action", sorted(set(ItemAction) - {ItemAction.MOVE}))
def test_only_a_move_gives_a_product_away(action: ItemAction) -> None:
    to_another = Wishes(customer_id="C99")
    error = refusal(
        [a_line(id="a"), replace(a_change(id="b", action=action, wishes=to_another), offering_id=BROADBAND.id)]
    )
    assert (type(error), error.pointer) == (InvalidCommand, "/lines/1/wishes/customer_id")
    check_lines([a_change(action=ItemAction.MOVE, wishes=to_another)])


def test_every_action_but_to_add_and_to_leave_alone_changes_a_product() -> None:
    assert set(ItemAction) - CHANGES_A_PRODUCT == {ItemAction.ADD, ItemAction.NO_CHANGE}
    check_lines([a_change(action=ItemAction.NO_CHANGE, product_id=None)])


def test_the_first_mistake_is_the_one_that_is_told() -> None:
    error = refusal([a_line(id="a"), a_change(id="b", product_id=None), a_line(id="a", quantity=0)])
    assert error.pointer == "/lines/1/product_id"


def test_an_order_with_such_lines_is_not_made() -> None:
    with pytest.raises(DuplicateLine):
        an_order(lines=(a_line(id="a"), a_line(id="a")))


# --- related ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", RelationshipType)
def test_a_line_is_related_to_lines_of_its_order_only(kind: RelationshipType) -> None:
    error = refusal([related("a"), related("b", (kind, "a"), (kind, "elsewhere")), related("c")])
    assert (type(error), error.pointer) == (UnknownRelatedLine, "/lines/1/relationships/1/line_id")
    assert error.message == "the order has no line elsewhere"


def test_a_line_is_part_of_a_line_of_its_order_only() -> None:
    error = refusal([related("a"), related("b", part_of="elsewhere")])
    assert (type(error), error.pointer) == (UnknownRelatedLine, "/lines/1/part_of")


@pytest.mark.parametrize("kind", RelationshipType)
def test_no_line_is_related_to_itself(kind: RelationshipType) -> None:
    error = refusal([related("a"), related("b", (kind, "b"))])
    assert (type(error), error.pointer, error.details) == (
        CyclicRelationship,
        "/lines/1/relationships",
        {"cycle": ["b"]},
    )


def test_no_line_is_part_of_itself() -> None:
    assert refusal([related("a", part_of="a")]).details == {"cycle": ["a"]}


SAYING_THE_SAME = [(BUNDLES, BUNDLED_BY), (BUNDLED_BY, BUNDLES), (ENABLES, DEPENDS_ON), (BRINGS, DEPENDS_ON)]


@pytest.mark.parametrize(("one", "other"), SAYING_THE_SAME)
def test_what_both_lines_say_from_their_side_is_no_cycle(one: RelationshipType, other: RelationshipType) -> None:
    check_lines([related("a", (one, "b")), related("b", (other, "a"))])
    check_lines([related("b", (other, "a")), related("a", (one, "b"))])


def test_what_is_said_twice_is_no_cycle() -> None:
    check_lines([related("a", (DEPENDS_ON, "b"), (DEPENDS_ON, "b")), related("b", (ENABLES, "a"), (BRINGS, "a"))])


@pytest.mark.parametrize("one", RelationshipType)
@pytest.mark.parametrize("other", RelationshipType)
def test_two_lines_related_both_ways_are_a_cycle_exactly_when_it_is_one_matter_and_opposite_directions(
    one: RelationshipType, other: RelationshipType
) -> None:
    lines = [related("a", (one, "b")), related("b", (other, "a"))]
    (matter, forwards), (other_matter, other_forwards) = DIRECTIONS[one], DIRECTIONS[other]
    if matter != other_matter or forwards != other_forwards:
        check_lines(lines)
    else:
        error = refusal(lines)
        assert (type(error), error.pointer) == (CyclicRelationship, "/lines/0/relationships")
        assert sorted(error.details["cycle"]) == ["a", "b"]
        assert f"({matter})" in error.message


def test_the_directions_are_those_of_the_words() -> None:
    """Written out once more: the test above takes them from the table."""
    cyclic = {
        (one, other)
        for one in RelationshipType
        for other in RelationshipType
        if _is_refused([related("a", (one, "b")), related("b", (other, "a"))])
    }
    assert cyclic == {
        (DEPENDS_ON, DEPENDS_ON),
        (MIGRATES_TO, MIGRATES_TO),
        (BUNDLES, BUNDLES),
        (BUNDLED_BY, BUNDLED_BY),
        *((one, other) for one in (ENABLES, BRINGS) for other in (ENABLES, BRINGS)),
    }


def test_a_line_nested_in_another_is_bundled_by_it() -> None:
    check_lines([related("a", (BUNDLES, "b")), related("b", (BUNDLED_BY, "a"), part_of="a")])
    for lines in (
        [related("a", (BUNDLED_BY, "b")), related("b", part_of="a")],
        [related("a"), related("b", (BUNDLES, "a"), part_of="a")],
        [related("a", part_of="b"), related("b", part_of="a")],
    ):
        error = refusal(lines)
        assert (error.pointer, sorted(error.details["cycle"])) == ("/lines/0/relationships", ["a", "b"])
        assert "(composition)" in error.message


def test_to_depend_on_what_one_is_part_of_is_no_cycle() -> None:
    check_lines([related("a", (DEPENDS_ON, "b")), related("b", part_of="a")])


def test_different_matters_make_no_cycle_together() -> None:
    check_lines([related("a", (DEPENDS_ON, "b")), related("b", (BUNDLES, "c")), related("c", (MIGRATES_TO, "a"))])


def test_a_cycle_is_told_in_its_direction_and_at_its_first_line() -> None:
    lines = [related("z"), related("c", (DEPENDS_ON, "a")), related("b", (DEPENDS_ON, "c")), related("a")]
    lines[3] = related("a", (DEPENDS_ON, "b"), (DEPENDS_ON, "z"))
    error = refusal(lines)
    cycle = error.details["cycle"]
    assert error.pointer == "/lines/1/relationships"
    assert sorted(cycle) == ["a", "b", "c"]
    assert "".join(cycle) in "cabcab", "c depends on a, which depends on b, which depends on c"
    assert error.message == f"lines form a cycle (dependency): {' → '.join(cycle)}"


def test_long_ids_and_long_cycles_are_cut_short_in_the_message_only() -> None:
    ids = [f"{number:03}" + "x" * 200 for number in range(40)]
    lines = [related(line_id, (ENABLES, ids[number - 1])) for number, line_id in enumerate(ids)]
    error = refusal(lines)
    assert sorted(error.details["cycle"]) == ids
    assert len(error.message) < 700


CHAINS = {"dependency": DEPENDS_ON, "composition": BUNDLED_BY, "migration": MIGRATES_TO}


@pytest.mark.parametrize("matter", CHAINS)
@pytest.mark.parametrize("shuffled", [False, True])
def test_as_many_lines_as_there_may_be_are_followed_to_the_end(matter: str, shuffled: bool) -> None:
    ids = [str(number) for number in range(MAX_LINES)]
    kind = CHAINS[matter]
    chain = [related(one, (kind, other)) for one, other in pairwise(ids)]
    open_end, closed = related(ids[-1]), related(ids[-1], (kind, ids[0]))
    lines = [*chain, open_end]
    if shuffled:
        random.Random(1).shuffle(lines)
    check_lines(lines)
    lines[lines.index(open_end)] = closed
    assert len(refusal(lines).details["cycle"]) == MAX_LINES


def test_a_line_related_to_all_others_in_many_ways_is_followed_too() -> None:
    ids = [str(number) for number in range(MAX_LINES)]
    lines = [related(one, *((DEPENDS_ON, other) for other in ids[number + 1 :])) for number, one in enumerate(ids)]
    check_lines(lines)
    lines[-1] = related(ids[-1], (DEPENDS_ON, "0"))
    assert isinstance(refusal(lines), CyclicRelationship)


# --- whatever they are ------------------------------------------------------------------------------------------------

SOME = [str(number) for number in range(6)]
relationships = st.tuples(st.sampled_from(SOME), st.sampled_from(RelationshipType), st.sampled_from(SOME))
nestings = st.dictionaries(st.sampled_from(SOME), st.sampled_from(SOME), max_size=3)


@given(st.lists(relationships, max_size=7), nestings, st.permutations(SOME))
def test_a_cycle_is_found_whatever_the_order_of_the_lines_and_only_where_there_is_one(
    said: list[tuple[str, RelationshipType, str]], part_of: dict[str, str], order: list[str]
) -> None:
    lines = [
        related(line_id, *((kind, to) for origin, kind, to in said if origin == line_id), part_of=part_of.get(line_id))
        for line_id in order
    ]
    arrows = _arrows(said, part_of)
    if not any(_leads_back(arrows, matter) for matter in CHAINS):
        check_lines(lines)
        return
    error = refusal(lines)
    assert isinstance(error, CyclicRelationship)
    cycle = error.details["cycle"]
    assert len(cycle) == len(set(cycle))
    steps = set(zip(cycle, [*cycle[1:], cycle[0]], strict=True))
    assert any(steps <= {(origin, to) for known, origin, to in arrows if known == matter} for matter in CHAINS)
    assert error.pointer == f"/lines/{min(map(order.index, cycle))}/relationships"


def _arrows(said: list[tuple[str, RelationshipType, str]], part_of: dict[str, str]) -> set[tuple[str, str, str]]:
    """Matter, origin and end of each, by the words of the relationship rather than by the table of the core."""
    found = {("composition", whole, part) for part, whole in part_of.items()}
    for origin, kind, to in said:
        match kind:
            case RelationshipType.DEPENDS_ON:
                found.add(("dependency", origin, to))
            case RelationshipType.ENABLES | RelationshipType.BRINGS:
                found.add(("dependency", to, origin))
            case RelationshipType.BUNDLES:
                found.add(("composition", origin, to))
            case RelationshipType.BUNDLED_BY:
                found.add(("composition", to, origin))
            case RelationshipType.MIGRATES_TO:
                found.add(("migration", origin, to))
    return found


def _leads_back(arrows: set[tuple[str, str, str]], matter: str) -> bool:
    """Whether some line reaches itself: as many steps as there are lines, from everywhere."""
    reached = {(origin, to) for known, origin, to in arrows if known == matter}
    for _ in SOME:
        reached |= {(origin, end) for origin, middle in reached for start, end in reached if middle == start}
    return any(origin == end for origin, end in reached)


def _is_refused(lines: Sequence[OrderLine]) -> bool:
    try:
        check_lines(lines)
    except CyclicRelationship:
        return True
    return False
