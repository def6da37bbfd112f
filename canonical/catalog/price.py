"""What an offering costs: prices of the catalog, and alterations of them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from canonical.catalog.characteristics import CharacteristicUse
from canonical.catalog.item import Item, Sought, kind_of_items
from canonical.catalog.references import Reference, Relationship
from canonical.catalog.specification import SPECIFICATION
from canonical.shared.aggregates import Link
from canonical.shared.money import Money

PRICE = "price"


class ChargeType(StrEnum):
    ONE_TIME = "ONE_TIME"
    RECURRING = "RECURRING"
    USAGE = "USAGE"
    DISCOUNT = "DISCOUNT"


@dataclass(frozen=True, slots=True)
class Quantity:
    amount: Decimal | None
    units: str | None


@dataclass(frozen=True, slots=True)
class Commitment:
    """A term that comes with something. `duration` with its unit as in 24 "month"."""

    name: str | None = None
    description: str | None = None
    duration: Quantity | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PriceContents:
    """`amount`, or for an alteration perhaps `percentage`, in percent of what it alters (negative: less).

    `charge_type` None: a type that is only kept. `period` (month, year…) and `periods` (after how many of them) are set
    for recurring charges, `unit` for usage: the amount is for so much. It counts where `constraints` hold, and where
    one of `commitments` was made, if there are any. `tax_rate` is in percent; `tax_included`: the amount includes it,
    None for not said. A `bundle` is made of `parts`; `relationships` lead to what it alters or is altered by.
    """

    name: str
    description: str | None = None
    charge_type: ChargeType | None = None
    amount: Money | None = None
    percentage: Decimal | None = None
    period: str | None = None
    periods: int | None = None
    unit: Quantity | None = None
    tax_included: bool | None = None
    tax_rate: Decimal | None = None
    bundle: bool | None = None
    parts: tuple[Reference, ...] = ()
    relationships: tuple[Relationship, ...] = ()
    constraints: tuple[CharacteristicUse, ...] = ()
    commitments: tuple[Commitment, ...] = ()

    @property
    def links(self) -> tuple[Link, ...]:
        named = (*self.parts, *(one.to for one in self.relationships))
        specifications = (one.specification for one in self.constraints if one.specification is not None)
        return (*(Link(PRICE, one.id) for one in named), *(Link(SPECIFICATION, one.id) for one in specifications))

    @property
    def sought(self) -> Sought:
        return (), (self.amount,)


@dataclass(slots=True)
class Price(Item):
    contents: PriceContents


PRICES = kind_of_items(PRICE, Price, "product offering price")
