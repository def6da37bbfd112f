"""References to items that are not there, and items that lead back to themselves."""

from collections.abc import Callable, Collection, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType
from typing import Any

from canonical.catalog.category import CATEGORY
from canonical.catalog.checks.findings import Catalog, Fault, Finding, finding
from canonical.catalog.cycles import Edges, of_offering, of_price, of_specification
from canonical.catalog.named import named_items
from canonical.catalog.offering import OFFERING
from canonical.catalog.price import PRICE
from canonical.catalog.specification import SPECIFICATION


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
    for kind, edges_of in EDGES.items():
        graphs: dict[str, dict[str, Collection[str]]] = {}
        for item in catalog.of(kind):
            for name, ids in edges_of(item.contents).items():
                graphs.setdefault(name, {})[item.item_id] = ids
        for name, graph in graphs.items():
            yield from _cycle(catalog, kind, name, graph)


def _cycle(catalog: Catalog, kind: str, name: str, graph: Mapping[str, Collection[str]]) -> Iterator[Finding]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = list(reversed(error.args[1]))
        text = f"it leads back to itself: {' → '.join(circle)}"
        pointer = f"/{name.partition(' ')[0]}"
        remedy = "take one of these references out"
        yield finding(kind, catalog.items[kind, circle[0]], pointer, Fault.CYCLE, text, remedy)


EDGES: Mapping[str, Callable[[Any], Edges]] = MappingProxyType(
    {
        CATEGORY: lambda contents: {} if contents.parent_id is None else {"parent_id": [contents.parent_id]},
        OFFERING: of_offering,
        SPECIFICATION: of_specification,
        PRICE: of_price,
    }
)
