"""The catalog as ordering sees it: its offerings of this moment, judged by the catalog's own rules."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from types import MappingProxyType

from canonical.catalog import bundles
from canonical.catalog.characteristics import Characteristic, Value, ValueType
from canonical.catalog.configuration import ConfiguredValue, NamedValue, default_values, effective, with_defaults
from canonical.catalog.configuration import refusals as configuration_refusals
from canonical.catalog.item import Item
from canonical.catalog.lifecycle import OFFERED, LifecycleStatus
from canonical.catalog.market import Market
from canonical.catalog.offering import OFFERINGS
from canonical.catalog.ports import OrderShelf
from canonical.catalog.price import PRICES, Commitment, PriceContents
from canonical.catalog.pricing import Charge, charges
from canonical.catalog.references import Reference
from canonical.catalog.relations import broken_rules, unrelated
from canonical.catalog.rule import Rule
from canonical.catalog.selling import OfferedItem, Reason, Refusal
from canonical.catalog.specification import SPECIFICATIONS
from canonical.ordering.commands import ItemAction, OrderLine, OrderMarket
from canonical.ordering.errors import RULES
from canonical.ordering.items import (
    CHOSEN,
    UNWISHED,
    Instantiation,
    OrderedCharacteristic,
    OrderedOffering,
    OrderedPrice,
    RecurringCharge,
)
from canonical.ordering.offers import NEWLY_SOLD, Broken
from canonical.ordering.wishes import ChosenCharacteristic, WishedTerm
from canonical.shared.ports import Clock

ACTION_WORDS: Mapping[ItemAction, frozenset[str]] = MappingProxyType(
    {
        ItemAction.ADD: frozenset({"add"}),
        ItemAction.MODIFY: frozenset({"modify"}),
        ItemAction.DISCONNECT: frozenset({"delete", "disconnect"}),
        ItemAction.MOVE: frozenset({"modify", "move"}),
        ItemAction.SUSPEND: frozenset({"modify", "suspend"}),
        ItemAction.RESUME: frozenset({"modify", "resume"}),
        ItemAction.NO_CHANGE: frozenset({"add", "modify", "delete", "disconnect", "nochange"}),
    }
)
"""What the catalog may call an action, in small letters."""
FIELDS: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.ACTION: "/action",
        Reason.CHARACTERISTIC: "/characteristics",
        Reason.CHARACTERISTIC_MISSING: "/characteristics",
        Reason.CARDINALITY: "",
    }
)
"""Where a line breaks it; at the offering that it names unless the reason is here."""


class CatalogOffers:
    """The `Offerings` of ordering: what `shelf` has at one moment, sold in the statuses `sold`. Each is read once."""

    def __init__(self, shelf: OrderShelf, clock: Clock, sold: Collection[LifecycleStatus]) -> None:
        self._shelf = shelf
        self._clock = clock
        self._sold = sold
        self._found: dict[str, CatalogOffer | None] = {}

    @cached_property
    def _at(self) -> datetime:
        return self._clock.now()

    def expect(self, offering_ids: Collection[str]) -> None:
        """With everything that an order asks of them."""
        self._shelf.expect(OFFERINGS, offering_ids, self._at)
        found = (self._shelf.find(OFFERINGS, Reference(one), self._at) for one in offering_ids)
        known = [one.contents for one in found if one is not None]
        specifications = [one.specification for one in known]
        prices = [price.reference for one in known for price in one.prices]
        self._shelf.expect(SPECIFICATIONS, _ids(specifications), self._at)
        self._shelf.expect(PRICES, _ids(prices), self._at)
        self._shelf.expect_rules_about(offering_ids, self._at)

    def by_id(self, offering_id: str) -> "CatalogOffer | None":
        if offering_id not in self._found:
            offering = self._shelf.find(OFFERINGS, Reference(offering_id), self._at)
            self._found[offering_id] = None if offering is None else self._offer(offering)
        return self._found[offering_id]

    def by_sku(self, sku: str) -> "CatalogOffer | None":
        """Of several with this SKU the first that is sold, or else the first."""
        found = [self.by_id(one) for one in self._shelf.with_sku(sku, self._at)]
        offers = [offer for offer in found if offer is not None and offer.sku == sku]
        return next((offer for offer in offers if offer.is_sold), offers[0] if offers else None)

    def _offer(self, offering: Item) -> "CatalogOffer":
        return CatalogOffer(OfferedItem.found(offering, self._shelf, self._at), self._shelf, self._sold)


class CatalogOffer:
    """The `Offer` of ordering."""

    def __init__(self, item: OfferedItem, shelf: OrderShelf, sold: Collection[LifecycleStatus]) -> None:
        self._item = item
        self._shelf = shelf
        self._sold = sold

    @property
    def id(self) -> str:
        return self._item.offering.item_id

    @property
    def name(self) -> str:
        return str(self._item.offering.contents.name)

    @property
    def sku(self) -> str:
        """What is taken from stock; the offering's id when nothing is."""
        return self._item.stock_number or self.id

    @property
    def is_sold(self) -> bool:
        return not any(self._item.refusals(self._sold))

    @property
    def sold_alone(self) -> bool:
        return self._item.offering.contents.sellable is not False

    def takes(self, offering_id: str) -> bool:
        return any(member.offering.id == offering_id for member in self._item.offering.contents.all_members)

    def broken_in(self, markets: Sequence[OrderMarket]) -> Iterator[Broken]:
        contents = self._item.offering.contents
        for market in markets:
            if _market(market).takes(contents):
                continue
            where = ("channels", "segments", "places")
            only = [f"{name} {', '.join(one.id for one in getattr(contents, name))}" for name in where]
            told = "; ".join(text for text in only if not text.endswith(" "))
            text = f"{self.id} is not sold in your market" if market.hides else f"{self.name} is sold only in {told}"
            yield _broken(Refusal(Reason.NOT_SOLD_THERE, text))

    def broken(self, line: OrderLine, kept: bool = False) -> Iterator[Broken]:
        found: list[Refusal] = []
        if line.action in NEWLY_SOLD and not kept:
            found += self._item.refusals(self._sold)
        found += self._item.action_refusals(ACTION_WORDS[line.action])
        if line.action in NEWLY_SOLD or (kept and line.action not in UNWISHED):
            chosen, complete = _named(line.characteristics), line.action is ItemAction.ADD
            found += configuration_refusals(self._item, chosen, self._known, complete=complete)
        return map(_broken, found)

    def broken_with(self, line: OrderLine, counts: Mapping[str, int]) -> Iterator[Broken]:
        others = counts.keys() - {self.id}
        yield from map(_broken, unrelated(self._item, others, self._shelf))
        if not self._rules:
            return
        facts: dict[str, list[Value]] = {name: [] for name in self._known}
        for one in with_defaults(_named(line.characteristics), self._defaults):
            facts.setdefault(one.name, []).append(one.value)
        yield from map(_broken, broken_rules(self._item, self._rules, facts, counts))

    def broken_by(self, members: Mapping[str, int], quantity: int) -> Iterator[Broken]:
        return map(_broken, bundles.refusals(self._item.offering.contents, members, quantity))

    def ordered(self, line: OrderLine) -> OrderedOffering:
        chosen = _named(line.characteristics)
        values = with_defaults(chosen, self._defaults if line.action is ItemAction.ADD else ())
        cost = charges(self._item, values)
        return OrderedOffering(
            id=self.id,
            version=self._item.offering.edition,
            name=self.name,
            sku=self.sku,
            one_time=cost.one_time,
            recurring=tuple(RecurringCharge(amount, period) for amount, period in cost.recurring),
            stocked=self._item.stock_number is not None,
            characteristics=tuple(_ordered_value(one) for one in values),
            prices=tuple(_ordered_price(one) for one in cost.applied),
            terms=tuple(_ordered_term(one) for one in self._item.offering.contents.commitments),
            specification_id=None if self._item.specification is None else self._item.specification.item_id,
            bundle=bool(self._item.offering.contents.bundle),
            instantiation=Instantiation(self._item.instantiation.value),
        )

    def become(self, line: OrderLine, had: Sequence[ChosenCharacteristic]) -> OrderedOffering:
        changed = {one.name for one in line.characteristics}
        kept = [one for one in had if one.name in self._known and one.name not in changed]
        wrong = {one.number for one in configuration_refusals(self._item, _named(kept), self._known, complete=False)}
        kept = [one for number, one in enumerate(kept) if number not in wrong]
        return self.ordered(replace(line, action=ItemAction.ADD, characteristics=(*kept, *line.characteristics)))

    @cached_property
    def _known(self) -> Mapping[str, Characteristic]:
        return effective(self._item)

    @cached_property
    def _defaults(self) -> tuple[ConfiguredValue, ...]:
        return default_values(self._known, self._item.at)

    @cached_property
    def _rules(self) -> list[Rule]:
        found = self._shelf.rules_about(self.id, self._item.at)
        return [
            rule
            for rule in found
            if isinstance(rule, Rule)
            and rule.state in OFFERED
            and any(one.id == self.id for one in rule.contents.offerings)
        ]


