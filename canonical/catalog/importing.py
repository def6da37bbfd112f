"""A line of a file that is imported, brought into the catalog: as often as one likes, with the same result."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from canonical.catalog.commands import ChangeItem, CreateItem
from canonical.catalog.errors import ItemExists, ItemTwice, PublishingNotAllowed
from canonical.catalog.handlers import change_item, create_item
from canonical.catalog.item import Definition, Item
from canonical.catalog.lifecycle import PUBLISHED
from canonical.catalog.loading import Outcome, wanted_of
from canonical.catalog.ports import UnitOfWork
from canonical.shared.aggregates import Kind, Repository
from canonical.shared.ports import Clock, Identities


class ImportedItems(Repository[Any], Protocol):
    """Items of one kind, those that the same import has staged among them."""

    def carry(self, item_id: str | None, carried: dict[str, Any], /) -> None:
        """Keep `carried` with an item that is there, or with the one that is added next (None)."""
        ...

    def shows_the_same(self, item: Item, carried: Mapping[str, Any], /) -> bool:
        """Whether the item, as it is, would be shown as it is shown now, with `carried` beside it."""
        ...

    def is_staged(self, item: Item, /) -> bool:
        """Whether this import added or changed it."""
        ...


class ImportWork(UnitOfWork, Protocol):
    def items(self, kind: Kind[Any], /) -> ImportedItems: ...


@dataclass(frozen=True, slots=True)
class ImportedLine:
    """What a line asks to create, and what is carried with it. `may_publish`: it may change what everybody sees."""

    command: CreateItem
    carried: dict[str, Any]
    may_publish: bool


def import_item(line: ImportedLine, work: ImportWork, clock: Clock, identities: Identities) -> Outcome:
    """Bring what the line asks to create into the catalog, unless the catalog says the same already.

    It is held against the version that it names, or against the newest one. Raises ItemExists where that is published
    and says something else, ItemTwice where another line has written it, PublishingNotAllowed, and what `create_item`
    raises.
    """
    command, carried = line.command, line.carried
    items, definition = work.items(command.kind), command.definition
    versions = [] if command.item_id is None else items.versions(command.item_id)
    kept = _held_against(versions, definition)
    if kept is None:
        _check_publishing(line, definition.status in PUBLISHED)
        items.carry(None, carried)
        create_item(command, work, clock, identities)
        return Outcome.ADDED
    wanted = _wanted(kept, definition)
    same_carried = items.shows_the_same(kept, carried)
    if same_carried and _is_as(kept, wanted):
        return Outcome.UNCHANGED
    _check_publishing(line, kept.is_published or wanted.status in PUBLISHED)
    if items.is_staged(kept):
        raise ItemTwice(f"another line has version {kept.edition} of {kept.item_id} too", id=kept.item_id)
    change = ChangeItem(command.kind, kept.id, kept.version, wanted, command.owner, not same_carried)
    makes_version = change.makes_version(kept)
    if makes_version and definition.edition == kept.edition:
        text = f"version {kept.edition} of {kept.item_id} is published and says something else: name another version"
        raise ItemExists(text, pointer="/edition", id=kept.item_id, version=kept.edition)
    items.carry(None if makes_version else kept.id, carried)
    change_item(change, work, clock, identities)
    return Outcome.CHANGED


def _check_publishing(line: ImportedLine, publishes: bool) -> None:
    if publishes and not line.may_publish:
        text = "this needs the scope catalog:publish, which the client of the job did not have"
        raise PublishingNotAllowed(text, pointer="/status")


def _held_against(versions: list[Item], definition: Definition) -> Item | None:
    if definition.edition is None:
        return versions[-1] if versions else None
    return next((one for one in versions if one.edition == definition.edition), None)


def _wanted(kept: Item, definition: Definition) -> Definition:
    """What the line does not say stays; of what is published, the beginning too."""
    wanted = wanted_of(kept, definition)
    keeps_beginning = kept.is_published and definition.valid_from is None
    return replace(wanted, valid_from=kept.valid_from) if keeps_beginning else wanted


def _is_as(kept: Item, wanted: Definition) -> bool:
    if not kept.says_the_same(wanted):
        return False
    said = (kept.state, kept.valid_until, kept.status_reason)
    return said == (wanted.status, wanted.valid_until, wanted.status_reason)
