"""The context that a partner's profile adds to a new order: what the order does not state itself."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from canonical.audit.record import Mapped, Outcome
from facade.application.requests import Translation
from facade.tmf.engine.declaration import Sender
from facade.tmf.engine.parties import seeming_customer
from facade.tmf.engine.payload import Payload
from facade.tmf.policies import NO_CONTEXT
from facade.tmf.tmf622.product_order import to_submit_order
from facade.tmf.tmf622.stated import AMOUNTS, ITEM_PRICES, ORDER_PRICES

SALES: Mapping[str, str] = MappingProxyType({"role": "sales"})
"""The role of a channel that comes from a profile: v5 asks for one."""


def to_placed_order(body: Payload, sender: Sender) -> Translation:
    """What a new order asks for, with the context of its sender. The trail tells where the profile says it.

    Raises ContractViolation with everything that is refused.
    """
    if sender.policies.context is NO_CONTEXT:
        return to_submit_order(body, sender)
    missing = list(_missing(body, sender))
    rows = {name: (row, said) for name, _, row, said in missing}
    currency, places = sender.policies.context.currency, list[str]()
    whole = body if currency is None else _with_currency(body, ORDER_PRICES, "", currency, places)
    translation = to_submit_order({**whole, **{name: value for name, value, _, _ in missing}}, sender)
    trail = [_told(one, rows, sender) for one in translation.trail]
    trail += [_added(f"/carried{at}", "currency", str(currency), sender) for at in places]
    return replace(translation, trail=tuple(trail))


def _missing(body: Payload, sender: Sender) -> Iterator[tuple[str, Any, str, str]]:
    """Each attribute that is added, its value, and what the profile says: the row under `enrichment`, and the id.

    Ids of customers and of their accounts are not repeated.
    """
    context = sender.policies.context
    if context.sales_channel is not None and not body.get("channel"):
        channel = {"@type": "RelatedChannel", **SALES, "channel": {"@type": "ChannelRef", "id": context.sales_channel}}
        yield "channel", [channel], "salesChannel", context.sales_channel
    if context.agreement is not None and not body.get("agreement"):
        yield "agreement", [{"@type": "AgreementRef", "id": context.agreement}], "agreement", context.agreement
    customer = seeming_customer(body, sender.vocabulary) if context.billing_accounts else ""
    account = context.billing_accounts.get(customer)
    if account is not None and not body.get("billingAccount"):
        reference = {"@type": "BillingAccountRef", "id": account}
        yield "billingAccount", reference, "billingAccounts", ""


def _told(one: Mapped, rows: Mapping[str, tuple[str, str]], sender: Sender) -> Mapped:
    """The trail entry of an added attribute: its source is the profile, not the payload."""
    row = rows.get(one.source[1:].partition("/")[0])
    return one if row is None else _added(one.target, *row, sender)


def _added(target: str, row: str, said: str, sender: Sender) -> Mapped:
    agreed = f"/enrichment/{row}"
    rule = f"enriched by profile {sender.profile}: {agreed}{f' is {said}' if said else ''}"
    return Mapped("", target, rule, Outcome.ENRICHED, agreed)


def _with_currency(holder: Payload, names: Collection[str], at: str, currency: str, places: list[str]) -> Payload:
    """An order, or an item, whose amounts all have a currency. `places` gets the pointers of those that had none."""
    prices = {
        name: [_priced(one, f"{at}/{name}/{index}/price", currency, places) for index, one in enumerate(holder[name])]
        for name in names
        if name in holder
    }
    items = [
        _with_currency(item, ITEM_PRICES, f"{at}/productOrderItem/{index}", currency, places)
        for index, item in enumerate(holder.get("productOrderItem") or ())
    ]
    return {**holder, **prices, **({"productOrderItem": items} if items else {})}


def _priced(holder: Payload, at: str, currency: str, places: list[str]) -> Payload:
    price = holder.get("price") or {}
    lacking = [name for name in AMOUNTS if name in price and "unit" not in price[name]]
    places += [f"{at}/{name}/unit" for name in lacking]
    if not lacking:
        return holder
    return {**holder, "price": {**price, **{name: {**price[name], "unit": currency} for name in lacking}}}
