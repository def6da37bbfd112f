"""What ordering needs from outside."""

from typing import Protocol

from canonical.ordering.items import OrderedOffering
from canonical.shared import ports as shared


class Offerings(Protocol):
    """Finds what a line asks for, as it can be sold now; None when the catalogue has no such offering."""

    def by_id(self, offering_id: str) -> OrderedOffering | None: ...

    def by_sku(self, sku: str) -> OrderedOffering | None: ...


class UnitOfWork(shared.UnitOfWork, Protocol):
    @property
    def offerings(self) -> Offerings: ...
