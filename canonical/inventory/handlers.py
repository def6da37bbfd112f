"""The handlers of the commands. Each works inside a unit of work that the caller commits."""

from types import MappingProxyType

from canonical.inventory.asset import ASSET, ASSETS, Cause, CustomerAsset
from canonical.inventory.commands import CorrectAsset, RecordAsset, RemoveAsset
from canonical.inventory.errors import AssetInOrder, AssetInUse
from canonical.inventory.ports import UnitOfWork
from canonical.inventory.states import trigger_between
from canonical.shared.aggregates import Link, require_version
from canonical.shared.ports import Clock, Handlers, Identities


def record_asset(command: RecordAsset, work: UnitOfWork, clock: Clock, identities: Identities) -> CustomerAsset:
    """Raises AssetExists."""
    asset = CustomerAsset.create(
        command.asset_id or identities.new_id(),
        command.owner,
        command.customer_id,
        command.contents,
        command.status,
        Cause(command.reason, command.owner),
        clock.now(),
    )
    work.repository(ASSETS).add(asset)
    return asset


def correct_asset(command: CorrectAsset, work: UnitOfWork, clock: Clock, identities: Identities) -> CustomerAsset:
    """Raises AssetNotFound, AssetInOrder, InvalidTransition, AssetUnchanged or ConcurrentChange."""
    asset = _free(command, work)
    cause = Cause(command.reason, command.actor)
    trigger = trigger_between(asset.state, command.status)
    asset.change(trigger, cause, clock.now(), command.contents, command.customer_id)
    return asset


def remove_asset(command: RemoveAsset, work: UnitOfWork, clock: Clock, identities: Identities) -> CustomerAsset:
    """Raises AssetNotFound, AssetInOrder, AssetInUse or ConcurrentChange."""
    asset = _free(command, work)
    by = work.referring(Link(ASSET, asset.id), ("order", ASSET), {asset.id})
    if by is not None:
        raise AssetInUse(f"{by} refers to the asset", assetId=asset.id, by=by)
    asset.remove(clock.now())
    return asset


def _free(command: CorrectAsset | RemoveAsset, work: UnitOfWork) -> CustomerAsset:
    asset = work.repository(ASSETS).get(command.asset_id)
    require_version(asset, command.expected_version)
    for claim in work.claims.of((asset.id,)):
        raise AssetInOrder("an order is about to change the asset", assetId=asset.id, orderId=claim.order_id)
    return asset


HANDLERS: Handlers = MappingProxyType(
    {
        RecordAsset: record_asset,
        CorrectAsset: correct_asset,
        RemoveAsset: remove_asset,
    }
)
