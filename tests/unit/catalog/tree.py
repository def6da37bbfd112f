"""A tree of categories in memory."""

from datetime import timedelta
from typing import Any

from canonical.catalog.item import Item
from canonical.catalog.lifecycle import LifecycleStatus
from tests.support.cataloguing import Cataloguing, a_category
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
