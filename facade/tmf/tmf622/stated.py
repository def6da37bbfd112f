"""What a TMF622 order says of its products and their prices, for the catalog to judge."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType

from canonical.audit.record import Mapped
from canonical.ordering.commands import PriceKind, StatedPrice
from canonical.ordering.wishes import ChosenCharacteristic
from canonical.shared import jsontext
from facade.tmf.bridge import COMPLEMENT, entries_without, with_complement
from facade.tmf.engine.payload import Payload
from facade.tmf.vocabulary import folded

PRICE_KINDS: Mapping[str, PriceKind] = MappingProxyType(
    {
        "onetime": PriceKind.ONE_TIME,
        "nonrecurring": PriceKind.ONE_TIME,
        "recurring": PriceKind.RECURRING,
    }
)
"""Prices of other types are kept, and compared with nothing."""
ORDER_PRICES: Mapping[str, bool] = MappingProxyType({"orderTotalPrice": True})
ITEM_PRICES: Mapping[str, bool] = MappingProxyType({"itemPrice": False, "itemTotalPrice": True})
"""Where prices stand, and whether each is for the whole quantity."""
IGNORED = "left out: prices are ignored by the profile"
AMOUNTS = ("taxIncludedAmount", "dutyFreeAmount")


def chosen_characteristics(product: Payload, at: str, to: str, trail: list[Mapped]) -> tuple[ChosenCharacteristic, ...]:
    """The values that a product is to have; of a list, each of its values."""
    found: list[ChosenCharacteristic] = []
    for index, one in enumerate(product.get("productCharacteristic") or ()):
        if not isinstance(one, dict) or not isinstance(one.get("name"), str) or one.get("value") is None:
            continue
        for value in one["value"] if isinstance(one["value"], list) else [one["value"]]:
            source = f"{at}/productCharacteristic/{index}/value"
            trail.append(Mapped(source, f"{to}/characteristics/{len(found)}/text", "as sent"))
            found.append(ChosenCharacteristic(one["name"], *jsontext.typed(value)))
    return tuple(found)


def stated_prices(
    holder: Payload, attributes: Mapping[str, bool], at: str, to: str, trail: list[Mapped]
) -> tuple[StatedPrice, ...]:
    """The prices at `attributes`, each of which says whether they are for the whole quantity. One without an amount is
    compared with nothing.
    """
    found: list[StatedPrice] = []
    for attribute, whole in attributes.items():
        for index, price in enumerate(holder.get(attribute) or ()):
            kind = PRICE_KINDS.get(folded(str(price.get("priceType"))))
            amounts = dict(_amounts(price.get("price") or {}))
            if kind is None or not amounts:
                continue
            first = next(iter(amounts))
            source = f"{at}/{attribute}/{index}/price/{first}/value"
            trail.append(Mapped(source, f"{to}/stated_prices/{len(found)}", "compared with our price"))
            with_tax, without_tax = (amounts[name][1] if name in amounts else None for name in AMOUNTS)
            period = price.get("recurringChargePeriod")
            found.append(StatedPrice(kind, amounts[first][0], with_tax, without_tax, period, whole))
    return tuple(found)


def _amounts(price: Payload) -> Iterator[tuple[str, tuple[str, Decimal]]]:
    for name in AMOUNTS:
        amount = price.get(name) or {}
        unit, value = amount.get("unit"), amount.get("value")
        if isinstance(unit, str) and isinstance(value, int | Decimal) and not isinstance(value, bool):
            yield name, (unit, Decimal(value))


def without_prices(body: Payload, trail: list[Mapped]) -> Payload:
    """An order without the prices that stand in it, and in its complement."""
    items = body.get("productOrderItem") or ()
    kept = _without(body, ORDER_PRICES, "", trail)
    if COMPLEMENT in body:
        kept = with_complement(kept, entries_without(body[COMPLEMENT], _is_price))
    return {
        **kept,
        "productOrderItem": [_item_without(one, f"/productOrderItem/{n}", trail) for n, one in enumerate(items)],
    }


def _item_without(item: Payload, at: str, trail: list[Mapped]) -> Payload:
    kept = _without(item, ITEM_PRICES, at, trail)
    nested = item.get("productOrderItem")
    if not nested:
        return kept
    inner = [_item_without(one, f"{at}/productOrderItem/{number}", trail) for number, one in enumerate(nested)]
    return {**kept, "productOrderItem": inner}


def _without(holder: Payload, attributes: Mapping[str, bool], at: str, trail: list[Mapped]) -> Payload:
    trail += [Mapped(f"{at}/{name}", "", IGNORED) for name in attributes if name in holder]
    return {name: value for name, value in holder.items() if name not in attributes}


def _is_price(place: Sequence[str]) -> bool:
    """Whether a place of an order is a price of it or of its items, or in one."""
    prices: Mapping[str, bool] = ORDER_PRICES
    while len(place) > 1 and place[0] == "productOrderItem":
        place, prices = place[2:], ITEM_PRICES
    return bool(place) and place[0] in prices
