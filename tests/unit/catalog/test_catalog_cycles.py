"""Items of the catalog that would lead back to themselves."""

from dataclasses import replace
from typing import Any

import pytest

from canonical.catalog.cycles import DEEPEST
from canonical.catalog.errors import CyclicItems
from canonical.catalog.item import Definition, Item
from canonical.catalog.offering import DEEPEST_GROUPS, OFFERINGS, Group, Member, OfferingContents, check_groups
from canonical.catalog.price import PRICES, PriceContents
from canonical.catalog.references import Reference, Relationship
from canonical.catalog.specification import SPECIFICATIONS, SpecificationContents
from canonical.shared.aggregates import Kind
from canonical.shared.errors import InvalidCommand
from tests.support.cataloguing import Cataloguing
from tests.support.memory import Memory


def bundle(*ids: str) -> OfferingContents:
    return OfferingContents("x", members=tuple(Member(Reference(one)) for one in ids))


def grouped(*ids: str) -> OfferingContents:
    inner = Group("inner", members=tuple(Member(Reference(one)) for one in ids))
    return OfferingContents("x", groups=(Group("outer", groups=(inner,)),))


def made_of(*ids: str) -> SpecificationContents:
    return SpecificationContents("x", parts=tuple(map(Reference, ids)))


def priced(*ids: str) -> PriceContents:
    return PriceContents("x", parts=tuple(map(Reference, ids)))


def altered(*ids: str, by: str = "discountedBy") -> PriceContents:
    return PriceContents("x", relationships=tuple(Relationship(by, Reference(one)) for one in ids))


WAYS = pytest.mark.parametrize(
    ("kind", "contents", "pointer"),
    [
        (OFFERINGS, bundle, "/contents/members"),
        (OFFERINGS, grouped, "/contents/members"),
        (SPECIFICATIONS, made_of, "/contents/parts"),
        (PRICES, priced, "/contents/parts"),
        (PRICES, altered, "/contents/relationships"),
    ],
    ids=["bundle", "group", "specification", "price", "alteration"],
)


def a_catalog(kind: Kind[Any]) -> Cataloguing:
    return Cataloguing(Memory().unit_of_work, kind=kind)


def chain(catalog: Cataloguing, contents: Any, length: int) -> list[Item]:
    """Items of which each names the next; the last names nobody."""
    return [
        catalog.create(Definition(contents(*([f"i{number + 1}"] if number + 1 < length else []))), f"i{number}")
        for number in reversed(range(length))
    ][::-1]


@WAYS
def test_no_item_leads_back_to_itself(kind: Kind[Any], contents: Any, pointer: str) -> None:
    for length in (1, 2, 5):
        catalog = a_catalog(kind)
        last = chain(catalog, contents, length)[-1]
        with pytest.raises(CyclicItems) as refused:
            catalog.change(last, Definition(contents("i0")))
        assert refused.value.pointer == pointer
        assert len(catalog.versions(last.item_id)) == 1


@WAYS
def test_an_item_may_be_named_twice_and_be_unknown(kind: Kind[Any], contents: Any, pointer: str) -> None:
    catalog = a_catalog(kind)
    catalog.create(Definition(contents()), "leaf")
    catalog.create(Definition(contents("leaf", "nobody")), "left")
    catalog.create(Definition(contents("leaf", "left", "leaf")), "top")


@WAYS
def test_items_stand_at_most_so_deep_within_one_another(kind: Kind[Any], contents: Any, pointer: str) -> None:
    catalog = a_catalog(kind)
    chain(catalog, contents, DEEPEST)
    catalog.create(Definition(contents("i0")), "whole")
    with pytest.raises(CyclicItems):
        catalog.create(Definition(contents("whole")), "too much")


def test_relationships_of_two_types_may_lead_both_ways() -> None:
    catalog = a_catalog(PRICES)
    catalog.create(Definition(altered("promotion", by="discountedBy")), "rental")
    catalog.create(Definition(altered("rental", by="discounts")), "promotion")


def test_what_was_a_circle_before_can_still_be_changed_elsewhere() -> None:
    """It may have been written before there was this rule, and closes by a version that is published later."""
    catalog = a_catalog(SPECIFICATIONS)
    item = catalog.create(Definition(made_of("b")), "a")
    with catalog.unit_of_work() as work:
        work.repository(SPECIFICATIONS).get(item.id).contents = made_of("a")
        work.commit()
    changed = catalog.change(item, Definition(SpecificationContents("new name", parts=(Reference("a"),))))
    assert changed.contents.name == "new name"


def nested(levels: int) -> OfferingContents:
    group = Group(f"level {levels}")
    for level in reversed(range(1, levels)):
        group = Group(f"level {level}", groups=(group,))
    return OfferingContents("x", groups=(Group("flat"), group))


def test_groups_of_a_bundle_stand_at_most_so_deep_within_one_another() -> None:
    catalog = a_catalog(OFFERINGS)
    kept = catalog.create(Definition(nested(DEEPEST_GROUPS)), "kept")
    with pytest.raises(InvalidCommand, match="at most 10 levels") as refused:
        catalog.create(Definition(nested(DEEPEST_GROUPS + 1)), "new")
    assert refused.value.pointer == "/contents/groups/1"
    with pytest.raises(InvalidCommand):
        catalog.change(kept, Definition(nested(DEEPEST_GROUPS + 1)))


def test_a_bundle_that_was_too_deep_before_can_still_be_changed_elsewhere() -> None:
    deep = nested(DEEPEST_GROUPS + 1)
    check_groups(replace(deep, name="y"), deep)
