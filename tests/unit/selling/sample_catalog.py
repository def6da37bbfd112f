"""A catalog in memory, and items of it ready made."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from canonical.catalog.characteristics import AllowedValue, Characteristic, CharacteristicUse, Value, ValueType
from canonical.catalog.item import Definition, Item
from canonical.catalog.lifecycle import LifecycleStatus
from canonical.catalog.offering import OFFERINGS, OfferedPrice, Offering, OfferingContents
from canonical.catalog.price import PRICES, ChargeType, Price, PriceContents
from canonical.catalog.references import Reference
from canonical.catalog.rule import Rule, RuleContents
from canonical.catalog.selling import SOLD, OfferedItem
from canonical.catalog.specification import SPECIFICATIONS, Specification, SpecificationContents
from canonical.processes.catalog_offers import CatalogOffer
from canonical.shared.aggregates import Kind
from tests.support.builders import NOON, euros

LAUNCHED = LifecycleStatus.LAUNCHED


def text(value: str) -> Value:
    return Value(ValueType.TEXT, value)


def number(value: str) -> Value:
    return Value(ValueType.NUMBER, value)


def allowed(*texts: str, default: str | None = None) -> tuple[AllowedValue, ...]:
    return tuple(AllowedValue(text(one), is_default=one == default) for one in texts)


def use(name: str, *values: Value) -> CharacteristicUse:
    return CharacteristicUse(name, allowed=tuple(AllowedValue(one) for one in values))


COLOUR = Characteristic("colour", "string", allowed=allowed("white", "black", default="white"), least=1, most=1)
STORAGE = Characteristic("storage", "number", allowed=(AllowedValue(low=Decimal(64), high=Decimal(512)),))
NUMBER = Characteristic("msisdn", "string", least=1, most=1, pattern="[0-9]{8}")


def once(amount: str, **changes: Any) -> PriceContents:
    return replace(PriceContents("Purchase", charge_type=ChargeType.ONE_TIME, amount=euros(amount)), **changes)


def monthly(amount: str, **changes: Any) -> PriceContents:
    contents = PriceContents("Monthly", charge_type=ChargeType.RECURRING, amount=euros(amount), period="month")
    return replace(contents, **changes)


def discount(**changes: Any) -> PriceContents:
    return PriceContents("Less", charge_type=ChargeType.DISCOUNT, **changes)


def by_value(*prices: PriceContents) -> tuple[OfferedPrice, ...]:
    return tuple(OfferedPrice(contents=one) for one in prices)


def an_item(made: type[Any], item_id: str, contents: Any, **said: Any) -> Any:
    said.setdefault("status", LAUNCHED)
    return made.create(f"version of {item_id}", item_id, "1", "", Definition(contents, **said), NOON)


def an_offering(item_id: str = "po_phone", contents: dict[str, Any] | None = None, **said: Any) -> Offering:
    given = {"prices": by_value(once("99.00")), **(contents or {})}
    made: Offering = an_item(Offering, item_id, OfferingContents(item_id.removeprefix("po_").title(), **given), **said)
    return made


def a_specification(*characteristics: Characteristic, item_id: str = "ps_phone", **contents: Any) -> Specification:
    made: Specification = an_item(
        Specification, item_id, SpecificationContents("Phone", characteristics=characteristics, **contents)
    )
    return made


def a_price(item_id: str, contents: PriceContents, **said: Any) -> Price:
    made: Price = an_item(Price, item_id, contents, **said)
    return made


def a_rule(item_id: str, contents: RuleContents, **said: Any) -> Rule:
    made: Rule = an_item(Rule, item_id, contents, **said)
    return made


class ShelfInMemory:
    """Has these items, each in one version."""

    def __init__(self, *items: Item) -> None:
        self._items = items
        self.kinds: dict[str, type[Any]] = {one.name: one.type for one in (OFFERINGS, PRICES, SPECIFICATIONS)}

    def expect(self, kind: Kind[Any], item_ids: Collection[str], at: datetime) -> None:
        """Everything is here."""

    def expect_rules_about(self, offering_ids: Collection[str], at: datetime) -> None:
        """Everything is here."""

    def find(self, kind: Kind[Any], reference: Reference, at: datetime) -> Item | None:
        found = (one for one in self._items if type(one) is kind.type and one.item_id == reference.id)
        return next(found, None)

    def with_sku(self, sku: str, at: datetime) -> Sequence[str]:
        return [one.item_id for one in self._items if isinstance(one, Offering) and one.contents.sku == sku]

    def rules_about(self, offering_id: str, at: datetime) -> Sequence[Item]:
        return [one for one in self._items if isinstance(one, Rule) and any(of.id == offering_id for of in named(one))]


def named(rule: Rule) -> tuple[Reference, ...]:
    return (*rule.contents.offerings, *rule.contents.others)


def offered(offering: Offering, *others: Item, at: datetime = NOON) -> OfferedItem:
    return OfferedItem.found(offering, ShelfInMemory(offering, *others), at)


def offer(offering: Offering, *others: Item, at: datetime = NOON) -> CatalogOffer:
    shelf = ShelfInMemory(offering, *others)
    return CatalogOffer(OfferedItem.found(offering, shelf, at), shelf, SOLD)
