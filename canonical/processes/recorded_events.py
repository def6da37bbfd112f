"""All types of events that are recorded, of every context."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from canonical.catalog.category import CATEGORIES
from canonical.catalog.decomposition import TEMPLATES
from canonical.catalog.jobs import EXPORT_JOBS, IMPORT_JOBS
from canonical.catalog.offering import OFFERINGS
from canonical.catalog.price import PRICES
from canonical.catalog.product_catalog import CATALOGS
from canonical.catalog.rule import RULES
from canonical.catalog.specification import SPECIFICATIONS
from canonical.inventory.asset import ASSETS
from canonical.ordering.cancellation import CANCELLATIONS
from canonical.ordering.order import ORDERS
from canonical.shared.aggregates import Kind
from canonical.subscriptions.plan_change import PLAN_CHANGES

KINDS: tuple[Kind[Any], ...] = (
    *(ORDERS, CANCELLATIONS, ASSETS, PLAN_CHANGES),
    *(CATEGORIES, OFFERINGS, PRICES, SPECIFICATIONS, CATALOGS, RULES, TEMPLATES),
    *(IMPORT_JOBS, EXPORT_JOBS),
)
"""The kinds of aggregates that record events."""
SUBJECT_TYPES = frozenset(kind.name for kind in KINDS)


def _types() -> Iterator[tuple[str, type]]:
    for kind in KINDS:
        for base in kind.recorded:
            for event in _below(base) or [base]:
                yield f"{kind.event_prefix}{event.__name__}", event


def _below(base: type) -> list[type]:
    children: list[type] = base.__subclasses__()
    return [one for child in children for one in (child, *_below(child))]


EVENT_TYPES: Mapping[str, type] = MappingProxyType(dict(_types()))
"""The classes of the events, by their types."""
