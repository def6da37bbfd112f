"""Catalog items, created, moved and removed in units of work in memory."""

from dataclasses import replace

import pytest

from canonical.catalog.category import CATEGORIES, CATEGORY, DEEPEST, CategoryContents
from canonical.catalog.commands import ChangeItem, RemoveItem
from canonical.catalog.decomposition import TEMPLATE, TEMPLATES
from canonical.catalog.errors import CyclicCategories, ItemInUse, ItemNotFound
from canonical.catalog.handlers import REFERRING
from canonical.catalog.item import Definition
from canonical.catalog.lifecycle import LifecycleStatus
from canonical.catalog.offering import OFFERING, OFFERINGS, OfferingContents
from canonical.catalog.price import PRICE, PRICES
from canonical.catalog.product_catalog import CATALOGS
from canonical.catalog.references import Reference, Relationship
from canonical.catalog.rule import RULE, RULES
from canonical.catalog.specification import SPECIFICATION, SPECIFICATIONS, SpecificationContents
from canonical.inventory.asset import ASSETS
from canonical.ordering.order import ORDERS
from canonical.shared.errors import ConcurrentChange, InvalidTransition
from tests.support.builders import BROADBAND, NOON, an_order
from tests.support.cataloguing import ACTIVE, RETIRED, a_category
from tests.unit.catalog.tree import Catalog


def test_a_category_is_kept_with_its_events(catalog: Catalog) -> None:
    made = catalog.named("cloud")
    assert (catalog.of("cloud").owner, catalog.of("cloud").version, made.item_id) == ("acme", 1, made.id)
    assert [(kind, subject, type(event).__name__) for kind, subject, event in catalog.memory.events] == [
        ("category", made.id, "Created")
    ]


def test_a_parent_that_nobody_knows_is_kept(catalog: Catalog) -> None:
    catalog.named("cloud", "none")
    assert catalog.parent_of("cloud") == "none"
    catalog.named("storage")
    catalog.move("storage", "none")
    assert catalog.parent_of("storage") == "none"


def test_a_category_moves_below_another_and_back_to_the_top(catalog: Catalog) -> None:
    catalog.named("cloud")
    catalog.named("storage")
    catalog.move("storage", "cloud")
    assert catalog.parent_of("storage") == catalog.ids["cloud"]
    catalog.move("storage")
    assert catalog.parent_of("storage") is None


@pytest.mark.parametrize("below", ["1", "2", "3"])
def test_a_category_never_stands_below_itself(catalog: Catalog, below: str) -> None:
    catalog.line_of(3)
    with pytest.raises(CyclicCategories) as refused:
        catalog.move("1", below)
    assert refused.value.pointer == "/contents/parent_id"
    assert catalog.parent_of("1") is None


def test_a_circle_that_closes_with_the_parent_that_came_late_is_refused(catalog: Catalog) -> None:
    catalog.create(a_category("a", "b"), "a")
    with pytest.raises(CyclicCategories):
        catalog.create(a_category("b", "a"), "b")
    assert catalog.create(a_category("b"), "b").contents.parent_id is None


def test_a_draft_that_would_close_a_circle_is_not_published(catalog: Catalog) -> None:
    top = catalog.create(a_category("a", status=ACTIVE), "a")
    catalog.create(a_category("b"), "b")
    draft = catalog.create(a_category("a", "b"), "a")
    catalog.change(catalog.version("b", "1.0"), a_category("b", "a"))
    with pytest.raises(CyclicCategories):
        catalog.change(draft, status=ACTIVE)
    assert catalog.editions(top) == {"1.0": ACTIVE, "2.0": LifecycleStatus.IN_STUDY}


def test_so_many_stand_above_one_another(catalog: Catalog) -> None:
    catalog.line_of(DEEPEST + 1)
    with pytest.raises(CyclicCategories, match=f"at most {DEEPEST} ancestors"):
        catalog.named("too deep", str(DEEPEST + 1))
    assert len(catalog.names) == DEEPEST + 1


def test_what_came_to_stand_too_deep_can_be_changed_and_moved_up(catalog: Catalog) -> None:
    catalog.line_of(DEEPEST + 1)
    catalog.named("new top")
    catalog.move("1", "new top")
    deepest = str(DEEPEST + 1)
    catalog.change(catalog.of(deepest), status_reason="still there")
    assert catalog.of(deepest).status_reason == "still there"
    catalog.change(catalog.of(deepest), status=ACTIVE)
    renamed = catalog.change(catalog.of(deepest), Definition(replace(catalog.of(deepest).contents, name="renamed")))
    assert renamed.edition == "2.0"
    catalog.change(renamed, a_category("renamed", catalog.ids["1"]))
    assert catalog.versions(renamed.item_id)[-1].contents.parent_id == catalog.ids["1"]


def test_what_has_others_below_it_is_not_removed(catalog: Catalog) -> None:
    catalog.line_of(2)
    with pytest.raises(ItemInUse, match="change or remove that first") as refused:
        catalog.remove(catalog.of("1"))
    assert refused.value.details == {"id": catalog.ids["1"], "by": "category"}
    catalog.remove(catalog.of("2"))
    catalog.remove(catalog.of("1"))
    assert catalog.names == set()
    assert catalog.told[-2:] == ["Removed 1.0"] * 2


