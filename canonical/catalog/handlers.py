"""The handlers of the commands. Each works inside a unit of work that the caller commits."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from canonical.catalog.category import CATEGORIES, CATEGORY, check_place
from canonical.catalog.checks.launch import check_sellable
from canonical.catalog.commands import ChangeItem, CreateItem, RemoveItem
from canonical.catalog.cycles import check_no_cycle, of_offering, of_price, of_specification
from canonical.catalog.decomposition import TEMPLATE, check_tasks
from canonical.catalog.errors import ItemExists, ItemInUse, NotSellable
from canonical.catalog.item import Definition, Item
from canonical.catalog.lifecycle import LifecycleStatus
from canonical.catalog.offering import OFFERING, OFFERINGS, check_groups
from canonical.catalog.ports import SellingWork, UnitOfWork
from canonical.catalog.price import PRICE, PRICES
from canonical.catalog.rule import RULE, check_rule
from canonical.catalog.specification import SPECIFICATION, SPECIFICATIONS
from canonical.catalog.timeline import next_edition, require_apart, show, succeed
from canonical.shared.aggregates import Kind, Link, require_version
from canonical.shared.ports import Clock, Handlers, Identities


def _check_offering(item: Item, before: Any, work: UnitOfWork) -> None:
    check_groups(item.contents, before)
    check_no_cycle(item, before, of_offering, work.repository(OFFERINGS))


CHECKS: Mapping[str, Callable[[Any, Any, UnitOfWork], None]] = MappingProxyType(
    {
        CATEGORIES.name: lambda category, before, work: check_place(category, before, work.repository(CATEGORIES)),
        OFFERING: _check_offering,
        PRICE: lambda item, before, work: check_no_cycle(item, before, of_price, work.repository(PRICES)),
        SPECIFICATION: lambda item, before, work: check_no_cycle(
            item, before, of_specification, work.repository(SPECIFICATIONS)
        ),
        RULE: lambda rule, before, work: check_rule(rule),
        TEMPLATE: lambda template, before, work: check_tasks(template),
    }
)
"""What has to be so among items, by the kind of the one that was just written; with the contents that it had before, or
None.
"""

REFERRING: Mapping[str, Collection[str]] = MappingProxyType(
    {
        "catalog": (),
        CATEGORY: (CATEGORY, "catalog", SPECIFICATION, OFFERING),
        SPECIFICATION: (SPECIFICATION, PRICE, OFFERING),
        PRICE: (PRICE, OFFERING),
        OFFERING: (OFFERING, RULE, TEMPLATE, "order", "asset"),
        RULE: (),
        TEMPLATE: (),
    }
)
"""The kinds of what may refer to an item, by its kind: it cannot be removed meanwhile."""


@dataclass(frozen=True, slots=True)
class _Versions:
    """The versions of one item, in a unit of work; `item_id` None for an item that is new."""

    kind: Kind[Any]
    item_id: str | None
    work: UnitOfWork
    at: datetime

    @property
    def known(self) -> list[Item]:
        return [] if self.item_id is None else self.work.repository(self.kind).versions(self.item_id)

    def add(self, version_id: str, owner: str, definition: Definition, before: Any = None) -> Item:
        known = self.known
        edition = definition.edition or next_edition(known)
        self.check_edition(edition, known)
        item: Item = self.kind.type.create(version_id, self.item_id or version_id, edition, owner, definition, self.at)
        versions = [*known, item]
        self.work.repository(self.kind).add(item)
        self.settle(item, versions, before, begins=item.is_published)
        return item

    def settle(self, item: Item, versions: Sequence[Item], before: Any, *, begins: bool) -> None:
        """Put the versions in order after `item` was written, with `begins` published just now. It had the contents
        `before`.
        """
        if begins:
            succeed(item, versions, self.at)
        if item.is_published:
            require_apart(item, versions)
            self.work.publications.count()
        show(versions)
        if self.kind.name in CHECKS:
            CHECKS[self.kind.name](item, before, self.work)

    def check_edition(self, edition: str, known: Sequence[Item]) -> None:
        """Raises ItemExists."""
        if any(one.edition == edition for one in known):
            raise ItemExists(f"there is a version {edition[:60]} already", id=self.item_id, version=edition)


def create_item(command: CreateItem, work: UnitOfWork, clock: Clock, identities: Identities) -> Item:
    """Raises a kind of InvalidCommand with a pointer into the definition, or ItemExists."""
    work.publications.take_turn()
    versions = _Versions(command.kind, command.item_id, work, _moment(clock))
    return versions.add(identities.new_id(), command.owner, command.definition)


def change_item(command: ChangeItem, work: UnitOfWork, clock: Clock, identities: Identities) -> Item:
    """The version that was changed, or the new one. Raises the same, InvalidTransition and ConcurrentChange."""
    work.publications.take_turn()
    item: Item = work.repository(command.kind).get(command.version_id)
    definition = command.definition
    require_version(item, command.expected_version)
    versions = _Versions(command.kind, item.item_id, work, _moment(clock))
    before, published = item.contents, item.is_published
    if command.makes_version(item):
        item.check_status(definition.status)
        revised = _revised(item, definition, versions.at)
        return versions.add(identities.new_id(), command.owner, revised, before)
    known = versions.known
    if published:
        item.restate(definition, versions.at)
    else:
        if definition.edition not in (None, item.edition):
            versions.check_edition(definition.edition, known)
            item.edition = definition.edition
        item.redefine(definition, versions.at)
    versions.settle(item, known, before, begins=item.is_published and not published)
    return item


def remove_item(command: RemoveItem, work: UnitOfWork, clock: Clock, identities: Identities) -> Item:
    """Raises ItemInUse while others refer to it, or ConcurrentChange."""
    work.publications.take_turn()
    items = work.repository(command.kind)
    item: Item = items.get(command.version_id)
    require_version(item, command.expected_version)
    known = items.versions(item.item_id)
    gone = known if command.whole else [item]
    left = [] if command.whole else [one for one in known if one.id != item.id]
    link = Link(command.kind.name, item.item_id)
    if not left and (by := work.referring(link, REFERRING[command.kind.name], {one.id for one in gone})) is not None:
        raise ItemInUse(f"an item of kind {by} refers to it: change or remove that first", id=item.item_id, by=by)
    if any(one.is_published for one in gone):
        work.publications.count()
    for one in gone:
        one.remove(_moment(clock))
    show(left)
    return item


def _revised(item: Item, definition: Definition, at: datetime) -> Definition:
    """Of the version that follows `item`: it begins now, unless it says otherwise, or is over already."""
    edition = None if definition.edition == item.edition else definition.edition
    begin, end = definition.valid_from, definition.valid_until
    if begin == item.valid_from and (end is None or end > at):
        begin = max(at, begin or at)
    return replace(definition, edition=edition, status=definition.status or item.state, valid_from=begin)


def _moment(clock: Clock) -> datetime:
    """Now, as documents show it: clients send back the times that they were shown."""
    at = clock.now()
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def create_sellable(command: CreateItem, work: SellingWork, clock: Clock, identities: Identities) -> Item:
    """As `create_item`; raises NotSellable too."""
    item = create_item(command, work, clock, identities)
    _check_launch(item, command, work, _moment(clock))
    return item


def change_sellable(command: ChangeItem, work: SellingWork, clock: Clock, identities: Identities) -> Item:
    """As `change_item`; raises NotSellable too."""
    before: LifecycleStatus = work.repository(command.kind).get(command.version_id).state
    item = change_item(command, work, clock, identities)
    if item.id != command.version_id or before is not LifecycleStatus.LAUNCHED:
        _check_launch(item, command, work, _moment(clock))
    return item


def _check_launch(item: Item, command: CreateItem | ChangeItem, work: SellingWork, at: datetime) -> None:
    launched = command.kind.name == OFFERING and item.state is LifecycleStatus.LAUNCHED
    if launched and NotSellable.code not in command.tolerated:
        check_sellable(item, work.shelf, at)


HANDLERS: Handlers = MappingProxyType(
    {CreateItem: create_sellable, ChangeItem: change_sellable, RemoveItem: remove_item}
)
