"""What can be sold, to whom and for how much: alone, or as a bundle of others."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from canonical.catalog.category import CATEGORY
from canonical.catalog.characteristics import CharacteristicUse
from canonical.catalog.item import Item, Sought, kind_of_items
from canonical.catalog.market import sold_at
from canonical.catalog.price import PRICE, Commitment, PriceContents
from canonical.catalog.references import Reference, Relationship
from canonical.catalog.specification import SPECIFICATION
from canonical.shared.aggregates import Link
from canonical.shared.errors import InvalidCommand

DEEPEST_GROUPS = 10
"""Groups of a bundle within one another."""
OFFERING = "offering"
SKU = "sku"
"""The kind of link by which an offering is found by what it takes from stock."""


@dataclass(frozen=True, slots=True)
class OfferedPrice:
    """A price by its reference, or one that stands in the offering itself."""

    reference: Reference | None = None
    contents: PriceContents | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """An offering in a bundle: `least` to `most` of it, `default` if nothing is said; None for no limit."""

    offering: Reference
    least: int | None = None
    most: int | None = None
    default: int | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Members of a bundle of which `least` to `most` are chosen in all."""

    name: str
    least: int | None = None
    most: int | None = None
    members: tuple[Member, ...] = ()
    groups: "tuple[Group, ...]" = ()
    id: str | None = None

    @property
    def all_members(self) -> Iterator[Member]:
        yield from self.members
        for group in self.groups:
            yield from group.all_members

    @property
    def depth(self) -> int:
        return 1 + max((one.depth for one in self.groups), default=0)


@dataclass(frozen=True, slots=True)
class AllowedAction:
    """What may be ordered to happen to its products, in these channels if any are named."""

    action: str
    channels: tuple[Reference, ...] = ()
    valid_from: datetime | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class OfferingContents:
    """A `bundle` is made of `members`, some of them in `groups`. `sellable` False: only inside a bundle. `sku` names
    what is taken from stock; without it, the number of the specification does. Sold in `channels`, to `segments`, at
    `places`, in all where none is named. `allowed_actions`: any where none is named.
    """

    name: str
    description: str | None = None
    sku: str | None = None
    bundle: bool | None = None
    sellable: bool | None = None
    specification: Reference | None = None
    categories: tuple[Reference, ...] = ()
    prices: tuple[OfferedPrice, ...] = ()
    commitments: tuple[Commitment, ...] = ()
    channels: tuple[Reference, ...] = ()
    segments: tuple[Reference, ...] = ()
    places: tuple[Reference, ...] = ()
    uses: tuple[CharacteristicUse, ...] = ()
    members: tuple[Member, ...] = ()
    groups: tuple[Group, ...] = ()
    relationships: tuple[Relationship, ...] = ()
    allowed_actions: tuple[AllowedAction, ...] = ()

    @property
    def all_members(self) -> Iterator[Member]:
        yield from self.members
        for group in self.groups:
            yield from group.all_members

    @property
    def links(self) -> tuple[Link, ...]:
        offerings = (*(one.offering for one in self.all_members), *(one.to for one in self.relationships))
        prices = (one.reference for one in self.prices if one.reference is not None)
        specifications = (self.specification, *(one.specification for one in self.uses))
        return (
            *(() if self.sku is None else (Link(SKU, self.sku),)),
            *(Link(OFFERING, one.id) for one in offerings),
            *(Link(PRICE, one.id) for one in prices),
            *(Link(SPECIFICATION, one.id) for one in specifications if one is not None),
            *(Link(CATEGORY, one.id) for one in self.categories),
        )

    @property
    def sought(self) -> Sought:
        return (self.sku,), [one.contents.amount for one in self.prices if one.contents is not None]


@dataclass(slots=True)
class Offering(Item):
    contents: OfferingContents


OFFERINGS = kind_of_items(OFFERING, Offering, "product offering", sold_at)


def check_groups(contents: OfferingContents, before: OfferingContents | None) -> None:
    """Raises InvalidCommand where groups that were not there `before` stand too deep within one another."""
    known = () if before is None else before.groups
    for index, group in enumerate(contents.groups):
        if group.depth > DEEPEST_GROUPS and group not in known:
            text = f"groups of a bundle have at most {DEEPEST_GROUPS} levels"
            raise InvalidCommand(text, pointer=f"/contents/groups/{index}")
