"""Where the catalogue is kept."""

from typing import Protocol

from canonical.catalog.offering import ProductOffering


class Catalog(Protocol):
    """The offerings that can be sold now, each in its current version."""

    def offering(self, offering_id: str) -> ProductOffering | None: ...

    def offering_by_sku(self, sku: str) -> ProductOffering | None: ...

    def offerings(self) -> list[ProductOffering]: ...
