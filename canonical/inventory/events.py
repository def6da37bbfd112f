"""What happened to an asset: ids and hints, not whole aggregates."""

from dataclasses import dataclass
from datetime import datetime

from canonical.inventory.states import AssetStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetEvent:
    """`sequence` counts the events of one asset from 1 without gaps."""

    asset_id: str
    sequence: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerAssetCreated(AssetEvent):
    customer_id: str
    status: AssetStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerAssetChanged(AssetEvent):
    """Something other than its status changed. `fields` are the names of what did."""

    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerAssetStatusChanged(AssetEvent):
    before: AssetStatus
    status: AssetStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerAssetActivated(CustomerAssetStatusChanged):
    pass


@dataclass(frozen=True, slots=True)
class CustomerAssetsLoaded:
    """A job recorded so many assets at once. `sequence` counts its transactions from 1."""

    job_id: str
    sequence: int
    at: datetime
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerAssetRemoved(AssetEvent):
    pass
