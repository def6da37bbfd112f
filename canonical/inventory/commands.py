"""What administrators may ask for. Everything else that changes assets is an order."""

from dataclasses import dataclass

from canonical.inventory.contents import AssetContents
from canonical.inventory.states import AssetStatus


@dataclass(frozen=True, slots=True)
class RecordAsset:
    """Record what a customer has, as another system says. `asset_id` None: it gets an id of ours."""

    owner: str
    customer_id: str
    contents: AssetContents
    status: AssetStatus
    reason: str
    asset_id: str | None = None


@dataclass(frozen=True, slots=True)
class CorrectAsset:
    """Record these contents, this customer and this status. `expected_version` is what the correction was planned on;
    None accepts any version. `changes_carried`: something that is only kept beside the asset changes with it.
    """

    asset_id: str
    actor: str
    customer_id: str
    contents: AssetContents
    status: AssetStatus
    reason: str
    expected_version: int | None = None
    changes_carried: bool = False


@dataclass(frozen=True, slots=True)
class RemoveAsset:
    asset_id: str
    actor: str
    reason: str
    expected_version: int | None = None
