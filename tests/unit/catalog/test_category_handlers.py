"""The tree of categories, changed in units of work in memory."""

from dataclasses import replace
from typing import Any

import pytest

from canonical.catalog.category import Category
from canonical.catalog.commands import CategoryContents, ChangeCategory, CreateCategory, RemoveCategory
from canonical.catalog.errors import CategoryInUse, CategoryNotFound, CyclicCategories, UnknownParent
from canonical.catalog.handlers import DEEPEST, HANDLERS
from canonical.catalog.lifecycle import LifecycleStatus
from canonical.shared.errors import ConcurrentChange, InvalidTransition
from tests.support.fakes import CountingIdentities, StandingClock
from tests.support.memory import Memory


class Catalog:
    """A tree of categories that are called by their names."""

    def __init__(self) -> None:
        self.memory = Memory()
        self.identities = CountingIdentities()
        self.ids: dict[str | None, str | None] = {None: None}

    def carry_out(self, command: Any) -> Category:
        with self.memory.unit_of_work() as work:
            category: Category = HANDLERS[type(command)](command, work, StandingClock(), self.identities)
            work.commit()
        return category

    def create(self, name: str, below: str | None = None, **more: Any) -> Category:
        contents = CategoryContents(name, parent_id=self.ids.get(below, below), **more)
        category = self.carry_out(CreateCategory("acme", contents))
        self.ids[name] = category.id
        return category

    def line_of(self, count: int) -> None:
        """Categories 1, 2, … each below the one before."""
        for number in range(1, count + 1):
            self.create(str(number), str(number - 1) if number > 1 else None)

    def change(self, name: str, below: str | None = None, **more: Any) -> Category:
        now = self.of(name)
        contents = CategoryContents(now.name, parent_id=self.ids.get(below, below))
        return self.carry_out(ChangeCategory(now.id, now.version, replace(contents, **more)))

    def remove(self, name: str, expected: int | None = None) -> None:
        self.carry_out(RemoveCategory(self.id_of(name), expected))

    def id_of(self, name: str) -> str:
        category_id = self.ids[name]
        assert category_id is not None
        return category_id

    def of(self, name: str) -> Category:
        category: Category = self.memory.rows["category", self.id_of(name)].aggregate
        return category

    @property
    def names(self) -> set[str]:
        return {row.aggregate.name for row in self.memory.rows.values()}


@pytest.fixture
def catalog() -> Catalog:
    return Catalog()


def test_a_category_is_kept_with_its_events(catalog: Catalog) -> None:
    made = catalog.create("cloud")
    assert (catalog.of("cloud").owner, catalog.of("cloud").version) == ("acme", 1)
    assert [(kind, subject, type(event).__name__) for kind, subject, event in catalog.memory.events] == [
        ("category", made.id, "CategoryCreated")
    ]


def test_a_parent_has_to_be_there(catalog: Catalog) -> None:
    with pytest.raises(UnknownParent, match="there is no category none") as refused:
        catalog.create("cloud", "none")
    assert refused.value.pointer == "/parent_id"
    catalog.create("cloud")
    with pytest.raises(UnknownParent):
        catalog.change("cloud", "none")
    assert catalog.of("cloud").parent_id is None


def test_a_category_moves_below_another_and_back_to_the_top(catalog: Catalog) -> None:
    catalog.create("cloud")
    catalog.create("storage")
    catalog.change("storage", "cloud")
    assert catalog.of("storage").parent_id == catalog.id_of("cloud")
    catalog.change("storage")
    assert catalog.of("storage").parent_id is None


@pytest.mark.parametrize("below", ["1", "2", "3"])
def test_a_category_never_stands_below_itself(catalog: Catalog, below: str) -> None:
    catalog.line_of(3)
    with pytest.raises(CyclicCategories) as refused:
        catalog.change("1", below)
    assert refused.value.pointer == "/parent_id"
    assert catalog.of("1").parent_id is None


def test_so_many_stand_above_one_another(catalog: Catalog) -> None:
    catalog.line_of(DEEPEST + 1)
    with pytest.raises(CyclicCategories, match=f"at most {DEEPEST} others"):
        catalog.create("too deep", str(DEEPEST + 1))
    assert len(catalog.names) == DEEPEST + 1


def test_what_came_to_stand_too_deep_can_be_changed_and_moved_up(catalog: Catalog) -> None:
    catalog.line_of(DEEPEST + 1)
    catalog.create("new top")
    catalog.change("1", "new top")
    deepest = str(DEEPEST + 1)
    catalog.change(deepest, str(DEEPEST), description="still there")
    assert catalog.of(deepest).description == "still there"
    catalog.change(deepest, "1")
    assert catalog.of(deepest).parent_id == catalog.id_of("1")


def test_what_has_others_below_it_is_not_removed(catalog: Catalog) -> None:
    catalog.line_of(2)
    with pytest.raises(CategoryInUse, match="move or remove them first"):
        catalog.remove("1")
    catalog.remove("2")
    catalog.remove("1")
    assert catalog.names == set()
    assert [type(event).__name__ for event in catalog.memory.outbox][-2:] == ["CategoryRemoved"] * 2


def test_what_is_not_there_is_neither_changed_nor_removed(catalog: Catalog) -> None:
    for command in (ChangeCategory("none", 1, CategoryContents("x")), RemoveCategory("none")):
        with pytest.raises(CategoryNotFound):
            catalog.carry_out(command)


def test_a_change_that_was_overtaken_is_not_made(catalog: Catalog) -> None:
    made = catalog.create("cloud")
    late = ChangeCategory(made.id, made.version, CategoryContents("late"))
    catalog.change("cloud", description="first")
    with pytest.raises(ConcurrentChange):
        catalog.carry_out(late)
    with pytest.raises(ConcurrentChange):
        catalog.remove("cloud", made.version)
    assert (catalog.of("cloud").name, catalog.of("cloud").version) == ("cloud", 2)


def test_a_refused_status_leaves_everything_as_it_is(catalog: Catalog) -> None:
    catalog.create("cloud")
    with pytest.raises(InvalidTransition):
        catalog.change("cloud", description="changed", status=LifecycleStatus.LAUNCHED)
    assert catalog.of("cloud").description is None
    assert len(catalog.memory.events) == 1
