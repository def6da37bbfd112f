"""The order aggregate."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from canonical.ordering.commands import ItemAction, SubmitOrder
from canonical.ordering.events import (
    OrderCancellationAccepted,
    OrderCancellationDenied,
    OrderCancellationRequested,
    OrderCancelled,
    OrderCompleted,
    OrderEvent,
    OrderFailed,
    OrderFellOut,
    OrderFulfilmentStarted,
    OrderResumed,
    OrderSubmitted,
    OrderValidated,
)
from canonical.ordering.states import CATEGORIES, FINISHED, State, StateCategory, Trigger, allowed_actions, next_state
from canonical.shared.errors import InvalidCommand, UnsupportedAction
from canonical.shared.external_identifier import ExternalIdentifier
from canonical.shared.money import Money, total


@dataclass(frozen=True, slots=True)
class RecurringCharge:
    amount: Money
    period: str


@dataclass(frozen=True, slots=True)
class OrderedOffering:
    """The offering as it was when ordered: the order never asks the live catalogue what it meant."""

    id: str
    version: str
    name: str
    sku: str
    one_time: Money
    recurring: tuple[RecurringCharge, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderItem:
    id: str
    action: ItemAction
    quantity: int
    offering: OrderedOffering

    @property
    def one_time_charge(self) -> Money:
        return self.offering.one_time * self.quantity


class PaymentStatus(StrEnum):
    PENDING = "pending"
    SUCCESS = "success"
    DECLINED = "declined"
    REFUNDED = "refunded"
    NOT_CHARGED = "notCharged"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the order failed, in which step, and what was undone because of it (`undone`) or could not be."""

    code: str
    message: str
    step: str
    details: dict[str, Any]
    undone: tuple[str, ...] = ()
    not_undone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    at: datetime
    state: State
    trigger: Trigger


