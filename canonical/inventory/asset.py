"""The customer asset: one product that a customer has, had, or is getting."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from canonical.inventory.contents import AssetContents, AssetOrder
from canonical.inventory.errors import AssetNotFound, AssetUnchanged
from canonical.inventory.events import (
    AssetEvent,
    CustomerAssetActivated,
    CustomerAssetChanged,
    CustomerAssetCreated,
    CustomerAssetRemoved,
    CustomerAssetsLoaded,
    CustomerAssetStatusChanged,
)
from canonical.inventory.states import AssetStatus, Trigger, next_status
from canonical.shared.aggregates import Kind, Link
from canonical.shared.notation import scientific

USABLE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,35}")
"""What an id of an asset is like that somebody else chose: it fits into an address and into the store."""
_NAMES = tuple(one.name for one in fields(AssetContents))


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an asset changes: an item of an order, or else a correction or a load by `actor` with a `reason`."""

    reason: str
    actor: str
    order: AssetOrder | None = None


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One change. `before` are the contents that it replaced, None for the first entry and where only the status
    changed.
    """

    at: datetime
    trigger: Trigger
    status: AssetStatus
    customer_id: str
    cause: Cause
    before: AssetContents | None = None


@dataclass(slots=True)
class CustomerAsset:
    """What `customer_id` has. `owner` is the client that ordered or recorded it. `state` is its status."""

    id: str
    owner: str
    customer_id: str
    contents: AssetContents
    created_at: datetime
    state: AssetStatus = AssetStatus.CREATED
    timeline: list[TimelineEntry] = field(default_factory=list)
    recorded: int = 0
    version: int = 0
    events: list[AssetEvent] = field(default_factory=list)

    @classmethod
    def create(
        cls,
        asset_id: str,
        owner: str,
        customer_id: str,
        contents: AssetContents,
        status: AssetStatus,
        cause: Cause,
        at: datetime,
    ) -> "CustomerAsset":
        asset = cls(asset_id, owner, customer_id, contents, at, status)
        asset.timeline.append(TimelineEntry(at, Trigger.CORRECT, status, customer_id, cause))
        asset._record(CustomerAssetCreated, at, customer_id=customer_id, status=status)
        return asset

    @property
    def changed_at(self) -> datetime:
        return self.timeline[-1].at

    @property
    def removed(self) -> bool:
        return bool(self.events) and isinstance(self.events[-1], CustomerAssetRemoved)

    @property
    def orders(self) -> tuple[AssetOrder, ...]:
        """The items of orders that touched it, oldest first."""
        return tuple(entry.cause.order for entry in self.timeline if entry.cause.order is not None)

    def change(
        self,
        trigger: Trigger,
        cause: Cause,
        at: datetime,
        contents: AssetContents | None = None,
        customer_id: str | None = None,
        *,
        changes_carried: bool = False,
    ) -> None:
        """Bring it to the status that `trigger` leads to, with these contents and this customer if they are given.

        `changes_carried`: something that is only kept beside the asset changes with it. Raises InvalidTransition, or
        AssetUnchanged where nothing would be different.
        """
        status, was, before = next_status(self.state, trigger), self.state, self.contents
        contents = _dated(contents or before, trigger, at)
        changed = differences(before, contents)
        moved = customer_id not in (None, self.customer_id)
        if not changed and not moved and status is was and not changes_carried:
            raise AssetUnchanged("the asset is like that already", pointer="")
        self.state, self.contents, self.customer_id = status, contents, customer_id or self.customer_id
        kept = before if changed else None
        self.timeline.append(TimelineEntry(at, trigger, status, self.customer_id, cause, kept))
        if status is not was:
            event = CustomerAssetActivated if trigger is Trigger.ACTIVATE else CustomerAssetStatusChanged
            self._record(event, at, before=was, status=status)
        else:
            names = (*changed, "customer_id") if moved else tuple(changed)
            self._record(CustomerAssetChanged, at, fields=names)

    def remove(self, at: datetime) -> None:
        self._record(CustomerAssetRemoved, at)

    def _record(self, event: type[AssetEvent], at: datetime, **facts: Any) -> None:
        self.recorded += 1
        self.events.append(event(asset_id=self.id, sequence=self.recorded, at=at, **facts))


def differences(before: AssetContents, after: AssetContents) -> Mapping[str, tuple[Any, Any]]:
    """What differs, by the names of the fields: as it was, and as it is."""
    pairs = ((name, getattr(before, name), getattr(after, name)) for name in _NAMES)
    return {name: (old, new) for name, old, new in pairs if old != new}


def _dated(contents: AssetContents, trigger: Trigger, at: datetime) -> AssetContents:
    """It begins when it is activated, and ends when it is terminated."""
    if trigger is Trigger.ACTIVATE and contents.started_at is None:
        return replace(contents, started_at=at)
    if trigger is Trigger.TERMINATE and contents.ended_at is None:
        return replace(contents, ended_at=at)
    return contents


def found_by_value(name: str, value: str | int | Decimal) -> tuple[str, str]:
    """The index and the text in it by which an asset with this value of a characteristic is found: numbers by value."""
    if isinstance(value, str):
        return "characteristic", f"{name}={value}"
    return "characteristic:number", f"{name}={scientific(value)}"


def _found_by(asset: CustomerAsset) -> Collection[tuple[str, str]]:
    """Its customer and its offering, each characteristic by its name and value, its places, and the orders that touched
    it.
    """
    customers = [("customer", asset.customer_id)] if asset.customer_id else []
    offering = asset.contents.offering
    offerings = [] if offering is None else [("offering", offering.id)]
    values = (
        found_by_value(one.name, Decimal(one.text) if one.type == "NUMBER" else one.text)
        for one in asset.contents.characteristics
    )
    orders = (("order", one.order_id) for one in asset.orders)
    places = (("place", one.id) for one in asset.contents.places if one.id is not None)
    return (*customers, *offerings, *values, *orders, *places)


def _links(asset: CustomerAsset) -> frozenset[Link]:
    """The offering that it was made from, which the catalog keeps as long as it does; and the assets it relates to."""
    offering = asset.contents.offering
    related = (Link(ASSET, one.asset_id) for one in asset.contents.relationships)
    return frozenset((*related, *(() if offering is None else (Link("offering", offering.id),))))


ASSET = "asset"
ASSETS = Kind(
    ASSET,
    CustomerAsset,
    missing=lambda asset_id: AssetNotFound("Asset not found", assetId=asset_id),
    reference=lambda asset: asset.contents.subscription_id,
    removed=lambda asset: asset.removed,
    links=_links,
    found_by=_found_by,
    recorded=(AssetEvent, CustomerAssetsLoaded),
)
