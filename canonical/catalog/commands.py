"""The commands on the catalog."""

from dataclasses import dataclass
from typing import Any

from canonical.catalog.item import Definition, Item
from canonical.shared.aggregates import Kind


@dataclass(frozen=True, slots=True)
class CreateItem:
    """Add an item, or with the id of one that is there a version of it. `item_id` None: a new id. `tolerated` are codes
    of errors that do not refuse it.
    """

    kind: Kind[Any]
    owner: str
    definition: Definition
    item_id: str | None = None
    tolerated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeItem:
    """Have a version of an item as `definition` says. What is published gets a new version for it, which `owner` makes,
    unless only its status, the reason for that or the end of its validity is another.

    `expected_version` is the version of the aggregate that the change was planned on. `changes_carried`: something that
    is only carried with the item becomes another, too. `tolerated` as in CreateItem.
    """

    kind: Kind[Any]
    version_id: str
    expected_version: int
    definition: Definition
    owner: str
    changes_carried: bool = False
    tolerated: tuple[str, ...] = ()

    def makes_version(self, item: Item) -> bool:
        """Whether it makes a new version instead of changing this one."""
        return item.is_published and (self.changes_carried or not item.says_the_same(self.definition))


@dataclass(frozen=True, slots=True)
class RemoveItem:
    """Remove a version of an item for good, and with `whole` all its versions. `expected_version` None: in whatever
    version the aggregate is.
    """

    kind: Kind[Any]
    version_id: str
    expected_version: int | None = None
    whole: bool = True
