"""What an order consists of: its items, and the offerings as they were when ordered."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from canonical.ordering.commands import ItemAction, LineRelationship, OrderLine, SubmitOrder
from canonical.ordering.lines import bundle_of, check_lines
from canonical.ordering.wishes import NO_WISHES, ChosenCharacteristic, WishedTerm, Wishes
from canonical.shared.errors import CurrenciesDiffer
from canonical.shared.money import Money


class Instantiation(StrEnum):
    """What a quantity of a product means for what is kept of it."""

    SERIALIZED = "SERIALIZED"
    COUNTED = "COUNTED"
    NONE = "NONE"


@dataclass(frozen=True, slots=True)
class RecurringCharge:
    amount: Money
    period: str


CHOSEN = "CHOSEN"
UNWISHED = frozenset({ItemAction.NO_CHANGE, ItemAction.DISCONNECT})
"""The product stays as it is, or is taken away: whatever else a line says about it asks for nothing."""


@dataclass(frozen=True, slots=True)
class OrderedCharacteristic:
    """`source` is CHOSEN, or DEFAULT for what the catalog sets where nothing was chosen."""

    name: str
    type: str
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class OrderedPrice:
    """A price of the catalog that applies. `id` is None for one that only its offering has, `amount` for one that
    nobody can tell beforehand. `unit` says what an amount for usage is for, as in "1 GB". `tax_included` None: the
    catalog does not say it.
    """

    id: str | None
    name: str
    type: str
    amount: Money | None
    period: str | None = None
    unit: str | None = None
    tax_included: bool | None = None


@dataclass(frozen=True, slots=True)
class OrderedOffering:
    """The offering as it was when ordered: the order never asks the live catalog what it meant.

    `sku` is what BSS knows it by, and what is taken from stock if it is `stocked`. `one_time` is what one of it is
    charged once, None where the catalog names no price at all. Orders of 0.2.0 have no `prices`. `terms` are those that
    the catalog sells it under. `instantiation` says what a quantity of it means: so many products, one product, or none
    that anybody keeps.
    """

    id: str
    version: str
    name: str
    sku: str
    one_time: Money | None
    recurring: tuple[RecurringCharge, ...] = ()
    stocked: bool = True
    characteristics: tuple[OrderedCharacteristic, ...] = ()
    prices: tuple[OrderedPrice, ...] = ()
    terms: tuple[WishedTerm, ...] = ()
    specification_id: str | None = None
    bundle: bool = False
    instantiation: Instantiation = Instantiation.SERIALIZED


@dataclass(frozen=True, slots=True)
class ItemAssets:
    """The assets that an item makes, or the one that it changes: `becomes` says what that will be like, and `charge` is
    what is charged for what is new about it. `quantity` is that of the asset, where the item asks for no other one.
    """

    ids: tuple[str, ...] = ()
    becomes: OrderedOffering | None = None
    charge: Money | None = None
    quantity: int | None = None


NO_ASSETS = ItemAssets()


@dataclass(frozen=True, slots=True)
class OrderItem:
    """`offering` is what is added, or what an installed product becomes. `product_id` is the installed product, of an
    added one the first that is made.

    `chosen` are the characteristics that were asked for, `wishes` what else was. `part_of` is the item of the bundle
    that it is in. `assets` are what it makes or changes, `reason` why. Orders of 0.3.0 have none of these.
    """

    id: str
    action: ItemAction
    quantity: int
    offering: OrderedOffering | None
    product_id: str | None = None
    chosen: tuple[ChosenCharacteristic, ...] = ()
    wishes: Wishes = NO_WISHES
    part_of: str | None = None
    relationships: tuple[LineRelationship, ...] = ()
    assets: ItemAssets = NO_ASSETS
    reason: str | None = None

    def with_assets(self, assets: ItemAssets) -> "OrderItem":
        made = assets.ids[0] if self.action is ItemAction.ADD and assets.ids else self.product_id
        return replace(self, product_id=made, assets=assets)

    @property
    def added(self) -> OrderedOffering | None:
        """What is taken from stock and charged for once. What changes installed products is billed by their owner."""
        return self.offering if self.action is ItemAction.ADD else None

    @property
    def characteristics(self) -> tuple[OrderedCharacteristic, ...]:
        """What the product is to be like: what was chosen, and of an added one what the catalog sets beside it."""
        if self.added is not None:
            return self.added.characteristics
        return tuple(OrderedCharacteristic(one.name, one.type, one.text, CHOSEN) for one in self.chosen)

    @property
    def terms(self) -> tuple[WishedTerm, ...]:
        """Those that were asked for, or else of an added product those of its offering."""
        return self.wishes.terms or (() if self.added is None else self.added.terms)

    @property
    def recurring(self) -> tuple[RecurringCharge, ...]:
        """What it costs from then on."""
        offering = self.assets.becomes or self.offering
        return () if offering is None else offering.recurring

    @property
    def one_time_charge(self) -> Money | None:
        """Of what changes an asset: what is new about it."""
        if self.added is None:
            return self.assets.charge
        return None if self.added.one_time is None else self.added.one_time * self.quantity


def items_of(command: SubmitOrder, offerings: Sequence[OrderedOffering | None]) -> tuple[OrderItem, ...]:
    """The items of a command's lines; `offerings` are in the same sequence as the lines.

    Raises a kind of InvalidCommand with a pointer into the command.
    """
    check_lines(command.lines)
    parents = bundle_of(command.lines)
    items = tuple(
        _item(line, offering, parents.get(line.id)) for line, offering in zip(command.lines, offerings, strict=True)
    )
    check_currencies(items)
    return items


def _item(line: OrderLine, offering: OrderedOffering | None, part_of: str | None) -> OrderItem:
    chosen, wishes = ((), NO_WISHES) if line.action in UNWISHED else (line.characteristics, line.wishes)
    return OrderItem(
        line.id,
        line.action,
        line.quantity,
        offering,
        line.product_id,
        chosen,
        wishes,
        part_of,
        line.relationships,
        reason=line.reason,
    )


def check_currencies(items: Sequence[OrderItem]) -> None:
    """Refuse several currencies here, before anything is charged."""
    charges = [(index, item.one_time_charge) for index, item in enumerate(items) if item.one_time_charge is not None]
    for index, charge in charges:
        currencies = {charge.currency, charges[0][1].currency}
        if len(currencies) > 1:
            raise CurrenciesDiffer(
                f"one order is charged in one currency, not in {' and '.join(sorted(currencies))}",
                pointer=f"/lines/{index}/offering_id",
                currencies=sorted(currencies),
            )
