"""Rules that a partner's profile can switch off, by their codes."""

from collections.abc import Mapping
from types import MappingProxyType

from canonical.catalog.errors import NotSellable
from canonical.ordering.errors import RULES, TermNotOver

UNKNOWN_LIFECYCLE_STATUS = "UNKNOWN_LIFECYCLE_STATUS"
ROOT_WITH_PARENT = "ROOT_WITH_PARENT"
UNKNOWN_ORDER_RELATIONSHIP_TYPE = "UNKNOWN_ORDER_RELATIONSHIP_TYPE"

SWITCHES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "orderRules": frozenset({*RULES, UNKNOWN_ORDER_RELATIONSHIP_TYPE}),
        "catalogRules": frozenset({UNKNOWN_LIFECYCLE_STATUS, ROOT_WITH_PARENT, NotSellable.code}),
    }
)
"""The rules that orders keep, and those that items of the catalog keep, by the key of the profile that has their
switches. Rules that are missing here protect what the core relies on.
"""
REFUSE, REASON, KEEP = "refuse", "reason", "keep"
"""What happens to what breaks a rule. `reason`: an item of an order that states a reason is kept."""
EXCUSABLE = frozenset({TermNotOver.code})
"""The rules that can be `reason`."""
