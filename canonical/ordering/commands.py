"""The commands on orders."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from canonical.ordering.external_ids import ANY_UNIQUE, ExternalIdRules
from canonical.ordering.wishes import NO_WISHES, ChosenCharacteristic, Wishes
from canonical.shared.external_identifier import ExternalIdentifier
from canonical.shared.reader import Reader


class ItemAction(StrEnum):
    """What a line does to the customer's products. Never one UPDATE: how each is undone differs."""

    ADD = "ADD"
    MODIFY = "MODIFY"
    DISCONNECT = "DISCONNECT"
    MOVE = "MOVE"
    SUSPEND = "SUSPEND"
    RESUME = "RESUME"
    NO_CHANGE = "NO_CHANGE"


class RelationshipType(StrEnum):
    """How a line relates to another of the same order."""

    DEPENDS_ON = "DEPENDS_ON"
    ENABLES = "ENABLES"
    BRINGS = "BRINGS"
    BUNDLES = "BUNDLES"
    BUNDLED_BY = "BUNDLED_BY"
    MIGRATES_TO = "MIGRATES_TO"


@dataclass(frozen=True, slots=True)
class LineRelationship:
    """A relationship from the line that has it to the line `line_id`."""

    type: RelationshipType
    line_id: str


class OrderRelationshipType(StrEnum):
    """How an order relates to something that was there before."""

    DERIVED_FROM_QUOTE = "ORDER_DERIVED_FROM_QUOTE"
    AMENDS_ORDER = "ORDER_AMENDS_ORDER"
    CANCELS_ORDER = "ORDER_CANCELS_ORDER"


@dataclass(frozen=True, slots=True)
class OrderRelationship:
    """A relationship from the order that has it to another order, or to a quote. It is recorded, and changes nothing
    about the other one.
    """

    type: OrderRelationshipType
    id: str


class PriceKind(StrEnum):
    ONE_TIME = "ONE_TIME"
    RECURRING = "RECURRING"


@dataclass(frozen=True, slots=True)
class StatedPrice:
    """A price as whoever orders states it, with tax, without, or both. `period` (month, year…) is set for recurring
    charges. `whole`: for the line with all its quantity rather than for one of it.
    """

    kind: PriceKind
    currency: str
    with_tax: Decimal | None
    without_tax: Decimal | None
    period: str | None = None
    whole: bool = True


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line of the command.

    The caller chooses `id`, which is unique in the order. A line that adds a product names `offering_id` or `sku`. A
    line that changes one names `product_id`, the installed product, and perhaps the offering that it becomes. `part_of`
    is the line around it. `if_active`: the action instead, if the product is active already and something is to be
    different about it. `reason` is a person's, for the timeline of the product that it changes.
    """

    id: str
    quantity: int
    action: ItemAction = ItemAction.ADD
    offering_id: str | None = None
    sku: str | None = None
    product_id: str | None = None
    part_of: str | None = None
    relationships: tuple[LineRelationship, ...] = ()
    characteristics: tuple[ChosenCharacteristic, ...] = ()
    wishes: Wishes = NO_WISHES
    stated_prices: tuple[StatedPrice, ...] = ()
    reason: str | None = None
    if_active: ItemAction | None = None


@dataclass(frozen=True, slots=True)
class OrderMarket:
    """Where something is ordered: ids of channels, segments and places, none where that makes no difference. `hides`:
    the client must not learn what is sold elsewhere.
    """

    channels: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    hides: bool = False


@dataclass(frozen=True, slots=True)
class SubmitOrder:
    """Place an order for `customer_id` on behalf of `owner`, the client that may see it afterwards.

    A `draft` is only stored; it can be amended and submitted later. What it names has to be sold in each of `markets`.
    `stated_prices` are of the whole order. `tolerated` are codes of rules (kinds of RuleBroken) that it may break, as
    was agreed with the client, and `excusable` those that a line with a reason may break; so were `external_id_rules`
    and `billing_accounts`: it may name these only, or any if there are none. `agreed_version` names the version of all
    this. `reader` says which assets the client
    sees, and for which customers it may act; with None it sees its own assets and acts for all.
    """

    owner: str
    customer_id: str
    lines: tuple[OrderLine, ...]
    external_identifiers: tuple[ExternalIdentifier, ...] = ()
    requested_start: datetime | None = None
    requested_completion: datetime | None = None
    draft: bool = False
    markets: tuple[OrderMarket, ...] = ()
    stated_prices: tuple[StatedPrice, ...] = ()
    tolerated: tuple[str, ...] = ()
    excusable: tuple[str, ...] = ()
    reader: Reader | None = None
    external_id_rules: ExternalIdRules = ANY_UNIQUE
    relationships: tuple[OrderRelationship, ...] = ()
    billing_account_id: str | None = None
    billing_accounts: tuple[str, ...] = ()
    agreed_version: str | None = None


@dataclass(frozen=True, slots=True)
class AmendOrder:
    """Give the order these `contents`, as if it had been placed with them.

    Its owner stays. Here and below, `expected_version` is the version that the change was planned on.
    """

    order_id: str
    expected_version: int
    contents: SubmitOrder


@dataclass(frozen=True, slots=True)
class AnnotateOrder:
    """Change the remarks on the order. `relationships` None leaves them as they are. `tolerated` and what follows are
    as in SubmitOrder.
    """

    order_id: str
    expected_version: int
    external_identifiers: tuple[ExternalIdentifier, ...]
    relationships: tuple[OrderRelationship, ...] | None = None
    tolerated: tuple[str, ...] = ()
    reader: Reader | None = None
    external_id_rules: ExternalIdRules = ANY_UNIQUE


@dataclass(frozen=True, slots=True)
class SubmitDraft:
    """Submit the draft with these `contents`, to be carried out."""

    order_id: str
    expected_version: int
    contents: SubmitOrder


@dataclass(frozen=True, slots=True)
class RemoveOrder:
    """Permanently remove an order that has ended, or a draft. `expected_version` None removes any version."""

    order_id: str
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class RejectOrder:
    """Acknowledge an order of `owner` and reject it at once.

    `customer_id` is the customer that it names, or empty. `errors` are the reasons: JSON objects with a message each.
    `code` and `message` summarise them. `agreed_version` is as in SubmitOrder.
    """

    owner: str
    customer_id: str
    code: str
    message: str
    errors: tuple[dict[str, object], ...]
    agreed_version: str | None = None


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Cancel the order `order_id`. `owner` is the client that asks and may see the cancellation afterwards."""

    owner: str
    order_id: str
    reason: str | None = None
    requested_at: datetime | None = None
