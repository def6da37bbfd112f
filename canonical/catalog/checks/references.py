"""References to items that are not there, and items that lead back to themselves."""

from collections.abc import Iterator

from canonical.catalog.checks.findings import Catalog, Fault, Finding, finding
from canonical.catalog.cycles import EDGES, circles
from canonical.catalog.named import named_items


def broken_references(catalog: Catalog) -> Iterator[Finding]:
    for (kind, _), item in catalog.items.items():
        for pointer, wanted, reference in named_items(kind, item.contents):
            if not catalog.has(wanted, reference):
                yield finding(
                    kind,
                    item,
                    pointer,
                    Fault.BROKEN_REFERENCE,
                    f"there is no {wanted} {reference}",
                    f"create the {wanted}, or take the reference out",
                )


def cycles(catalog: Catalog) -> Iterator[Finding]:
    """Items that contain themselves, or are related to themselves by a chain of one type."""
    for kind in EDGES:
        for field, circle in circles(kind, {item.item_id: item.contents for item in catalog.of(kind)}):
            text = f"it leads back to itself: {' → '.join(circle)}"
            remedy = "take one of these references out"
            yield finding(kind, catalog.items[kind, circle[0]], f"/{field}", Fault.CYCLE, text, remedy)
