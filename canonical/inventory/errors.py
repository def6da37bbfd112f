"""The errors of the installed base.

InvalidCommand
└── AssetUnchanged    a change that would change nothing
NotFound
└── AssetNotFound     the asset does not exist, or is not the caller's
Conflict
├── AssetExists       an asset has this id already
├── AssetInOrder      an order that has not ended is about to change the asset
└── AssetInUse        orders or other assets name the asset
"""

from canonical.shared.errors import Conflict, InvalidCommand, NotFound


class AssetUnchanged(InvalidCommand):
    code = "ASSET_UNCHANGED"


class AssetNotFound(NotFound):
    """`details`: assetId."""

    code = "ASSET_NOT_FOUND"


class AssetExists(Conflict):
    """`details`: assetId."""

    code = "ASSET_EXISTS"


class AssetInOrder(Conflict):
    """`details`: assetId, and orderId if it is an order that is refused and the caller may see the pending one."""

    code = "ASSET_IN_ORDER"


class AssetInUse(Conflict):
    """`details`: assetId, and by, the kind of what names it."""

    code = "ASSET_IN_USE"
