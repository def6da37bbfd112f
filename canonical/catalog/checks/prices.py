"""Prices that never apply, and prices that apply at once."""

from collections.abc import Iterator

from canonical.catalog.characteristics import AllowedValue, CharacteristicUse
from canonical.catalog.checks.findings import Catalog, Fault, Finding, finding
from canonical.catalog.configuration import allows
from canonical.catalog.item import Item
from canonical.catalog.lifecycle import OFFERED
from canonical.catalog.offering import OFFERING, OfferedPrice
from canonical.catalog.price import PRICE, ChargeType, Commitment, PriceContents


def wrong_prices(catalog: Catalog) -> Iterator[Finding]:
    for offering in catalog.of(OFFERING):
        if offering.state not in OFFERED:
            continue
        counting: list[tuple[str, PriceContents]] = []
        for index, one in enumerate(offering.contents.prices):
            pointer, price = f"/prices/{index}", _contents(catalog, one)
            if price is None:
                continue
            if (never := _never(catalog, offering, one, price)) is not None:
                remedy = "mend the price, or take it out"
                yield finding(OFFERING, offering, pointer, Fault.PRICE_NEVER_APPLIES, never, remedy)
            else:
                counting.append((pointer, price))
        for number, (pointer, price) in enumerate(counting):
            for _, other in counting[:number]:
                if _overlap(price, other):
                    text = f"{price.name} and {other.name} apply to the same products at once"
                    remedy = "constrain them to different values, or name them differently when both are meant"
                    yield finding(OFFERING, offering, pointer, Fault.PRICES_OVERLAP, text, remedy)


def _contents(catalog: Catalog, one: OfferedPrice) -> PriceContents | None:
    if one.reference is None:
        return one.contents
    found = catalog.get(PRICE, one.reference)
    return None if found is None else found.contents


def _never(catalog: Catalog, offering: Item, one: OfferedPrice, price: PriceContents) -> str | None:
    """Why the price never applies to products of the offering."""
    item = None if one.reference is None else catalog.get(PRICE, one.reference)
    if item is not None and item.state not in OFFERED:
        return f"price {item.item_id} is not published, or not any more"
    if item is not None and item.valid_until is not None and item.valid_until <= catalog.at:
        return f"price {item.item_id} was valid until {item.valid_until.isoformat()} only"
    if price.charge_type not in (None, ChargeType.DISCOUNT) and price.amount is None and not price.parts:
        return f"{price.name} has no amount"
    if any(not _has_term(offering, one) for one in price.commitments):
        return f"{price.name} is for a term that the offering does not have"
    return next((f"{price.name} {why}" for use in price.constraints if (why := _unmet(catalog, offering, use))), None)


def _has_term(offering: Item, asked: Commitment) -> bool:
    return asked.duration is None or any(one.duration == asked.duration for one in offering.contents.commitments)


def _unmet(catalog: Catalog, offering: Item, use: CharacteristicUse) -> str | None:
    """Why no product of the offering has what the constraint asks for."""
    if use.specification is not None and use.specification != offering.contents.specification:
        return None
    known = catalog.characteristics(offering)
    characteristic = known.get(use.name or "")
    if characteristic is None:
        return f"depends on {use.name}, which the offering does not have" if known else None
    values = [each.value for each in use.allowed if each.value is not None]
    if not values or len(values) < len(use.allowed):
        return None
    if any(allows(characteristic, value, catalog.at) for value in values):
        return None
    return f"depends on {use.name} {', '.join(value.text for value in values)}, which cannot be chosen"


def _overlap(one: PriceContents, other: PriceContents) -> bool:
    """Whether two prices say the same charge twice: of one name and kind, and no constraint keeps them apart."""
    said = ("name", "charge_type", "period", "unit", "commitments")
    if one.charge_type in (None, ChargeType.DISCOUNT) or any(
        getattr(one, name) != getattr(other, name) for name in said
    ):
        return False
    constraints = {use.name: use for use in other.constraints}
    return not any(use.name in constraints and _disjoint(use, constraints[use.name]) for use in one.constraints)


def _disjoint(one: CharacteristicUse, other: CharacteristicUse) -> bool:
    """Whether no value is allowed by both: so for single values, and for ranges that do not meet."""
    return not any(_meet(left, right) for left in one.allowed for right in other.allowed)


def _meet(left: AllowedValue, right: AllowedValue) -> bool:
    if left.value is not None and right.value is not None:
        return left.value.means(right.value)
    if left.value is not None or right.value is not None or left.pattern or right.pattern:
        return True
    return not _before(left, right) and not _before(right, left)


def _before(first: AllowedValue, second: AllowedValue) -> bool:
    if first.high is None or second.low is None:
        return False
    return first.high < second.low or (first.high == second.low and (first.open_high or second.open_low))
