"""What ordering needs from outside."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from canonical.ordering.assets import HeldAsset
from canonical.ordering.commands import SubmitOrder
from canonical.ordering.items import ItemAssets, OrderedOffering, OrderItem
from canonical.ordering.offers import Offer
from canonical.ordering.order import Order
from canonical.shared import ports as shared
from canonical.shared.external_identifier import ExternalIdentifier
from canonical.shared.ports import Identities


class Offerings(Protocol):
    """Finds the current offering of a line. Returns None if the catalog does not have it."""

    def expect(self, offering_ids: Collection[str]) -> None:
        """Read these offerings all at once: they will be asked for."""
        ...

    def by_id(self, offering_id: str) -> Offer | None: ...

    def by_sku(self, sku: str) -> Offer | None: ...


class Assets(Protocol):
    """The installed base, inside the unit of work of the order that changes it."""

    def hold(self, command: SubmitOrder, order_id: str, /) -> Mapping[str, HeldAsset]:
        """Claim the assets that the lines change, for this order. Returns them by the ids of their lines; a line is
        missing if nobody knows its product and the client may order it nevertheless.

        Raises a kind of InvalidCommand, or a Conflict if another order holds one of them.
        """
        ...

    def acknowledge(
        self,
        order: Order,
        command: SubmitOrder,
        becoming: Mapping[str, OrderedOffering],
        identities: Identities,
        at: datetime,
        former: Sequence[OrderItem] = (),
        /,
    ) -> Mapping[str, ItemAssets]:
        """Make the assets that the order adds. `becoming`: what the assets that it changes will be like, by the ids of
        their items. `former` are the items that it was acknowledged with before. Raises a kind of RuleBroken.
        """
        ...

    def begin(self, order: Order, /) -> None:
        """Claim what it changes, unless it holds that already. Raises AssetInOrder, or a kind of RuleBroken if that may
        not be changed any more.
        """
        ...

    def let_go(self, order: Order, /) -> None:
        """Give back what the order holds, because it is about to be acknowledged again with other items."""
        ...

    def complete(self, order: Order, at: datetime, /) -> None:
        """Give what was added to the customer, and make the changes."""
        ...

    def fail(self, order: Order, at: datetime, /) -> None:
        """Nothing was changed, and nothing is added."""
        ...

    def cancel(self, order: Order, at: datetime, /) -> None:
        """The same because somebody asked for it."""
        ...


@dataclass(frozen=True, slots=True)
class ExternalIdClaim:
    """An order of the client `owner` has this external identifier."""

    owner: str
    identifier: ExternalIdentifier
    order_id: str


class ExternalIdClaims(Protocol):
    """At most one for each client and external identifier. They are written with the unit of work that they belong
    to.
    """

    def take(self, claims: Collection[ExternalIdClaim], /) -> ExternalIdClaim | None:
        """Take them all, or none: returns one of another order that stands in the way. None when they are taken."""
        ...

    def release(self, order_id: str, only: Collection[ExternalIdentifier] | None = None, /) -> None:
        """Release all claims of the order, or `only` these."""
        ...


class UnitOfWork(shared.UnitOfWork, Protocol):
    @property
    def assets(self) -> Assets: ...

    @property
    def offerings(self) -> Offerings: ...

    @property
    def external_ids(self) -> ExternalIdClaims: ...
