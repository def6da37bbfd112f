"""An item as a file has it, brought into the catalog: as often as one likes, with the same result."""

from dataclasses import replace
from enum import StrEnum
from typing import Any

from canonical.catalog.commands import ChangeItem, CreateItem
from canonical.catalog.errors import ItemExists
from canonical.catalog.handlers import change_item, create_item
from canonical.catalog.item import Definition, Item
from canonical.catalog.ports import UnitOfWork
from canonical.shared.aggregates import Kind
from canonical.shared.ports import Clock, Identities


class Outcome(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


def load_item(
    kind: Kind[Any], item_id: str, definition: Definition, work: UnitOfWork, clock: Clock, identities: Identities
) -> Outcome:
    """Bring a version of an item, which the definition names, into the catalog.

    Raises ItemExists where it is published with other contents, and what `create_item` raises.
    """
    versions = work.repository(kind).versions(item_id)
    kept: Item | None = next((one for one in versions if one.edition == definition.edition), None)
    if kept is None:
        create_item(CreateItem(kind, "", definition, item_id), work, clock, identities)
        return Outcome.ADDED
    if kept.is_published and not kept.says_the_same(definition):
        text = f"version {kept.edition} of {item_id} is published with other contents: give the new ones a new version"
        raise ItemExists(text, id=item_id, version=kept.edition)
    wanted = wanted_of(kept, definition)
    if kept.says_the_same(wanted) and (wanted.status, wanted.valid_until) == (kept.state, kept.valid_until):
        return Outcome.UNCHANGED
    change_item(ChangeItem(kind, kept.id, kept.version, wanted, ""), work, clock, identities)
    return Outcome.CHANGED


def wanted_of(kept: Item, definition: Definition) -> Definition:
    """What the file does not say stays. So does the end that a successor has given to what is published."""
    keeps_end = kept.is_published and definition.valid_until is None
    return replace(
        definition,
        status=definition.status or kept.state,
        valid_until=kept.valid_until if keeps_end else definition.valid_until,
        status_reason=definition.status_reason or kept.status_reason,
    )
