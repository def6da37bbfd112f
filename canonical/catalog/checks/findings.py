"""A catalog to be checked, and what is found in it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from canonical.catalog.characteristics import Characteristic
from canonical.catalog.configuration import effective
from canonical.catalog.item import Item
from canonical.catalog.references import Reference
from canonical.catalog.selling import OfferedItem
from canonical.shared.aggregates import Kind


class Fault(StrEnum):
    """The rule that a finding breaks."""

    BROKEN_REFERENCE = "broken reference"
    UNREACHABLE_OFFERING = "unreachable offering"
    CONTRADICTORY_RULES = "contradictory rules"
    DEAD_VALUE = "dead value"
    PRICE_NEVER_APPLIES = "price never applies"
    PRICES_OVERLAP = "prices overlap"
    BUNDLE_IMPOSSIBLE = "bundle cannot be ordered"
    CYCLE = "cycle"


WARNINGS = frozenset({Fault.UNREACHABLE_OFFERING})
"""These only make an offering harder to find. Everything else is an error."""


class Finding(NamedTuple):
    """`pointer` leads into the item's contents."""

    kind: str
    item_id: str
    edition: str
    pointer: str
    fault: Fault
    message: str
    remedy: str

    @property
    def is_error(self) -> bool:
        """Whether it keeps an offering from being launched."""
        return self.fault not in WARNINGS


@dataclass(frozen=True)
class Catalog:
    """The versions that are found at the moment `at`, each by its kind and its id; `all_editions` names every version
    there is. It is the `Shelf` of what is found in it.
    """

    at: datetime
    items: Mapping[tuple[str, str], Item]
    all_editions: frozenset[tuple[str, str, str]] = frozenset()
    _effective: dict[str, Mapping[str, Characteristic]] = field(default_factory=dict)

    def of(self, kind: str) -> Iterator[Item]:
        return (item for (name, _), item in self.items.items() if name == kind)

    def get(self, kind: str, reference: Reference) -> Item | None:
        return self.items.get((kind, reference.id))

    def has(self, kind: str, reference: Reference) -> bool:
        if reference.edition is None:
            return (kind, reference.id) in self.items
        return (kind, reference.id, reference.edition) in self.all_editions

    def find(self, kind: Kind[Any], reference: Reference, at: datetime) -> Item | None:
        return self.get(kind.name, reference)

    def characteristics(self, offering: Item) -> Mapping[str, Characteristic]:
        """Those of an offering by their names, as its uses narrow them."""
        if offering.id not in self._effective:
            self._effective[offering.id] = effective(OfferedItem.found(offering, self, self.at))
        return self._effective[offering.id]


def finding(kind: str, item: Item, pointer: str, fault: Fault, message: str, remedy: str) -> Finding:
    """`pointer` leads into the contents."""
    return Finding(kind, item.item_id, item.edition, f"/contents{pointer}", fault, message, remedy)
