"""Everything that is checked in a catalog."""

from canonical.catalog.checks.bundles import impossible_bundles
from canonical.catalog.checks.findings import Catalog, Finding
from canonical.catalog.checks.offerings import contradictions, unreachable
from canonical.catalog.checks.prices import wrong_prices
from canonical.catalog.checks.references import broken_references, cycles
from canonical.catalog.checks.values import dead_values

CHECKED = (broken_references, unreachable, contradictions, dead_values, wrong_prices, impossible_bundles, cycles)


def check(catalog: Catalog) -> list[Finding]:
    """Everything that is found, by the items in their order."""
    order = {key: number for number, key in enumerate(catalog.items)}
    found = {finding for checked in CHECKED for finding in checked(catalog)}
    return sorted(found, key=lambda one: (order[one.kind, one.item_id], one.fault, one.pointer, one.message))
