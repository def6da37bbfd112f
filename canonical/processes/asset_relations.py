"""How the assets of one order relate to each other."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from canonical.inventory.contents import AssetRelationship, RelationshipType
from canonical.ordering.commands import ItemAction
from canonical.ordering.commands import RelationshipType as LineRelation
from canonical.ordering.items import ItemAssets, OrderItem
from canonical.ordering.order import Order

RELATIONS: Mapping[LineRelation, RelationshipType] = MappingProxyType(
    {LineRelation.DEPENDS_ON: RelationshipType.RELIES_ON, LineRelation.MIGRATES_TO: RelationshipType.MIGRATES_TO}
)
"""What a relationship between two items is between their assets."""


def relations_of_added(
    item: OrderItem, number: int, order: Order, found: Mapping[str, ItemAssets]
) -> Iterator[AssetRelationship]:
    """Of the product `number` of an added item: the bundle that it is in, its parts, and what it relies on."""
    if item.part_of is not None and (bundles := found.get(item.part_of, ItemAssets()).ids):
        yield AssetRelationship(
            RelationshipType.BUNDLED_BY, bundles[_bundle_of(number, len(found[item.id].ids), bundles)]
        )
    bundles = found[item.id].ids
    for part in order.items:
        ids = found.get(part.id, ItemAssets()).ids if part.part_of == item.id else ()
        for at, asset_id in enumerate(ids):
            if part.action is not ItemAction.ADD or bundles[_bundle_of(at, len(ids), bundles)] == bundles[number]:
                yield AssetRelationship(RelationshipType.BUNDLES, asset_id)
    for one in item.relationships:
        related = found.get(one.line_id, ItemAssets()).ids
        if one.type in RELATIONS and related:
            yield AssetRelationship(RELATIONS[one.type], related[0])


def _bundle_of(number: int, count: int, bundles: Sequence[str]) -> int:
    """In which of the bundles the product `number` of `count` is: as many in each, or else all in the first."""
    return number // (count // len(bundles)) if count % len(bundles) == 0 else 0


def relations_since(item: OrderItem, order: Order) -> Iterator[AssetRelationship]:
    """What an asset that the order changes is related to since: new parts of it, and what it migrates to."""
    by_id = {one.id: one for one in order.items}
    for part in order.items:
        if part.part_of == item.id and part.action is ItemAction.ADD:
            yield from (AssetRelationship(RelationshipType.BUNDLES, one) for one in part.assets.ids)
    for one in item.relationships:
        related = by_id[one.line_id].assets.ids if one.line_id in by_id else ()
        if one.type in RELATIONS and related:
            yield AssetRelationship(RELATIONS[one.type], related[0])
