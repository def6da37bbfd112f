"""The policies for a partner's orders, as its profile says them.

profile["prices"]       "ignore"
profile["lateChanges"]  ["agreement"]
profile["enrichment"]   {"salesChannel": "web", "billingAccounts": {"C12345": "BA1"}}
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from canonical.ordering.errors import PriceDiffers
from facade.contract.pointers import escaped
from facade.partners.faults import ProfileFault
from facade.tmf.policies import LATE, NO_CONTEXT, Context, OrderPolicies, Prices

_ID = {"type": "string", "minLength": 1, "maxLength": 100}
SCHEMAS: Mapping[str, dict[str, Any]] = MappingProxyType(
    {
        "prices": {"enum": [one.value for one in Prices]},
        "lateChanges": {"type": "array", "items": {"enum": list(LATE)}, "uniqueItems": True},
        "enrichment": {
            "type": "object",
            "additionalProperties": False,
            "minProperties": 1,
            "properties": {
                "salesChannel": _ID,
                "agreement": _ID,
                "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
                "billingAccounts": {
                    "type": "object",
                    "additionalProperties": _ID,
                    "propertyNames": {"minLength": 1, "maxLength": 64},
                    "maxProperties": 10_000,
                },
            },
        },
    }
)
"""The forms of these keys of a profile."""


def order_policies(document: Mapping[str, Any]) -> OrderPolicies:
    """The policies that a profile says, which keeps its schema. Raises ProfileFault."""
    if "prices" in document and PriceDiffers.code in document.get("orderRules", {}):
        text = f"prices and orderRules/{PriceDiffers.code} are about the same: keep one of them"
        raise ProfileFault("/prices", text)
    late = frozenset(document.get("lateChanges", ()))
    context = _context(document["enrichment"], document) if "enrichment" in document else NO_CONTEXT
    return OrderPolicies(Prices(document.get("prices", Prices.MUST_EQUAL)), late, context)


def _context(said: Mapping[str, Any], document: Mapping[str, Any]) -> Context:
    for at, text in _ids(said):
        if not text.isprintable() or text != text.strip():
            raise ProfileFault(at, f"{text!r} has characters that are not printed, or blanks at an end")
    accounts, agreed = said.get("billingAccounts", {}), document.get("billingAccounts", ())
    for customer, account in accounts.items() if agreed else ():
        if account not in agreed:
            at = f"/enrichment/billingAccounts/{escaped(customer)}"
            raise ProfileFault(at, f"{account!r} is none of the accounts under billingAccounts", agreed)
    channel, agreement, currency = (said.get(name) for name in ("salesChannel", "agreement", "currency"))
    return Context(channel, agreement, currency, MappingProxyType(dict(accounts)))


def _ids(said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each id, with its pointer in the profile."""
    yield from ((f"/enrichment/{name}", said[name]) for name in ("salesChannel", "agreement") if name in said)
    for customer, account in said.get("billingAccounts", {}).items():
        at = f"/enrichment/billingAccounts/{escaped(customer)}"
        yield from ((at, customer), (at, account))
