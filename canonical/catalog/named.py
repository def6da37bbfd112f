"""The other items that an item of the catalog names, and which of these nobody knows."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from canonical.catalog.category import CATEGORY
from canonical.catalog.decomposition import TEMPLATE
from canonical.catalog.offering import OFFERING, Group
from canonical.catalog.price import PRICE
from canonical.catalog.product_catalog import CATALOGS
from canonical.catalog.references import Reference
from canonical.catalog.rule import RULE
from canonical.catalog.specification import SPECIFICATION

Known = Collection[tuple[str, str | None]]
"""Items by their ids and the names of their versions; with None for an item that is found by its id."""


def unresolved(kind: str, contents: Any, known: Callable[[str, Collection[str]], Known]) -> list[str]:
    """The items that contents name and nobody knows, as in "price pop_1 in version 2.0". `known` says of a kind and of
    some ids which there are.
    """
    named: dict[str, dict[Reference, None]] = {}
    for _, wanted, reference in named_items(kind, contents):
        named.setdefault(wanted, {})[reference] = None
    found = {wanted: known(wanted, {one.id for one in references}) for wanted, references in named.items()}
    return [
        f"{wanted} {one}"
        for wanted, references in named.items()
        for one in references
        if (one.id, one.edition) not in found[wanted]
    ]


def named_items(kind: str, contents: Any) -> Iterator[tuple[str, str, Reference]]:
    """Where other items are named: pointer, kind and reference."""
    if kind == CATEGORY:
        if contents.parent_id is not None:
            yield "/parent_id", CATEGORY, Reference(contents.parent_id)
        return
    for name, wanted in REFERENCES.get(kind, ()):
        value = getattr(contents, name)
        if isinstance(value, Reference):
            yield f"/{name}", wanted, value
            continue
        for index, one in enumerate(value or ()):
            reference = _reference_in(one)
            if reference is not None:
                yield f"/{name}/{index}", wanted, reference
    for index, group in enumerate(getattr(contents, "groups", ())):
        yield from _in_group(group, f"/groups/{index}")


REFERENCES: Mapping[str, Sequence[tuple[str, str]]] = MappingProxyType(
    {
        CATALOGS.name: (("categories", CATEGORY),),
        SPECIFICATION: (("parts", SPECIFICATION), ("relationships", SPECIFICATION), ("categories", CATEGORY)),
        PRICE: (("parts", PRICE), ("relationships", PRICE), ("constraints", SPECIFICATION)),
        OFFERING: (
            ("specification", SPECIFICATION),
            ("categories", CATEGORY),
            ("prices", PRICE),
            ("uses", SPECIFICATION),
            ("members", OFFERING),
            ("relationships", OFFERING),
        ),
        RULE: (("offerings", OFFERING), ("others", OFFERING)),
        TEMPLATE: (("offering", OFFERING),),
    }
)
"""The attributes that name other items, and the kind of these."""


def _reference_in(one: Any) -> Reference | None:
    if isinstance(one, Reference):
        return one
    for name in ("offering", "to", "reference", "specification"):
        if isinstance(found := getattr(one, name, None), Reference):
            return found
    return None


def _in_group(group: Group, at: str) -> Iterator[tuple[str, str, Reference]]:
    for index, member in enumerate(group.members):
        yield f"{at}/members/{index}", OFFERING, member.offering
    for index, inner in enumerate(group.groups):
        yield from _in_group(inner, f"{at}/groups/{index}")
