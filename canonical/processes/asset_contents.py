"""What an asset is to be like: as ordered, and after a change. Pure functions."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import TypeVar

from canonical.catalog.characteristics import Value, ValueType
from canonical.inventory.contents import (
    AssetCharacteristic,
    AssetContents,
    AssetOffering,
    AssetParty,
    AssetPlace,
    AssetPrice,
    AssetTerm,
)
from canonical.ordering.commands import OrderLine
from canonical.ordering.items import Instantiation, OrderedOffering, OrderedPrice, OrderItem
from canonical.ordering.wishes import NO_WISHES, WishedTerm
from canonical.shared.money import Money, total

MONTHS = MappingProxyType({"month": 1, "months": 1, "quarter": 3, "quarters": 3, "year": 12, "years": 12})
DAYS = MappingProxyType({"day": 1, "days": 1, "week": 7, "weeks": 7})
CHARGED_ONCE = frozenset({"ONE_TIME", "DISCOUNT"})

Part = TypeVar("Part")


def contents_as_ordered(item: OrderItem, offering: OrderedOffering, at: datetime) -> AssetContents:
    """What one product of an added item is like."""
    return AssetContents(
        name=offering.name,
        offering=_offering(offering),
        specification_id=offering.specification_id,
        bundle=offering.bundle or None,
        characteristics=_characteristics(item),
        prices=tuple(map(_price, offering.prices)),
        terms=tuple(_term(one, at) for one in item.terms),
        places=_places(item),
        parties=_parties(item),
        billing_account_id=item.wishes.billing_account_id,
        ordered_at=at,
    )


def contents_after(before: AssetContents, item: OrderItem, at: datetime) -> AssetContents:
    """What the asset is like when the item is carried out. What the item does not name stays as it was."""
    wishes, becomes = item.wishes, item.assets.becomes
    values = _overlaid(before.characteristics, _characteristics(item), lambda one: one.name)
    after = replace(
        before,
        characteristics=_meaning_the_same(before.characteristics, values),
        terms=terms_after(before, wishes.terms, at),
        places=_overlaid(before.places, _places(item), lambda one: one.role),
        parties=_overlaid(before.parties, _parties(item), lambda one: one.role),
        billing_account_id=wishes.billing_account_id or before.billing_account_id,
    )
    return after if becomes is None else _became(before, after, becomes, wishes.quantity)


def terms_after(before: AssetContents, wished: Sequence[WishedTerm], at: datetime) -> tuple[AssetTerm, ...]:
    return _overlaid(before.terms, [_term(one, at) for one in wished], lambda one: one.name)


def without_its_customer(before: AssetContents) -> AssetContents:
    """What is left of it for another customer: neither who paid for it nor who had a part in it."""
    return replace(before, billing_account_id=None, parties=())


def contents_of_part_after(before: AssetContents, item: OrderItem) -> AssetContents:
    """What a part of the bundle is like that the item changes: it moves with the bundle, if it was there too."""
    roles = {one.role for one in before.places}
    moved = [one for one in _places(item) if one.role in roles]
    return replace(before, places=_overlaid(before.places, moved, lambda one: one.role))


def charge_for(before: AssetContents, becomes: OrderedOffering, quantity: int) -> Money | None:
    """The one-time charges of what is new: of prices that the asset does not have yet, and of each one more of a
    counted product. None if nothing is.
    """
    same = before.offering is not None and before.offering.id == becomes.id
    known = {_key(one.id, one.name) for one in before.prices if same or one.id is not None}
    more = max(0, quantity - before.quantity)
    charges: list[Money] = []
    for price in becomes.prices:
        count = more if _key(price.id, price.name) in known else quantity
        if price.type in CHARGED_ONCE and price.period is None and price.amount is not None and count:
            charges.append(price.amount * count)
    if not charges:
        return None
    found = total(charges, charges[0].currency)
    return found if found.amount > Decimal() else None


def says_more(line: OrderLine, before: AssetContents) -> bool:
    """Whether the line asks for something beside a status."""
    wishes, offering = line.wishes, before.offering
    return (
        bool(line.characteristics)
        or replace(wishes, quantity=None) != NO_WISHES
        or wishes.quantity not in (None, before.quantity)
        or line.offering_id not in (None, None if offering is None else offering.id)
    )


def wished_quantity(before: AssetContents, item: OrderItem, becomes: OrderedOffering) -> int:
    counted = becomes.instantiation is Instantiation.COUNTED
    return item.wishes.quantity if counted and item.wishes.quantity else before.quantity


def _became(
    before: AssetContents, after: AssetContents, becomes: OrderedOffering, quantity: int | None
) -> AssetContents:
    """The same offering keeps its version and the prices that the customer has; another one comes with its own."""
    same = before.offering is not None and before.offering.id == becomes.id
    had = {_key(one.id, one.name): one for one in before.prices} if same else {}
    prices = tuple(had.get(_key(one.id, one.name), _price(one)) for one in becomes.prices)
    if becomes.instantiation is Instantiation.COUNTED and quantity:
        after = replace(after, quantity=quantity)
    if same:
        return replace(after, prices=prices if becomes.prices else before.prices)
    values = tuple(AssetCharacteristic(one.name, one.type, one.text) for one in becomes.characteristics)
    return replace(
        after,
        name=becomes.name,
        offering=_offering(becomes),
        specification_id=becomes.specification_id,
        bundle=becomes.bundle or None,
        characteristics=_meaning_the_same(before.characteristics, values),
        prices=prices,
    )


def _offering(offering: OrderedOffering) -> AssetOffering:
    return AssetOffering(offering.id, offering.version, offering.name, offering.sku)


def _characteristics(item: OrderItem) -> tuple[AssetCharacteristic, ...]:
    return tuple(AssetCharacteristic(one.name, one.type, one.text) for one in item.characteristics)


def _meaning_the_same(
    before: Sequence[AssetCharacteristic], after: Sequence[AssetCharacteristic]
) -> tuple[AssetCharacteristic, ...]:
    """`after`, in the words of `before` where both mean the same: 1.0 is 1."""
    return tuple(next((one for one in before if _means(one, value)), value) for value in after)


def _means(one: AssetCharacteristic, other: AssetCharacteristic) -> bool:
    return one.name == other.name and Value(ValueType(one.type), one.text).means(
        Value(ValueType(other.type), other.text)
    )


def _price(one: OrderedPrice) -> AssetPrice:
    return AssetPrice(one.type, one.amount, one.id, one.name, one.period, one.unit)


def _key(price_id: str | None, name: str | None) -> str | None:
    """What tells two prices of an offering apart. One that stands in the offering itself has no id."""
    return price_id or name


def _term(one: WishedTerm, at: datetime) -> AssetTerm:
    units = (one.units or "").casefold()
    if one.amount is None or one.until is not None:
        return AssetTerm(one.name, None, one.until)
    if units in DAYS:
        return AssetTerm(one.name, None, _days_after(at, one.amount * DAYS[units]))
    return AssetTerm(one.name, one.amount * MONTHS[units] if units in MONTHS else None)


def _days_after(at: datetime, days: int) -> datetime | None:
    """None if that is no time of the calendar."""
    try:
        return at + timedelta(days=days)
    except OverflowError:
        return None


def _places(item: OrderItem) -> tuple[AssetPlace, ...]:
    return tuple(AssetPlace(one.role, one.id, one.text) for one in item.wishes.places)


def _parties(item: OrderItem) -> tuple[AssetParty, ...]:
    return tuple(AssetParty(one.role, one.id, one.name) for one in item.wishes.parties)


def _overlaid(before: Iterable[Part], wished: Iterable[Part], name: Callable[[Part], str]) -> tuple[Part, ...]:
    """What was there, each with the wished ones of its name in its place; then those with other names."""
    wished = list(wished)
    left, found = {name(one) for one in wished}, list[Part]()
    for one in before:
        if name(one) in left:
            left.remove(name(one))
            found += [new for new in wished if name(new) == name(one)]
        elif all(name(new) != name(one) for new in wished):
            found.append(one)
    return (*found, *(one for one in wished if name(one) in left))
