"""What was charged, among the prices of a completed order and of its items."""

from collections.abc import Mapping
from types import MappingProxyType

from canonical.ordering.commands import PriceKind
from canonical.ordering.items import OrderItem
from canonical.ordering.order import Order
from canonical.ordering.stated_prices import ChargedPrice, charged_prices, not_stated
from facade.tmf.engine.payload import Payload
from facade.tmf.tmf622.stated import ITEM_PRICES, ORDER_PRICES, stated_prices

NAME = "charged"
"""The name of the prices that are ours, for people who read them beside those that were sent."""
COMPLETED = "completed"
_TYPES: Mapping[PriceKind, str] = MappingProxyType({PriceKind.ONE_TIME: "oneTime", PriceKind.RECURRING: "recurring"})

Ours = Mapping[str, list[ChargedPrice]]
"""What was charged, by the attribute that shows it."""


def charged_for_order(order: Order) -> Ours:
    bought = [(item.added, item.quantity) for item in order.items if item.added is not None]
    return {name: charged_prices(bought) for name in ORDER_PRICES}


def charged_for_item(item: OrderItem) -> Ours:
    if item.added is None:
        return {}
    return {name: charged_prices([(item.added, item.quantity if whole else 1)]) for name, whole in ITEM_PRICES.items()}


def with_ours(sent: Payload, ours: Ours) -> Payload:
    """The attributes to which ours are added: those whose prices, as they were sent, do not say what was charged."""
    shown: Payload = {}
    for name, charged in ours.items():
        stated = stated_prices(sent, {name: ITEM_PRICES.get(name, True)}, "", "", [])
        if missing := not_stated(stated, charged):
            shown[name] = [*(sent.get(name) or ()), *map(_price, missing)]
    return shown


def without_ours(shown: Payload, ours: Ours) -> Payload:
    """The same the other way: what was sent of something that is shown."""
    sent = dict(shown)
    for name, charged in ours.items():
        added = [_price(one) for one in charged]
        prices = shown.get(name)
        if isinstance(prices, list) and any(one in added for one in prices):
            sent[name] = [one for one in prices if one not in added]
            if not sent[name]:
                del sent[name]
    return sent


def _price(charged: ChargedPrice) -> Payload:
    amount = {"unit": charged.amount.currency, "value": charged.amount.amount}
    price: Payload = {"@type": "OrderPrice", "name": NAME, "priceType": _TYPES[charged.kind]}
    if charged.period is not None:
        price["recurringChargePeriod"] = charged.period
    return price | {"price": {"@type": "Price", "dutyFreeAmount" if charged.net else "taxIncludedAmount": amount}}
