"""Catalog items changed through their handlers, each command in a unit of work of its own."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from canonical.catalog.category import CATEGORIES, CategoryContents
from canonical.catalog.commands import ChangeItem, CreateItem, RemoveItem
from canonical.catalog.handlers import HANDLERS
from canonical.catalog.item import Definition, Item
from canonical.catalog.lifecycle import LifecycleStatus
from canonical.shared.aggregates import Kind
from tests.support.fakes import CountingIdentities, StandingClock

ACTIVE, LAUNCHED, RETIRED = LifecycleStatus.ACTIVE, LifecycleStatus.LAUNCHED, LifecycleStatus.RETIRED


def a_category(name: str = "Cloud services", below: str | None = None, **more: Any) -> Definition:
    """The definition of a category. `more` as in `Definition`."""
    return Definition(CategoryContents(name, parent_id=below), **more)


def as_it_is(item: Item) -> Definition:
    return Definition(item.contents, item.valid_from, item.valid_until, None, item.status_reason)


@dataclass
class Cataloguing:
    """What administrators ask of a catalog that is kept by `unit_of_work`."""

    unit_of_work: Callable[[], Any]
    clock: StandingClock = field(default_factory=StandingClock)
    identities: CountingIdentities = field(default_factory=CountingIdentities)
    kind: Kind[Any] = CATEGORIES

    def carry_out(self, command: Any) -> Item:
        with self.unit_of_work() as work:
            item: Item = HANDLERS[type(command)](command, work, self.clock, self.identities)
            work.commit()
        return item

    def create(self, definition: Definition, item_id: str | None = None) -> Item:
        return self.carry_out(CreateItem(self.kind, "acme", definition, item_id))

    def change(self, item: Item, definition: Definition | None = None, **more: Any) -> Item:
        """The item as `definition`, or as it is, with `more` of a definition changed."""
        now = self.version(item.item_id, item.edition)
        wanted = replace(definition or as_it_is(now), **more)
        return self.carry_out(ChangeItem(self.kind, now.id, now.version, wanted, "acme"))

    def remove(self, item: Item, expected: int | None = None, *, whole: bool = True) -> None:
        self.carry_out(RemoveItem(self.kind, item.id, expected, whole))

    def versions(self, item_id: str) -> list[Item]:
        with self.unit_of_work() as work:
            found: list[Item] = work.repository(self.kind).versions(item_id)
        return found

    def version(self, item_id: str, edition: str) -> Item:
        return next(one for one in self.versions(item_id) if one.edition == edition)