def _ids(references: Iterable[Reference | None]) -> list[str]:
    """Of references that name no version."""
    return list(dict.fromkeys(one.id for one in references if one is not None and one.edition is None))


def _broken(refusal: Refusal) -> Broken:
    field = FIELDS.get(refusal.reason, "/offering_id")
    if refusal.number is not None:
        field = f"{field}/{refusal.number}/text"
    return Broken(RULES[refusal.reason.value], refusal.message, field, refusal.details)


def _named(characteristics: Sequence[ChosenCharacteristic]) -> list[NamedValue]:
    return [NamedValue(one.name, Value(ValueType(one.type), one.text)) for one in characteristics]


def _ordered_value(one: ConfiguredValue) -> OrderedCharacteristic:
    source = CHOSEN if one.chosen else "DEFAULT"
    return OrderedCharacteristic(one.name, one.value.type.value, one.value.text, source)


def _ordered_price(charge: Charge) -> OrderedPrice:
    contents, amount = charge.price.contents, (charge.amount, charge.period)
    unit = _unit(contents)
    return OrderedPrice(charge.price.id, contents.name, charge.type.value, *amount, unit, contents.tax_included)


def _ordered_term(one: Commitment) -> WishedTerm:
    amount, units = (None, None) if one.duration is None else (one.duration.amount, one.duration.units)
    whole = None if amount is None or amount != int(amount) else int(amount)
    return WishedTerm(one.name or one.description or "commitment", whole, units, one.valid_until)


def _unit(price: PriceContents) -> str | None:
    if price.unit is None:
        return None
    return " ".join(str(part) for part in (price.unit.amount, price.unit.units) if part is not None) or None


def _market(one: OrderMarket) -> Market:
    return Market(frozenset(one.channels), frozenset(one.segments), frozenset(one.places))
