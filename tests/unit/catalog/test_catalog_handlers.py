"""Catalog items, created, changed and removed in units of work in memory."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from canonical.catalog.category import CATEGORIES, CATEGORY, DEEPEST, CategoryContents
from canonical.catalog.commands import ChangeItem, RemoveItem
from canonical.catalog.decomposition import TEMPLATE, TEMPLATES
from canonical.catalog.errors import CyclicCategories, ItemExists, ItemInUse, ItemNotFound, VersionsOverlap
from canonical.catalog.handlers import REFERRING
from canonical.catalog.item import Definition, Item
from canonical.catalog.lifecycle import PUBLISHED, LifecycleStatus
from canonical.catalog.offering import OFFERING, OFFERINGS, OfferingContents
from canonical.catalog.price import PRICE, PRICES
from canonical.catalog.product_catalog import CATALOGS
from canonical.catalog.references import Reference, Relationship
from canonical.catalog.rule import RULE, RULES
from canonical.catalog.specification import SPECIFICATION, SPECIFICATIONS, SpecificationContents
from canonical.ordering.order import ORDERS
from canonical.shared.errors import ConcurrentChange, InvalidCommand, InvalidTransition
from tests.support.builders import BROADBAND, NOON, an_order
from tests.support.cataloguing import ACTIVE, LAUNCHED, RETIRED, Cataloguing, a_category, as_it_is
from tests.support.memory import Memory

HOUR = timedelta(hours=1)


class Catalog(Cataloguing):
    """A tree of categories that are called by their names."""

    def __init__(self) -> None:
        self.memory = Memory()
        super().__init__(self.memory.unit_of_work)
        self.ids: dict[str | None, str | None] = {None: None}

    def named(self, name: str, below: str | None = None, **more: Any) -> Item:
        item = self.create(a_category(name, self.ids.get(below, below), **more))
        self.ids[name] = item.item_id
        return item

    def line_of(self, count: int) -> None:
        """Categories 1, 2, … each below the one before."""
        for number in range(1, count + 1):
            self.named(str(number), str(number - 1) if number > 1 else None)

    def move(self, name: str, below: str | None = None, **more: Any) -> Item:
        return self.change(self.of(name), a_category(name, self.ids.get(below, below), **more))

    def of(self, name: str) -> Item:
        item_id = self.ids[name]
        assert item_id is not None
        [found] = self.versions(item_id)
        return found

    def editions(self, item: Item) -> dict[str, LifecycleStatus]:
        return {one.edition: one.state for one in self.versions(item.item_id)}

    def parent_of(self, name: str) -> Any:
        return self.of(name).contents.parent_id

    @property
    def names(self) -> set[str]:
        return {row.aggregate.contents.name for row in self.memory.rows.values()}

    @property
    def told(self) -> list[str]:
        return [f"{type(event).__name__} {event.edition}" for event in self.memory.outbox]


@pytest.fixture
def catalog() -> Catalog:
    return Catalog()


# --- the tree of categories -------------------------------------------------------------------------------------------


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


# --- removing ---------------------------------------------------------------------------------------------------------


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


# --- versions ---------------------------------------------------------------------------------------------------------


def test_a_draft_is_changed_in_place(catalog: Catalog) -> None:
    draft = catalog.create(a_category())
    changed = catalog.change(draft, a_category("renamed", status=LifecycleStatus.IN_DESIGN, edition="0.9"))
    assert (changed.id, changed.edition, changed.version) == (draft.id, "0.9", 2)
    assert catalog.editions(draft) == {"0.9": LifecycleStatus.IN_DESIGN}


def test_a_change_of_what_is_published_makes_a_version_that_takes_its_place(catalog: Catalog) -> None:
    first = catalog.create(a_category(status=LAUNCHED))
    catalog.clock.pass_(60)
    second = catalog.change(first, a_category("renamed"))
    assert (second.item_id, second.edition, second.state) == (first.item_id, "2.0", LAUNCHED)
    assert second.id != first.id
    assert second.valid_from == second.counts_from == catalog.clock.at
    kept = catalog.version(first.item_id, "1.0")
    assert (kept.contents, kept.valid_until, kept.state) == (first.contents, second.counts_from, LAUNCHED)
    assert (kept.shown_from, kept.shown_until) == (NOON, catalog.clock.at)
    assert (second.shown_from, second.shown_until) == (catalog.clock.at, None)
    assert catalog.told[-4:] == ["Published 1.0", "StatusChanged 1.0", "Created 2.0", "Published 2.0"]


def test_status_reason_and_end_of_what_is_published_change_in_place(catalog: Catalog) -> None:
    first = catalog.create(a_category(status=ACTIVE))
    end = NOON + HOUR
    changed = catalog.change(first, a_category(status=LAUNCHED, status_reason="asked for", valid_until=end))
    assert (changed.id, changed.state, changed.status_reason, changed.valid_until) == (
        first.id,
        LAUNCHED,
        "asked for",
        end,
    )
    assert catalog.editions(first) == {"1.0": LAUNCHED}


def test_a_version_that_was_made_by_a_change_takes_another_status_in_place(catalog: Catalog) -> None:
    """Documents show times with milliseconds, and clients send back what they were shown."""
    catalog.clock.at = NOON.replace(microsecond=123_456)
    second = catalog.change(catalog.create(a_category(status=ACTIVE)), a_category("renamed"))
    begin, end = second.valid_from, catalog.versions(second.item_id)[0].valid_until
    assert begin == end == NOON.replace(microsecond=123_000)
    retired = catalog.change(second, Definition(second.contents, begin, None, RETIRED))
    assert (retired.id, retired.state) == (second.id, RETIRED)


def test_a_change_may_name_its_version_and_when_it_begins(catalog: Catalog) -> None:
    first = catalog.create(a_category(status=ACTIVE))
    begin = NOON + 24 * HOUR
    second = catalog.change(first, a_category("renamed", edition="2026.Q3", valid_from=begin))
    assert (second.edition, second.counts_from, second.shown_from) == ("2026.Q3", begin, begin)
    assert catalog.version(first.item_id, "1.0").valid_until == begin


def test_a_change_that_says_that_it_was_valid_before_counts_from_now_on(catalog: Catalog) -> None:
    first = catalog.create(a_category(status=ACTIVE))
    catalog.clock.pass_(60)
    second = catalog.change(first, a_category("renamed", valid_from=NOON - HOUR))
    assert (second.valid_from, second.counts_from) == (NOON - HOUR, catalog.clock.at)
    assert catalog.version(first.item_id, "1.0").valid_until == catalog.clock.at


def test_a_change_whose_validity_is_over_is_kept_and_ends_nothing(catalog: Catalog) -> None:
    first = catalog.create(a_category(status=ACTIVE))
    past: dict[str, Any] = {"valid_from": NOON - 48 * HOUR, "valid_until": NOON - 24 * HOUR}
    second = catalog.change(first, a_category("renamed", edition="0.9", **past))
    assert (second.valid_from, second.valid_until) == (past["valid_from"], past["valid_until"])
    assert catalog.version(first.item_id, "1.0").valid_until is None
    assert second.shown_from is None
    draft = catalog.create(a_category("draft", **past), first.item_id)
    catalog.change(draft, status=ACTIVE)
    assert catalog.version(first.item_id, "1.0").valid_until is None


def test_what_was_never_valid_is_found_while_there_is_nothing_else(catalog: Catalog) -> None:
    """As in the published examples, whose offering was valid until 2021."""
    past: dict[str, Any] = {"valid_from": NOON - 48 * HOUR, "valid_until": NOON - 24 * HOUR}
    first = catalog.create(a_category(status=ACTIVE, **past))
    assert (first.shown_from, first.shown_until) == (NOON, None)
    catalog.clock.pass_(60)
    second = catalog.change(first, a_category("renamed", **past))
    assert (second.shown_from, second.shown_until) == (catalog.clock.at, None)


def test_what_is_retired_with_a_change_ends_the_version_before(catalog: Catalog) -> None:
    first = catalog.create(a_category(status=ACTIVE))
    catalog.clock.pass_(60)
    second = catalog.change(first, a_category("renamed", status=RETIRED))
    assert (second.state, second.shown_from) == (RETIRED, catalog.clock.at)
    assert catalog.version(first.item_id, "1.0").valid_until == catalog.clock.at


def test_no_two_versions_have_one_name(catalog: Catalog) -> None:
    first = catalog.create(a_category(status=ACTIVE))
    draft = catalog.create(a_category(edition="beta"), first.item_id)
    with pytest.raises(ItemExists) as refused:
        catalog.create(a_category(edition="1.0"), first.item_id)
    assert refused.value.details == {"id": first.item_id, "version": "1.0"}
    with pytest.raises(ItemExists):
        catalog.change(first, a_category("renamed", edition="beta"))
    with pytest.raises(ItemExists):
        catalog.change(draft, a_category(edition="1.0"))
    assert catalog.editions(first) == {"1.0": ACTIVE, "beta": LifecycleStatus.IN_STUDY}


@pytest.mark.parametrize(
    ("known", "following"),
    [
        (["1.0"], "2.0"),
        (["1.9", "1.10"], "2.0"),
        (["beta"], "1.0"),
        (["7"], "8.0"),
        (["2026.Q3"], "2027.0"),
        (["٣.1"], "4.0"),
        (["²"], "1.0"),
        (["9" * 60], "1.0"),
        (["9" * 60, "1.0", "999999999.0", "1000000000.0"], "1000000001.0"),
    ],
)
def test_the_next_version_has_the_next_number(catalog: Catalog, known: list[str], following: str) -> None:
    for edition in known:
        catalog.create(a_category(edition=edition), "c1")
    assert catalog.create(a_category(), "c1").edition == following


def test_a_version_that_counts_later_is_neither_ended_nor_overlapped(catalog: Catalog) -> None:
    later = catalog.create(a_category(status=ACTIVE, valid_from=NOON + 2 * HOUR))
    with pytest.raises(VersionsOverlap, match=r"version 1\.0 is valid from 2026-05-03T14:00:00\+00:00 on") as refused:
        catalog.create(a_category(status=ACTIVE), later.item_id)
    assert (refused.value.pointer, refused.value.details["version"]) == ("/valid_until", "1.0")
    between = catalog.create(a_category(status=ACTIVE, valid_until=NOON + 2 * HOUR), later.item_id)
    assert between.edition == "2.0"
    with pytest.raises(VersionsOverlap):
        catalog.change(between, valid_until=NOON + 3 * HOUR)


def test_a_version_that_was_ended_by_its_successor_does_not_count_again(catalog: Catalog) -> None:
    first = catalog.create(a_category(status=ACTIVE))
    catalog.clock.pass_(60)
    catalog.change(first, a_category("renamed"))
    for status in (None, RETIRED, None):
        for end in (None, catalog.clock.at + HOUR):
            with pytest.raises(VersionsOverlap):
                catalog.change(first, valid_until=end)
        assert catalog.change(first, status=status, valid_until=NOON).valid_until == NOON


def test_of_two_that_begin_together_the_one_published_later_counts(catalog: Catalog) -> None:
    begin = NOON + HOUR
    first = catalog.create(a_category(status=ACTIVE, valid_from=begin))
    second = catalog.create(a_category("other", status=ACTIVE, valid_from=begin), first.item_id)
    assert catalog.version(first.item_id, "1.0").valid_until == begin
    launched = catalog.change(first, status=LAUNCHED)
    assert launched.state is LAUNCHED
    assert catalog.version(first.item_id, "2.0").valid_until is None
    assert (second.shown_from, catalog.version(first.item_id, "1.0").shown_from) == (NOON, None)


def test_the_newest_draft_is_found_until_one_is_published(catalog: Catalog) -> None:
    def found() -> list[str]:
        return [one.edition for one in catalog.versions("c1") if one.shown_from is not None]

    first = catalog.create(a_category(), "c1")
    catalog.clock.pass_(1)
    second = catalog.create(a_category(), "c1")
    assert found() == ["2.0"]
    catalog.change(second, status=LifecycleStatus.IN_DESIGN)
    catalog.change(second, status=LifecycleStatus.IN_TEST)
    catalog.change(second, status=LifecycleStatus.REJECTED)
    assert found() == ["1.0"]
    catalog.change(first, status=ACTIVE)
    catalog.create(a_category(), "c1")
    assert found() == ["1.0"]


def test_a_version_that_ends_before_it_would_begin_is_refused(catalog: Catalog) -> None:
    with pytest.raises(InvalidCommand):
        catalog.create(a_category(valid_from=NOON, valid_until=NOON - HOUR))
    assert catalog.names == set()


def test_every_definition_that_is_kept_is_what_a_patch_sends_back(catalog: Catalog) -> None:
    """A change to what is there already makes no version."""
    for number, status in enumerate(sorted(PUBLISHED)):
        made = catalog.create(a_category(status=status, valid_from=NOON - HOUR), f"c{number}")
        assert catalog.change(made, as_it_is(made)).id == made.id


# --- the tables -------------------------------------------------------------------------------------------------------


def test_every_kind_says_who_refers_to_it() -> None:
    kinds = (CATALOGS, CATEGORIES, SPECIFICATIONS, PRICES, OFFERINGS, RULES, TEMPLATES)
    assert REFERRING.keys() == {kind.name for kind in kinds}
    assert {name for names in REFERRING.values() for name in names} <= REFERRING.keys() | {ORDERS.name}
    assert [kind.name for kind in kinds[1:]] == [CATEGORY, SPECIFICATION, PRICE, OFFERING, RULE, TEMPLATE]


def test_contents_are_never_changed_in_place() -> None:
    with pytest.raises(AttributeError):
        setattr(CategoryContents("x"), "name", "y")  # noqa: B010 - mypy knows that it is frozen
