"""What a configured product costs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from canonical.catalog.configuration import ConfiguredValue, use_holds
from canonical.catalog.price import ChargeType, Commitment, PriceContents
from canonical.catalog.selling import CountingPrice, OfferedItem
from canonical.shared.money import Money

CENT = Decimal("0.01")
MONTH = "month"
"""The period of a recurring charge that names none."""


@dataclass(frozen=True, slots=True)
class Charge:
    """A price that applies. `amount` of a discount is less than nothing; None where only a percentage is known."""

    price: CountingPrice
    type: ChargeType
    amount: Money | None
    period: str | None = None


@dataclass(frozen=True, slots=True)
class Charges:
    """`one_time` is the sum of what is charged once, None for no price at all; `recurring` by periods."""

    one_time: Money | None
    recurring: tuple[tuple[Money, str], ...]
    applied: tuple[Charge, ...]


def charges(item: OfferedItem, values: Sequence[ConfiguredValue]) -> Charges:
    """The prices of an offering that apply to a product with these values, and what they come to for one of it."""
    counting = [one for one in item.prices if applies(one.contents, values, item)]
    plain = [
        Charge(one, one.contents.charge_type, one.contents.amount, _period(one.contents))
        for one in counting
        if one.contents.charge_type not in (None, ChargeType.DISCOUNT)
    ]
    discounts = [_discount(one, plain) for one in counting if one.contents.charge_type is ChargeType.DISCOUNT]
    applied = (*plain, *discounts)
    once = [one.amount for one in plain if one.type is ChargeType.ONE_TIME and one.amount is not None]
    once += [one.amount for one in discounts if one.period is None and one.amount is not None]
    priced = [one.amount.currency for one in applied if one.amount is not None]
    recurring = [one for one in applied if one.type is not ChargeType.USAGE and one.period is not None]
    return Charges(
        _sum(once, priced[0]) if priced else None,
        tuple((one.amount, one.period) for one in recurring if one.amount is not None and one.period is not None),
        applied,
    )


def applies(price: PriceContents, values: Sequence[ConfiguredValue], item: OfferedItem) -> bool:
    """Whether every constraint holds, and one of the terms that it asks for comes with the offering.

    Usage is not known when something is ordered: what constrains a price of it is kept, and judged by whoever rates it.
    """
    committed = not price.commitments or any(
        _same_term(asked, made) for asked in price.commitments for made in item.offering.contents.commitments
    )
    if not committed or price.charge_type is ChargeType.USAGE:
        return committed
    by_name = {use: [one.value for one in values if one.name == use.name] for use in price.constraints}
    return all(use_holds(use, found, item.at) for use, found in by_name.items())


def _discount(price: CountingPrice, plain: Sequence[Charge]) -> Charge:
    contents, period = price.contents, price.contents.period
    if contents.amount is not None or contents.percentage is None:
        return Charge(price, ChargeType.DISCOUNT, contents.amount, period)
    base = list(_altered(contents, plain))
    if not base:
        return Charge(price, ChargeType.DISCOUNT, None, period)
    whole = sum((one.amount for one in base if one.amount is not None), start=Money(Decimal(), _currency(base)))
    share = (whole.amount * contents.percentage / 100).quantize(CENT, ROUND_HALF_UP)
    return Charge(price, ChargeType.DISCOUNT, Money(share, whole.currency), period)


def _altered(discount: PriceContents, plain: Sequence[Charge]) -> Iterator[Charge]:
    """What a percentage is taken of: the prices that it is related to, or else all of its period."""
    related = {one.to.id for one in discount.relationships}
    for one in plain:
        named = one.price.id in related if related else one.type is not ChargeType.USAGE
        if named and one.period == discount.period and one.amount is not None:
            yield one


def _currency(found: Sequence[Charge]) -> str:
    return next(one.amount.currency for one in found if one.amount is not None)


def _period(price: PriceContents) -> str | None:
    return (price.period or MONTH) if price.charge_type is ChargeType.RECURRING else None


def _sum(amounts: Sequence[Money], currency: str) -> Money:
    """Never less than nothing. Raises CurrenciesDiffer."""
    found = sum(amounts, start=Money(Decimal("0.00"), currency))
    return Money(max(found.amount, Decimal("0.00")), currency)


def _same_term(asked: Commitment, made: Commitment) -> bool:
    return asked.duration == made.duration if asked.duration is not None else asked.name == made.name
