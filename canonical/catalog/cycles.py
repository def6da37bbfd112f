"""No item is made of itself, and none is related to itself in a circle of one type of relationship."""

from collections.abc import Callable, Collection, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType
from typing import Any

from canonical.catalog.category import CATEGORIES, CATEGORY, CategoryContents
from canonical.catalog.errors import CyclicItems
from canonical.catalog.item import Item
from canonical.catalog.offering import OFFERING, OFFERINGS, OfferingContents
from canonical.catalog.price import PRICE, PRICES, PriceContents
from canonical.catalog.specification import SPECIFICATION, SPECIFICATIONS, SpecificationContents
from canonical.shared.aggregates import Kind, Repository

DEEPEST = 30
"""Items within one another."""
MOST = 1_000
"""Items that are looked at for one that was written."""

Items = Mapping[str, Any]
"""Contents by the ids of their items."""
Edges = Mapping[str, Collection[str]]
"""The ids of the items that one names, by where it does: a field of its contents, and for relationships the type."""


def of_category(contents: CategoryContents) -> Edges:
    return {} if contents.parent_id is None else {"parent_id": [contents.parent_id]}


def of_offering(contents: OfferingContents) -> Edges:
    return {"members": [one.offering.id for one in contents.all_members]}


def of_specification(contents: SpecificationContents) -> Edges:
    return {"parts": [one.id for one in contents.parts]}


def of_price(contents: PriceContents) -> Edges:
    related: dict[str, list[str]] = {}
    for one in contents.relationships:
        related.setdefault(f"relationships {one.type.casefold()}", []).append(one.to.id)
    return {"parts": [one.id for one in contents.parts], **related}


KINDS: tuple[Kind[Any], ...] = (CATEGORIES, OFFERINGS, PRICES, SPECIFICATIONS)
"""The kinds whose items name others of their kind."""
EDGES: Mapping[str, Callable[[Any], Edges]] = MappingProxyType(
    {CATEGORY: of_category, OFFERING: of_offering, PRICE: of_price, SPECIFICATION: of_specification}
)


def circles(kind: str, items: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """The circles among items of a kind, contents by id: the field of the contents that closes each, and its ids. Of
    the circles of one name the first.
    """
    graphs: dict[str, dict[str, Collection[str]]] = {}
    for item_id, contents in items.items():
        for name, ids in EDGES[kind](contents).items():
            graphs.setdefault(name, {})[item_id] = ids
    for name, graph in graphs.items():
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            yield name.partition(" ")[0], list(reversed(error.args[1]))


def reached(kind: Kind[Any], ids: Collection[str], current: Callable[[Kind[Any], Collection[str]], Items]) -> Items:
    """The contents of items of a kind, and of all to which their edges lead. `current` reads those of some ids."""
    found: dict[str, Any] = {}
    seen, level = set[str](), set(ids)
    while level:
        seen |= level
        some = current(kind, level)
        found |= some
        level = {
            one for contents in some.values() for named in EDGES[kind.name](contents).values() for one in named
        } - seen
    return found


def check_no_cycle(item: Item, before: Any, edges_of: Callable[[Any], Edges], items: Repository[Any]) -> None:
    """Raises CyclicItems where following the edges of one name from `item` leads back to it, or too far. What it had
    already with the contents `before` is not followed again.
    """
    known = edges_of(before) if before is not None else {}
    for name, ids in edges_of(item.contents).items():
        if list(ids) != list(known.get(name, ())):
            _follow(item.item_id, name, ids, edges_of, items)


def _follow(
    item_id: str, name: str, ids: Collection[str], edges_of: Callable[[Any], Edges], items: Repository[Any]
) -> None:
    seen, level, depth = set[str](), set(ids), 0
    while level:
        depth += 1
        if item_id in level or depth > DEEPEST or len(seen | level) > MOST:
            text = f"an item leads to at most {DEEPEST} others in a row and {MOST} in all, and never back to itself"
            raise CyclicItems(text, pointer=f"/contents/{name.partition(' ')[0]}")
        seen |= level
        level = {one for known in level for one in _named(known, name, edges_of, items)} - seen


def _named(item_id: str, name: str, edges_of: Callable[[Any], Edges], items: Repository[Any]) -> Iterator[str]:
    """What the newest version of an item that is found by its id names."""
    for one in items.versions(item_id):
        if one.shown_from is not None and one.shown_until is None:
            yield from edges_of(one.contents).get(name, ())
