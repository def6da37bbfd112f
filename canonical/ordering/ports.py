"""What ordering needs from outside."""

from typing import Protocol

from canonical.ordering.offers import Offer
from canonical.shared import ports as shared


class Offerings(Protocol):
    """Finds the current offering of a line. Returns None if the catalog does not have it."""

    def by_id(self, offering_id: str) -> Offer | None: ...

    def by_sku(self, sku: str) -> Offer | None: ...


class UnitOfWork(shared.UnitOfWork, Protocol):
    @property
    def offerings(self) -> Offerings: ...
