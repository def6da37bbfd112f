"""What ordering needs from outside."""

from typing import Protocol

from canonical.ordering.offers import Offer
from canonical.shared import ports as shared


class Offerings(Protocol):
    """Finds what a line asks for, as the catalogue has it now; None when it has no such offering."""

    def by_id(self, offering_id: str) -> Offer | None: ...

    def by_sku(self, sku: str) -> Offer | None: ...


class UnitOfWork(shared.UnitOfWork, Protocol):
    @property
    def offerings(self) -> Offerings: ...
