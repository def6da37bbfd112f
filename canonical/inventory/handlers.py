"""The handlers of the commands. Each works inside a unit of work that the caller commits."""

from types import MappingProxyType

from canonical.inventory.asset import ASSET, ASSETS, Cause, CustomerAsset
from canonical.inventory.commands import CorrectAsset, RecordAsset, RemoveAsset
from canonical.inventory.errors import AssetExists, AssetInOrder, AssetInUse, AssetNotFound
from canonical.inventory.ports import Claim, UnitOfWork
from canonical.inventory.states import trigger_between
from canonical.shared.aggregates import Link, require_version
from canonical.shared.ports import Clock, Handlers, Identities


def record_asset(command: RecordAsset, work: UnitOfWork, clock: Clock, identities: Identities) -> CustomerAsset:
    """Raises AssetExists."""
    asset_id = command.asset_id or identities.new_id()
    if command.asset_id is not None:
        _hold(asset_id, work)
        if _is_known(asset_id, work):
            raise AssetExists("an asset has this id already", pointer="/asset_id", assetId=asset_id)
    asset = CustomerAsset.create(
        asset_id,
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
    kept = command.changes_carried
    asset.change(trigger, cause, clock.now(), command.contents, command.customer_id, changes_carried=kept)
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
    _hold(command.asset_id, work)
    asset = work.repository(ASSETS).get(command.asset_id)
    require_version(asset, command.expected_version)
    return asset


def _is_known(asset_id: str, work: UnitOfWork) -> bool:
    try:
        work.repository(ASSETS).get(asset_id)
    except AssetNotFound:
        return False
    return True


def _hold(asset_id: str, work: UnitOfWork) -> None:
    """Until the unit of work ends, nobody else claims or corrects the asset. Raises AssetInOrder."""
    claim = Claim(asset_id, order_id="", item_id="", action="correct")
    if work.claims.take((claim,)) is not None:
        raise AssetInOrder("an order is about to change the asset", assetId=asset_id)
    work.claims.release(claim.order_id)


HANDLERS: Handlers = MappingProxyType(
    {
        RecordAsset: record_asset,
        CorrectAsset: correct_asset,
        RemoveAsset: remove_asset,
    }
)
