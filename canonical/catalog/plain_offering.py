"""An offering as published: versions never change, a change is a new version."""

from dataclasses import dataclass
from enum import StrEnum

from canonical.shared.money import Money


class ChargeType(StrEnum):
    ONE_TIME = "ONE_TIME"
    RECURRING = "RECURRING"


@dataclass(frozen=True, slots=True)
class OfferingPrice:
    """A catalogue price. `period` (month, year…) is set for recurring charges only."""

    id: str
    charge_type: ChargeType
    amount: Money
    period: str | None = None


@dataclass(frozen=True, slots=True)
class ProductOffering:
    """What can be sold: `sku` names the stock item behind it in Inventory."""

    id: str
    version: str
    name: str
    sku: str
    prices: tuple[OfferingPrice, ...]
