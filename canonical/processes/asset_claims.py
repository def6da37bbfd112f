"""The claims of an order that claims what it changes when it begins, long after it was acknowledged."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Protocol

from canonical.inventory.asset import ASSETS, CustomerAsset
from canonical.inventory.errors import AssetInOrder
from canonical.inventory.ports import Claim, Claims
from canonical.ordering.errors import ProductOfAnotherCustomer, ProductStatus
from canonical.ordering.items import OrderItem
from canonical.ordering.lines import CHANGES_A_PRODUCT
from canonical.ordering.order import Order
from canonical.processes.asset_rules import allowed_actions, broken_rules, parts_of
from canonical.shared.ports import UnitOfWork as SharedUnitOfWork


class ClaimingWork(SharedUnitOfWork, Protocol):
    @property
    def claims(self) -> Claims: ...


def claim_at_start(order: Order, work: ClaimingWork, get: Callable[[str], CustomerAsset], at: datetime) -> None:
    """Claim the assets that the order changes, with the parts that they have when they are claimed. `get` reads one.

    Raises AssetInOrder, or a kind of RuleBroken for what has changed since the order was acknowledged.
    """
    changed = {one: item for item in order.items if item.action in CHANGES_A_PRODUCT for one in item.assets.ids}
    had = _claimed_by(order, changed, work)
    while missing := _unclaimed(order, changed, work, get):
        claims = [Claim(one, order.id, item.id, item.action.value) for one, item in missing.items()]
        if (other := work.claims.take(claims)) is not None:
            text = "another order that has not ended is about to change the product"
            raise AssetInOrder(text, assetId=other.asset_id)
        for asset_id in missing:
            work.repository(ASSETS).forget(asset_id)
    for asset_id, item in changed.items():
        if asset_id not in had:
            _judge_again(get(asset_id), item, order, at)


def _unclaimed(
    order: Order, changed: Mapping[str, OrderItem], work: ClaimingWork, get: Callable[[str], CustomerAsset]
) -> dict[str, OrderItem]:
    found = dict(changed)
    for asset_id, item in changed.items():
        for part in parts_of(asset_id, get):
            found.setdefault(part, item)
    claimed = _claimed_by(order, found, work)
    return {one: item for one, item in found.items() if one not in claimed}


def _claimed_by(order: Order, asset_ids: Collection[str], work: ClaimingWork) -> set[str]:
    return {claim.asset_id for claim in work.claims.of(asset_ids) if claim.order_id == order.id}


def _judge_again(asset: CustomerAsset, item: OrderItem, order: Order, at: datetime) -> None:
    if asset.customer_id != order.customer_id and ProductOfAnotherCustomer.code not in order.tolerated:
        text = "the product is one of another customer since the order was acknowledged"
        raise ProductOfAnotherCustomer(text, productId=asset.id)
    if item.action not in allowed_actions(asset.state) and ProductStatus.code not in order.tolerated:
        broken = next(broken_rules(asset, item.action, at))
        raise broken.error(broken.message, **broken.details)
