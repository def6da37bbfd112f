"""What can be asked of orders."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from canonical.shared.external_identifier import ExternalIdentifier


class ItemAction(StrEnum):
    """What a line does to the customer's products. Never one UPDATE: how each is undone differs."""

    ADD = "ADD"
    MODIFY = "MODIFY"
    DISCONNECT = "DISCONNECT"
    MOVE = "MOVE"
    SUSPEND = "SUSPEND"
    RESUME = "RESUME"
    NO_CHANGE = "NO_CHANGE"


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line asked for. Either `offering_id` or `sku` says what; `id` is the caller's and unique in the order."""

    id: str
    quantity: int
    action: ItemAction = ItemAction.ADD
    offering_id: str | None = None
    sku: str | None = None


@dataclass(frozen=True, slots=True)
class SubmitOrder:
    """Place an order for `customer_id` on behalf of `owner`, the client that may see it afterwards."""

    owner: str
    customer_id: str
    lines: tuple[OrderLine, ...]
    external_identifiers: tuple[ExternalIdentifier, ...] = ()
    requested_start: datetime | None = None
    requested_completion: datetime | None = None


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Give up `order_id`. `owner` is the client that asks and may see the cancellation afterwards."""

    owner: str
    order_id: str
    reason: str | None = None
    requested_at: datetime | None = None