def test_what_refers_to_an_id_that_came_late_keeps_it_as_well(catalog: Catalog) -> None:
    catalog.named("below", "late")
    late = catalog.create(a_category("late"), "late")
    with pytest.raises(ItemInUse):
        catalog.remove(late)


def test_an_offering_that_was_ordered_is_not_removed(catalog: Catalog) -> None:
    catalog.kind = OFFERINGS
    ordered = catalog.create(Definition(OfferingContents("1 Gbit/s"), status=ACTIVE), BROADBAND.id)
    with catalog.unit_of_work() as work:
        work.repository(ORDERS).add(an_order(id="another id"))
        work.commit()
    with pytest.raises(ItemInUse) as refused:
        catalog.remove(ordered)
    assert refused.value.details["by"] == "order"


def test_one_version_is_removed_or_all(catalog: Catalog) -> None:
    first = catalog.create(a_category(status=ACTIVE))
    second = catalog.change(first, a_category("renamed"))
    catalog.named("below", first.item_id)
    catalog.remove(first, whole=False)
    assert catalog.editions(first) == {"2.0": ACTIVE}
    with pytest.raises(ItemInUse):
        catalog.remove(second, whole=False)
    catalog.remove(catalog.of("below"))
    third = catalog.change(second, a_category("again"))
    catalog.remove(third)
    assert catalog.names == set()


def test_the_version_before_is_found_again_when_the_present_one_is_removed(catalog: Catalog) -> None:
    first = catalog.create(a_category(status=ACTIVE))
    catalog.clock.pass_(60)
    second = catalog.change(first, a_category("renamed"))
    catalog.remove(second, whole=False)
    [left] = catalog.versions(first.item_id)
    assert (left.edition, left.shown_from, left.shown_until) == ("1.0", NOON, None)
    assert left.valid_until == second.counts_from


def test_a_reference_to_itself_keeps_no_item(catalog: Catalog) -> None:
    catalog.kind = SPECIFICATIONS
    succeeds = Relationship("supersedes", Reference("s1", "1.0"))
    first = catalog.create(Definition(SpecificationContents("router"), status=ACTIVE), "s1")
    second = catalog.change(first, Definition(SpecificationContents("router", relationships=(succeeds,))))
    catalog.remove(second)
    assert catalog.names == set()


def test_readers_are_told_of_all_that_is_published_and_of_nothing_else(catalog: Catalog) -> None:
    def counted() -> int:
        found, catalog.memory.published = catalog.memory.published, 0
        return found

    draft = catalog.create(a_category())
    assert counted() == 0
    catalog.change(draft, status=LifecycleStatus.IN_DESIGN)
    assert counted() == 0
    catalog.change(draft, status=ACTIVE)
    assert counted() == 1
    second = catalog.change(draft, a_category("renamed"))
    assert counted() == 1
    catalog.change(second, a_category("renamed", status=RETIRED, valid_from=second.valid_from))
    assert counted() == 1
    catalog.create(a_category(), draft.item_id)
    assert counted() == 0
    catalog.remove(second, whole=False)
    assert counted() == 1
    catalog.remove(catalog.version(draft.item_id, "3.0"), whole=False)
    assert counted() == 0
    catalog.remove(draft)
    assert counted() == 1


def test_what_is_not_there_is_neither_changed_nor_removed(catalog: Catalog) -> None:
    for command in (ChangeItem(CATEGORIES, "none", 1, a_category(), "acme"), RemoveItem(CATEGORIES, "none")):
        with pytest.raises(ItemNotFound):
            catalog.carry_out(command)


def test_a_change_that_was_overtaken_is_not_made(catalog: Catalog) -> None:
    made = catalog.named("cloud")
    late = ChangeItem(CATEGORIES, made.id, made.version, a_category("late"), "acme")
    catalog.change(made, status_reason="first")
    with pytest.raises(ConcurrentChange):
        catalog.carry_out(late)
    with pytest.raises(ConcurrentChange):
        catalog.remove(made, made.version)
    assert (catalog.of("cloud").contents.name, catalog.of("cloud").version) == ("cloud", 2)


def test_a_refused_status_leaves_everything_as_it_is(catalog: Catalog) -> None:
    made = catalog.named("cloud")
    with pytest.raises(InvalidTransition):
        catalog.change(made, a_category("changed", status=RETIRED))
    assert catalog.of("cloud").contents.name == "cloud"
    catalog.change(made, status=ACTIVE)
    told = len(catalog.memory.events)
    with pytest.raises(InvalidTransition):
        catalog.change(made, a_category("changed", status=LifecycleStatus.IN_STUDY))
    assert catalog.editions(made) == {"1.0": ACTIVE}
    assert len(catalog.memory.events) == told


def test_every_kind_says_who_refers_to_it() -> None:
    kinds = (CATALOGS, CATEGORIES, SPECIFICATIONS, PRICES, OFFERINGS, RULES, TEMPLATES)
    assert REFERRING.keys() == {kind.name for kind in kinds}
    assert {name for names in REFERRING.values() for name in names} <= REFERRING.keys() | {ORDERS.name, ASSETS.name}
    assert [kind.name for kind in kinds[1:]] == [CATEGORY, SPECIFICATION, PRICE, OFFERING, RULE, TEMPLATE]


def test_contents_are_never_changed_in_place() -> None:
    with pytest.raises(AttributeError):
        setattr(CategoryContents("x"), "name", "y")  # noqa: B010 - mypy knows that it is frozen
