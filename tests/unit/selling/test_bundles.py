"""How many of which members a bundle takes."""

from typing import Any

import pytest

from canonical.catalog import bundles
from canonical.catalog.offering import Group, Member, OfferingContents
from canonical.catalog.references import Reference


def member(offering: str, least: int | None = 0, most: int | None = 1) -> Member:
    return Member(Reference(offering), least, most)


LINE = Group("Line", 1, 1, (member("slow"), member("fast")))
TV = Group("TV", 0, 2, (member("sports"), member("cinema"), member("kids")), (Group("Box", 1, 1, (member("box"),)),))
HOME = OfferingContents("Home", bundle=True, members=(member("router", 1, 2),), groups=(LINE, TV))


@pytest.mark.parametrize(
    ("counts", "quantity", "told"),
    [
        ({"router": 1, "fast": 1, "box": 1}, 1, []),
        ({"router": 4, "fast": 2, "box": 2, "sports": 2}, 2, []),
        ({"fast": 1, "box": 1}, 1, ["Home takes 1 to 2 of router each, not 0 in 1"]),
        ({"router": 3, "fast": 1, "box": 1}, 1, ["Home takes 1 to 2 of router each, not 3 in 1"]),
        ({"router": 1, "fast": 1, "slow": 1, "box": 1}, 1, ["Home takes 1 to 1 of Line each, not 2 in 1"]),
        ({"router": 1, "box": 1}, 1, ["Home takes 1 to 1 of Line each, not 0 in 1"]),
        (
            {"router": 1, "fast": 1, "box": 1, "sports": 1, "cinema": 1},
            1,
            ["Home takes 0 to 2 of TV each, not 3 in 1"],
        ),
        (
            {"router": 1, "fast": 1, "box": 1, "phone": 1},
            1,
            ["phone is no member of Home: it takes router, slow, fast, sports, cinema, kids, box"],
        ),
    ],
)
def test_members_are_counted_for_each_bundle(counts: dict[str, int], quantity: int, told: list[str]) -> None:
    assert [one.message for one in bundles.refusals(HOME, counts, quantity)] == told


def test_a_bundle_may_take_any_number_and_what_is_no_bundle_takes_what_comes() -> None:
    many = OfferingContents("Many", members=(member("x", 2, None),))
    assert [one.message for one in bundles.refusals(many, {"x": 1})] == ["Many takes at least 2 of x each, not 1 in 1"]
    assert not list(bundles.refusals(many, {"x": 1000}))
    assert not list(bundles.refusals(OfferingContents("Alone"), {"x": 1}))


@pytest.mark.parametrize(
    ("own", "of_group", "limits"),
    [
        ((0, 5), (0, 2), (0, 2)),
        ((1, 2), (0, 5), (1, 2)),
        ((0, None), (1, 3), (1, 3)),
        ((0, None), (None, None), (0, None)),
    ],
)
def test_what_a_group_says_only_narrows_what_a_member_says(own: Any, of_group: Any, limits: Any) -> None:
    contents = OfferingContents(
        "B", members=(member("x", *own),), groups=(Group("G", members=(member("x", *of_group),)),)
    )
    found = bundles.member_limits(contents)["x"]
    assert (found.least, found.most) == limits
