"""References to items that are not there, and items that contain themselves."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType
from typing import Any

from canonical.catalog.category import CATEGORY
from canonical.catalog.checks.findings import Catalog, Fault, Finding, finding
from canonical.catalog.decomposition import TEMPLATE
from canonical.catalog.offering import OFFERING, Group
from canonical.catalog.price import PRICE
from canonical.catalog.product_catalog import CATALOGS
from canonical.catalog.references import Reference
from canonical.catalog.rule import RULE
from canonical.catalog.specification import SPECIFICATION


def broken_references(catalog: Catalog) -> Iterator[Finding]:
    for (kind, _), item in catalog.items.items():
        for pointer, wanted, reference in _named(kind, item.contents):
            if not catalog.has(wanted, reference):
                version = "" if reference.edition is None else f" in version {reference.edition}"
                yield finding(
                    kind,
                    item,
                    pointer,
                    Fault.BROKEN_REFERENCE,
                    f"there is no {wanted} {reference.id}{version}",
                    f"create the {wanted}, or take the reference out",
                )


def _named(kind: str, contents: Any) -> Iterator[tuple[str, str, Reference]]:
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


def cycles(catalog: Catalog) -> Iterator[Finding]:
    """Bundles, parts of specifications and prices, and categories that contain themselves."""
    for kind, contained in CONTAINED.items():
        graph = {item.item_id: contained(item.contents) for item in catalog.of(kind)}
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            circle = list(reversed(error.args[1]))
            item = catalog.items[kind, circle[0]]
            text = f"it contains itself: {' → '.join(circle)}"
            yield finding(kind, item, CONTAINED_AT[kind], Fault.CYCLE, text, "take one of these out of another")


CONTAINED: Mapping[str, Callable[[Any], list[str]]] = {
    OFFERING: lambda contents: [member.offering.id for member in contents.all_members],
    SPECIFICATION: lambda contents: [part.id for part in contents.parts],
    PRICE: lambda contents: [part.id for part in contents.parts],
}
CONTAINED_AT = {OFFERING: "/members", SPECIFICATION: "/parts", PRICE: "/parts"}
