"""What the catalog needs from outside."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol

from canonical.catalog.item import Item
from canonical.catalog.references import Reference
from canonical.shared.aggregates import A, Kind, Link, Repository


class Publications(Protocol):
    """Counts what is published, so that readers notice, and lets changes of the catalog in one after the other."""

    def take_turn(self) -> None:
        """Wait for changes of the catalog that are under way, and keep later ones waiting until this one is committed.

        Otherwise two changes made at once could each be right and together be wrong.
        """
        ...

    def count(self) -> None:
        """Tell readers that what they remember may be old."""
        ...


class Shelf(Protocol):
    """What the catalog has, as it is committed. Whoever reads an item must not change it."""

    def find(self, kind: Kind[Any], reference: Reference, at: datetime, /) -> Item | None:
        """The version that the reference names, or the one that is found by the item's id at the moment."""
        ...


class OrderShelf(Shelf, Protocol):
    """What orders ask besides."""

    def expect(self, kind: Kind[Any], item_ids: Collection[str], at: datetime, /) -> None:
        """Read what `find` will be asked for of these items, without a version, at the moment."""
        ...

    def expect_rules_about(self, offering_ids: Collection[str], at: datetime, /) -> None:
        """Read the rules that name these offerings."""
        ...

    def with_sku(self, sku: str, at: datetime, /) -> Sequence[str]:
        """The ids of offerings of which a version that is or will be found takes this from stock."""
        ...

    def rules_about(self, offering_id: str, at: datetime, /) -> Sequence[Item]:
        """The rules that name the offering, each in the version that is found at the moment."""
        ...


class UnitOfWork(Protocol):
    """What handlers take of a unit of work, which the caller commits."""

    def repository(self, kind: Kind[A], /) -> Repository[A]: ...

    @property
    def publications(self) -> Publications: ...

    def referring(self, link: Link, kinds: Iterable[str], but: Collection[str], /) -> str | None:
        """The first of `kinds` of which something that was committed has this link, and none of the ids `but`; None for
        none.
        """
        ...


class SellingWork(UnitOfWork, Protocol):
    """One that can also tell whether an offering can be sold."""

    @property
    def shelf(self) -> OrderShelf: ...
