"""Orders that make and change assets, carried out against backends in memory."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from canonical.inventory.asset import ASSETS, Cause, CustomerAsset
from canonical.inventory.contents import AssetCharacteristic, AssetContents, AssetOffering
from canonical.inventory.states import AssetStatus
from canonical.ordering.commands import ItemAction, OrderLine
from canonical.ordering.errors import RuleBroken
from canonical.ordering.order import Order
from canonical.ordering.wishes import ChosenCharacteristic
from tests.support.builders import BROADBAND, NOON, a_change, a_command
from tests.support.fakes import CountingIdentities
from tests.support.memory import Memory
from tests.unit.processes.placing import Placing

BLACK = AssetCharacteristic("colour", "TEXT", "black")


def contents(**changes: Any) -> AssetContents:
    offering = AssetOffering(BROADBAND.id, BROADBAND.version, BROADBAND.name, BROADBAND.sku)
    return replace(AssetContents(name="Broadband", offering=offering, characteristics=(BLACK,)), **changes)


def an_asset(asset_id: str, status: AssetStatus = AssetStatus.ACTIVE, **changes: Any) -> CustomerAsset:
    """One of C12345, made by partner-acme; as read from a store."""
    owner, customer = changes.pop("owner", "partner-acme"), changes.pop("customer_id", "C12345")
    cause = Cause("loaded", "somebody")
    asset = CustomerAsset.create(asset_id, owner, customer, contents(**changes), status, cause, NOON)
    asset.events.clear()
    asset.version = 1
    return asset


class Base:
    """An installed base in memory, and the orders that are placed about it."""

    def __init__(self, *assets: CustomerAsset, most: int = 100, **memory: Any) -> None:
        self.memory: Any = Memory(assets_per_item=most, **memory)
        self.memory.hold(*assets)
        self.identities = CountingIdentities()

    def placing(self, *lines: Any, command: Mapping[str, Any] | None = None, **backends: Any) -> Placing:
        changes: dict[str, Any] = {"lines": lines, "external_identifiers": (), **(command or {})}
        return Placing(command=a_command(**changes), memory=self.memory, identities=self.identities, **backends)

    def placed(self, *lines: Any, command: Mapping[str, Any] | None = None, **backends: Any) -> Order:
        return self.placing(*lines, command=command, **backends).carry_out()

    @property
    def assets(self) -> dict[str, CustomerAsset]:
        return {name: row.aggregate for (kind, name), row in self.memory.rows.items() if kind == ASSETS.name}

    @property
    def claimed(self) -> dict[str, str]:
        """The item that each asset is claimed by."""
        return {claim.asset_id: claim.item_id for claim in self.memory.claims.values()}


WHITE = ChosenCharacteristic("colour", "TEXT", "white")


def modify(asset_id: str = "A", **changes: Any) -> OrderLine:
    line = a_change(id=f"i{asset_id}", action=ItemAction.MODIFY, product_id=asset_id, characteristics=(WHITE,))
    return replace(line, **changes)


def refused(base: Base, error: type[RuleBroken], *lines: OrderLine, **command: Any) -> Any:
    """The error of an order that is refused, and holds nothing."""
    with pytest.raises(error) as found:
        base.placing(*lines, command=command)
    assert base.claimed == {}
    return found.value
