"""What happened to an order or to its cancellation: ids and hints, not whole aggregates."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEvent:
    """`sequence` counts the events of one order from 1 without gaps."""

    order_id: str
    sequence: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDrafted(OrderEvent):
    customer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSubmitted(OrderEvent):
    customer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRejected(OrderEvent):
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAmended(OrderEvent):
    """The items, the customer or the requested times of the order changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAnnotated(OrderEvent):
    """Something is said about it that no process reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRemoved(OrderEvent):
    """The last event of an order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderValidated(OrderEvent):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFulfilmentStarted(OrderEvent):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCompleted(OrderEvent):
    bss_order_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFailed(OrderEvent):
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFellOut(OrderEvent):
    """Something could not be undone: a person has to decide."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderResumed(OrderEvent):
    """The process tries again to undo the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancellationRequested(OrderEvent):
    cancellation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancellationAccepted(OrderEvent):
    cancellation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancellationDenied(OrderEvent):
    cancellation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelled(OrderEvent):
    cancellation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancellationEvent:
    """`sequence` counts the events of one cancellation from 1 without gaps. The order has events of its own."""

    cancellation_id: str
    order_id: str
    sequence: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CancellationCreated(CancellationEvent):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class CancellationAccepted(CancellationEvent):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class CancellationDone(CancellationEvent):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class CancellationDenied(CancellationEvent):
    milestone: str
