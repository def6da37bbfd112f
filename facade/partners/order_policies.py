"""The policies for a partner's orders, as its profile says them.

profile["prices"]       "ignore"
profile["lateChanges"]  ["agreement"]
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from canonical.ordering.errors import PriceDiffers
from facade.partners.faults import ProfileFault
from facade.tmf.policies import LATE, OrderPolicies, Prices

SCHEMAS: Mapping[str, dict[str, Any]] = MappingProxyType(
    {
        "prices": {"enum": [one.value for one in Prices]},
        "lateChanges": {"type": "array", "items": {"enum": list(LATE)}, "uniqueItems": True},
    }
)
"""The forms of these keys of a profile."""


def order_policies(document: Mapping[str, Any]) -> OrderPolicies:
    """The policies that a profile says, which keeps its schema. Raises ProfileFault."""
    if "prices" in document and PriceDiffers.code in document.get("orderRules", {}):
        text = f"prices and orderRules/{PriceDiffers.code} are about the same: keep one of them"
        raise ProfileFault("/prices", text)
    late = frozenset(document.get("lateChanges", ()))
    return OrderPolicies(Prices(document.get("prices", Prices.MUST_EQUAL)), late)
