"""What the installed base needs from outside."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from canonical.shared import ports as shared
from canonical.shared.aggregates import Link


@dataclass(frozen=True, slots=True)
class Claim:
    """The item of an order that has not ended and that is about to change an asset."""

    asset_id: str
    order_id: str
    item_id: str
    action: str


class Claims(Protocol):
    """At most one for each asset. They are written with the unit of work that they belong to."""

    def take(self, claims: Collection[Claim], /) -> Claim | None:
        """Take them all, or none: returns one that stands in the way. None when they are taken."""
        ...

    def of(self, asset_ids: Collection[str], /) -> list[Claim]: ...

    def release(self, order_id: str, /) -> None:
        """All that this order has."""
        ...


class UnitOfWork(shared.UnitOfWork, Protocol):
    @property
    def claims(self) -> Claims: ...

    def referring(self, link: Link, kinds: Collection[str], but: Collection[str], /) -> str | None:
        """The kind of an aggregate that refers to it, of these kinds and other than those ids."""
        ...
