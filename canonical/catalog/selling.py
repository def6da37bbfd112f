"""Whether an offering can be sold at a moment, with everything that it refers to."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from canonical.catalog.item import Item
from canonical.catalog.lifecycle import OFFERED, PUBLISHED, LifecycleStatus
from canonical.catalog.ports import Shelf
from canonical.catalog.price import PRICES, PriceContents
from canonical.catalog.specification import SPECIFICATIONS, Instantiation

SOLD = OFFERED
"""The statuses in which an offering is sold, unless the operator sells only what is launched."""
ONLY_LAUNCHED = frozenset({LifecycleStatus.LAUNCHED})


class Reason(StrEnum):
    """Why something cannot be ordered."""

    NOT_PUBLISHED = "OFFERING_NOT_PUBLISHED"
    RETIRED = "OFFERING_RETIRED"
    NOT_VALID = "OFFERING_NOT_VALID"
    UNRESOLVED = "OFFERING_UNRESOLVED"
    ACTION = "ACTION_NOT_ALLOWED"
    CHARACTERISTIC = "CHARACTERISTIC_NOT_ALLOWED"
    CHARACTERISTIC_MISSING = "CHARACTERISTIC_MISSING"
    CARDINALITY = "BUNDLE_CARDINALITY"
    REQUIRED = "OFFERING_REQUIRED"
    EXCLUDED = "OFFERING_EXCLUDED"
    RULE = "RULE_BROKEN"
    NOT_SOLD_THERE = "OFFERING_NOT_SOLD_THERE"


@dataclass(frozen=True, slots=True)
class Refusal:
    """`number` is that of the value, among those that were chosen, that is not allowed."""

    reason: Reason
    message: str
    number: int | None = None
    details: MappingProxyType[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class CountingPrice:
    """A price that counts at a moment. `id` is None for one that stands in its offering."""

    id: str | None
    contents: PriceContents


@dataclass(frozen=True, slots=True)
class OfferedItem:
    """An offering with what it refers to, as all of it is at the moment `at`. `unknown` are references to nothing."""

    offering: Item
    at: datetime
    specification: Item | None
    prices: tuple[CountingPrice, ...]
    unknown: tuple[str, ...]

    @classmethod
    def found(cls, offering: Item, shelf: Shelf, at: datetime) -> "OfferedItem":
        contents, unknown = offering.contents, []
        specification = None
        if contents.specification is not None:
            specification = shelf.find(SPECIFICATIONS, contents.specification, at)
            if specification is None:
                unknown.append(f"specification {contents.specification}")
        prices = []
        for one in contents.prices:
            if one.reference is None:
                prices += [] if one.contents is None else [CountingPrice(None, one.contents)]
                continue
            price = shelf.find(PRICES, one.reference, at)
            if price is None:
                unknown.append(f"price {one.reference}")
            elif price.state in OFFERED and is_valid(price.valid_from, price.valid_until, at):
                prices.append(CountingPrice(price.item_id, price.contents))
        return cls(offering, at, specification, tuple(prices), tuple(unknown))

    @property
    def stock_number(self) -> str | None:
        """What is taken from stock; None when nothing is."""
        specification = None if self.specification is None else self.specification.contents.number
        return self.offering.contents.sku or specification

    @property
    def instantiation(self) -> Instantiation:
        """What a quantity of it means."""
        said = None if self.specification is None else self.specification.contents.instantiation
        return said or Instantiation.SERIALIZED

    def refusals(self, sold: Collection[LifecycleStatus]) -> Iterator[Refusal]:
        """Why it cannot be sold in one of the statuses `sold`, whoever orders it."""
        name = self.offering.contents.name
        if self.offering.state not in PUBLISHED:
            yield Refusal(Reason.NOT_PUBLISHED, f"{self.offering.item_id} is not published")
        elif self.offering.state not in OFFERED:
            yield Refusal(Reason.RETIRED, f"{name} is not sold any more")
        elif self.offering.state not in sold:
            yield Refusal(Reason.NOT_PUBLISHED, f"{name} is not launched yet")
        period = self.offering.valid_from, self.offering.valid_until
        if not is_valid(*period, self.at):
            first, last = (None if one is None else one.isoformat().replace("+00:00", "Z") for one in period)
            told = f"is sold from {first} on" if period[0] and period[0] > self.at else f"was sold until {last}"
            yield Refusal(
                Reason.NOT_VALID, f"{name} {told}", details=MappingProxyType({"validFrom": first, "validUntil": last})
            )
        if self.unknown:
            yield Refusal(Reason.UNRESOLVED, f"{name} refers to {', '.join(self.unknown)}, which nobody knows")

    def action_refusals(self, words: Collection[str]) -> Iterator[Refusal]:
        """Why none of `words`, names of one action, can be ordered of its products."""
        allowed = [
            one.action
            for one in self.offering.contents.allowed_actions
            if is_valid(one.valid_from, one.valid_until, self.at)
        ]
        if self.offering.contents.allowed_actions and not {one.casefold() for one in allowed} & set(words):
            text = f"what can be ordered of {self.offering.item_id} is: {', '.join(allowed) or 'nothing'}"
            yield Refusal(Reason.ACTION, text, details=MappingProxyType({"allowed": allowed}))


def is_valid(valid_from: datetime | None, valid_until: datetime | None, at: datetime) -> bool:
    return (valid_from is None or valid_from <= at) and (valid_until is None or at < valid_until)