@dataclass(slots=True)
class Order:
    """A commitment to carry out `items` for a customer. `version` is that of the stored order, 0 before."""

    id: str
    owner: str
    customer_id: str
    items: tuple[OrderItem, ...]
    submitted_at: datetime
    state: State = State.DRAFT
    external_identifiers: tuple[ExternalIdentifier, ...] = ()
    requested_start: datetime | None = None
    requested_completion: datetime | None = None
    bss_order_id: str | None = None
    payment: PaymentStatus = PaymentStatus.PENDING
    failure: Failure | None = None
    cancellation_id: str | None = None
    timeline: list[TimelineEntry] = field(default_factory=list)
    version: int = 0
    events: list[OrderEvent] = field(default_factory=list)

    @classmethod
    def submit(cls, order_id: str, command: SubmitOrder, offerings: Sequence[OrderedOffering], at: datetime) -> "Order":
        """A new, acknowledged order. `offerings` stand in the order of the command's lines.

        Raises InvalidCommand or UnsupportedAction with a pointer into the command.
        """
        check_lines(command)
        items = tuple(
            OrderItem(line.id, line.action, line.quantity, offering)
            for line, offering in zip(command.lines, offerings, strict=True)
        )
        order = cls(
            id=order_id,
            owner=command.owner,
            customer_id=command.customer_id,
            items=items,
            submitted_at=at,
            external_identifiers=command.external_identifiers,
            requested_start=command.requested_start,
            requested_completion=command.requested_completion,
        )
        order.amount  # noqa: B018  one currency only: refused here rather than when charging
        order._become(Trigger.SUBMIT, at)
        order._record(OrderSubmitted, at, customer_id=order.customer_id)
        return order

    @property
    def amount(self) -> Money:
        """What is charged when the order is placed: one-time charges × quantity."""
        return total((item.one_time_charge for item in self.items), self.items[0].offering.one_time.currency)

    @property
    def category(self) -> StateCategory:
        return CATEGORIES[self.state]

    @property
    def finished(self) -> bool:
        return self.state in FINISHED

    @property
    def changed_at(self) -> datetime:
        return self.timeline[-1].at

    def allowed_actions(self) -> list[Trigger]:
        return allowed_actions(self.state)

    def start(self, at: datetime) -> None:
        """Its lines and prices are settled; the work begins."""
        self._become(Trigger.VALIDATE, at)
        self._record(OrderValidated, at)
        self._become(Trigger.FULFIL, at)
        self._record(OrderFulfilmentStarted, at)

    def complete(self, bss_order_id: str, at: datetime) -> None:
        self._become(Trigger.COMPLETE, at)
        self.bss_order_id = bss_order_id
        self.payment = PaymentStatus.SUCCESS
        self._record(OrderCompleted, at, bss_order_id=bss_order_id)

    def fail(self, failure: Failure, payment: PaymentStatus, bss_order_id: str | None, at: datetime) -> None:
        """Ended without success, everything undone."""
        self._become(Trigger.FAIL, at)
        self._end(failure, payment, bss_order_id)
        self._record(OrderFailed, at, code=failure.code)

    def fall_out(self, failure: Failure, payment: PaymentStatus, bss_order_id: str | None, at: datetime) -> None:
        """Ended without success, and something could not be undone."""
        self._become(Trigger.FALL_OUT, at)
        self._end(failure, payment, bss_order_id)
        self._record(OrderFellOut, at, code=failure.code)

    def resume(self, at: datetime) -> None:
        """What could not be undone is looked after again."""
        self._become(Trigger.RESUME, at)
        self._record(OrderResumed, at)

    def request_cancellation(self, cancellation_id: str, at: datetime) -> None:
        """Somebody wants it given up; whether that is still possible is found out by the process at work.

        Nothing works on a draft: it is cancelled at once.
        """
        self._become(Trigger.CANCEL, at)
        self.cancellation_id = cancellation_id
        if self.state is State.CANCELLED:
            self.payment = PaymentStatus.NOT_CHARGED
            self._record(OrderCancelled, at, cancellation_id=cancellation_id)
        else:
            self._record(OrderCancellationRequested, at, cancellation_id=cancellation_id)

    def accept_cancellation(self, at: datetime) -> None:
        self._become(Trigger.ACCEPT_CANCELLATION, at)
        self._record(OrderCancellationAccepted, at, cancellation_id=self._cancellation)

    def deny_cancellation(self, at: datetime) -> None:
        """It is too late: back to where it was."""
        passed = (entry.state for entry in reversed(self.timeline))
        former = next((state for state in passed if state is not State.ASSESSING_CANCELLATION), State.DRAFT)
        self._become(DENIALS.get(former, Trigger.DENY_CANCELLATION), at)
        self._record(OrderCancellationDenied, at, cancellation_id=self._cancellation)

    def cancel(self, failure: Failure, payment: PaymentStatus, bss_order_id: str | None, at: datetime) -> None:
        """Given up, everything undone."""
        self._become(Trigger.CONFIRM_CANCELLATION, at)
        self._end(failure, payment, bss_order_id)
        self._record(OrderCancelled, at, cancellation_id=self._cancellation)

    @property
    def _cancellation(self) -> str:
        assert self.cancellation_id is not None
        return self.cancellation_id

    def _end(self, failure: Failure, payment: PaymentStatus, bss_order_id: str | None) -> None:
        self.failure = failure
        self.payment = payment
        self.bss_order_id = bss_order_id

    def _become(self, trigger: Trigger, at: datetime) -> None:
        self.state = next_state(self.state, trigger)
        self.timeline.append(TimelineEntry(at, self.state, trigger))

    def _record(self, event: type[OrderEvent], at: datetime, **facts: str) -> None:
        sequence = len(self.timeline)
        self.events.append(event(order_id=self.id, sequence=sequence, at=at, **facts))


DENIALS = MappingProxyType(
    {
        State.PENDING: Trigger.DENY_CANCELLATION_WHILE_PENDING,
        State.HELD: Trigger.DENY_CANCELLATION_WHILE_HELD,
    }
)
"""How a denied cancellation leads back to where the order was; to fulfilment from anywhere else."""


MAX_LINES = 500
MAX_QUANTITY = 100_000
"""Of one line. What backends take; more is refused here rather than after stock has been moved."""


def check_lines(command: SubmitOrder) -> None:
    """Raises InvalidCommand or UnsupportedAction for what is wrong whatever the catalogue says."""
    if not command.lines:
        raise InvalidCommand("an order needs at least one line", pointer="/lines")
    if len(command.lines) > MAX_LINES:
        raise InvalidCommand(f"an order has at most {MAX_LINES} lines", pointer="/lines")
    first: dict[str, int] = {}
    for index, line in enumerate(command.lines):
        if line.id in first:
            raise InvalidCommand(
                f"the id {line.id[:60]} is used twice", pointer=f"/lines/{index}/id", duplicateOf=first[line.id]
            )
        first[line.id] = index
        if not 1 <= line.quantity <= MAX_QUANTITY:
            text = f"quantity must be from 1 to {MAX_QUANTITY}"
            raise InvalidCommand(text, pointer=f"/lines/{index}/quantity")
        if line.action is not ItemAction.ADD:
            raise UnsupportedAction(
                f"action {line.action} is not carried out yet; allowed: {ItemAction.ADD}",
                pointer=f"/lines/{index}/action",
                allowed=[ItemAction.ADD.value],
            )
