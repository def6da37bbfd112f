"""The order aggregate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from canonical.ordering import errors
from canonical.ordering.commands import OrderRelationship, RejectOrder, SubmitOrder
from canonical.ordering.events import (
    OrderAmended,
    OrderAnnotated,
    OrderCancellationAccepted,
    OrderCancellationDenied,
    OrderCancellationRequested,
    OrderCancelled,
    OrderCompleted,
    OrderDrafted,
    OrderEvent,
    OrderFailed,
    OrderFellOut,
    OrderFulfilmentStarted,
    OrderRejected,
    OrderRemoved,
    OrderResumed,
    OrderSubmitted,
    OrderValidated,
)
from canonical.ordering.items import ItemAssets, OrderedOffering, OrderItem, check_currencies, items_of
from canonical.ordering.states import (
    CATEGORIES,
    FINISHED,
    REMOVABLE,
    State,
    StateCategory,
    Trigger,
    allowed_actions,
    next_state,
)
from canonical.shared.aggregates import Kind, Link
from canonical.shared.errors import InvalidTransition
from canonical.shared.external_identifier import ExternalIdentifier
from canonical.shared.failure import Failure
from canonical.shared.money import Money, total


class PaymentStatus(StrEnum):
    PENDING = "pending"
    SUCCESS = "success"
    DECLINED = "declined"
    REFUNDED = "refunded"
    NOT_CHARGED = "notCharged"


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    at: datetime
    state: State
    trigger: Trigger


@dataclass(slots=True)
class Order:
    """A commitment to carry out `items` for a customer. `version` is that of the stored order, 0 before. `tolerated`
    are codes of rules that it may break, as was agreed with the client when it was placed; `agreed_version` names that
    version of what was agreed. Whatever is decided about the order later goes by them.
    """

    id: str
    owner: str
    customer_id: str
    items: tuple[OrderItem, ...]
    submitted_at: datetime
    state: State = State.DRAFT
    external_identifiers: tuple[ExternalIdentifier, ...] = ()
    relationships: tuple[OrderRelationship, ...] = ()
    billing_account_id: str | None = None
    requested_start: datetime | None = None
    requested_completion: datetime | None = None
    tolerated: tuple[str, ...] = ()
    agreed_version: str | None = None
    bss_order_id: str | None = None
    payment: PaymentStatus = PaymentStatus.PENDING
    failure: Failure | None = None
    cancellation_id: str | None = None
    timeline: list[TimelineEntry] = field(default_factory=list)
    version: int = 0
    events: list[OrderEvent] = field(default_factory=list)

    @classmethod
    def submit(
        cls, order_id: str, command: SubmitOrder, offerings: Sequence[OrderedOffering | None], at: datetime
    ) -> "Order":
        """A new order, acknowledged or a draft.

        `offerings` are in the same sequence as the command's lines. Raises a kind of InvalidCommand with a pointer into
        the command.
        """
        order = cls(order_id, command.owner, command.customer_id, (), submitted_at=at)
        order._contain(command, items_of(command, offerings))
        if command.draft:
            order.timeline.append(TimelineEntry(at, order.state, Trigger.DRAFT))
            order._record(OrderDrafted, at, customer_id=order.customer_id)
        else:
            order._acknowledge(at)
        return order

    @classmethod
    def received(cls, order_id: str, command: RejectOrder, at: datetime) -> "Order":
        """An order that is acknowledged before its validation and will be rejected. It has no items, and perhaps no
        customer.
        """
        order = cls(order_id, command.owner, command.customer_id, (), submitted_at=at)
        order.agreed_version = command.agreed_version
        order._acknowledge(at)
        return order

    def reject(self, command: RejectOrder, at: datetime) -> None:
        self._become(Trigger.REJECT, at)
        details = {"errors": list(command.errors)}
        self._end(Failure(command.code, command.message, "validate", details), PaymentStatus.NOT_CHARGED, None)
        self._record(OrderRejected, at, code=command.code)

    def assign(self, assets: Mapping[str, ItemAssets]) -> None:
        """Note what its items make or change, by their ids. Raises CurrenciesDiffer."""
        items = tuple(item.with_assets(assets[item.id]) if item.id in assets else item for item in self.items)
        check_currencies(items)
        self.items = items

    def submit_draft(self, command: SubmitOrder, offerings: Sequence[OrderedOffering | None], at: datetime) -> None:
        """Submit the draft with the contents of `command` and the current prices, to be carried out."""
        items = items_of(command, offerings)
        self._become(Trigger.SUBMIT, at)
        self._contain(command, items)
        self._record(OrderSubmitted, at, customer_id=self.customer_id)

    def amend(self, command: SubmitOrder, offerings: Sequence[OrderedOffering | None], at: datetime) -> None:
        """Give the order new contents at the current prices. Raises what `submit` raises."""
        items = items_of(command, offerings)
        self._become(Trigger.AMEND, at)
        self._contain(command, items)
        self._record(OrderAmended, at)

    def annotate(
        self,
        external_identifiers: tuple[ExternalIdentifier, ...],
        at: datetime,
        relationships: tuple[OrderRelationship, ...] | None = None,
    ) -> None:
        """Something is said about it that no process reads. Its relationships stay unless others are given."""
        self._become(Trigger.ANNOTATE, at)
        self.external_identifiers = external_identifiers
        self.relationships = self.relationships if relationships is None else relationships
        self._record(OrderAnnotated, at)

    def remove(self, at: datetime) -> None:
        """Remove the order. Raises InvalidTransition while a process works on it or a person has to decide about it."""
        if self.state not in REMOVABLE:
            raise InvalidTransition(
                f"an order in state {self.state} cannot be removed",
                state=self.state.value,
                trigger="remove",
                allowedActions=[action.value for action in self.allowed_actions()],
            )
        self.events.append(OrderRemoved(order_id=self.id, sequence=len(self.timeline) + 1, at=at))

    @property
    def amount(self) -> Money | None:
        """What is charged when the order is placed: one-time charges × quantity; None when it brings nothing new."""
        charges = [item.one_time_charge for item in self.items if item.one_time_charge is not None]
        return total(charges, charges[0].currency) if charges else None

    @property
    def begins_later(self) -> bool:
        """Whether it was to begin later than it came."""
        return self.requested_start is not None and self.requested_start > self.submitted_at

    @property
    def category(self) -> StateCategory:
        return CATEGORIES[self.state]

    @property
    def finished(self) -> bool:
        return self.state in FINISHED

    @property
    def removed(self) -> bool:
        return bool(self.events) and isinstance(self.events[-1], OrderRemoved)

    @property
    def created_at(self) -> datetime:
        return self.submitted_at

    @property
    def changed_at(self) -> datetime:
        """The time of its last change, not counting remarks."""
        return next(entry.at for entry in reversed(self.timeline) if entry.trigger is not Trigger.ANNOTATE)

    def allowed_actions(self) -> list[Trigger]:
        return allowed_actions(self.state)

    def start(self, at: datetime) -> None:
        """Its lines and prices are final; fulfilment begins."""
        self._become(Trigger.VALIDATE, at)
        self._record(OrderValidated, at)
        self._become(Trigger.FULFIL, at)
        self._record(OrderFulfilmentStarted, at)

    def complete(self, bss_order_id: str, payment: PaymentStatus, at: datetime) -> None:
        self._become(Trigger.COMPLETE, at)
        self.bss_order_id = bss_order_id
        self.payment = payment
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

    def request_cancellation(self, cancellation_id: str, at: datetime, reason: str | None = None) -> None:
        """Somebody requested its cancellation; the order's process decides whether it is still possible.

        A draft has no process and is cancelled at once.
        """
        self._become(Trigger.CANCEL, at)
        self.cancellation_id = cancellation_id
        if self.state is State.CANCELLED:
            failure = Failure(errors.OrderWasCancelled.code, reason or "the order was cancelled", "submit", {})
            self._end(failure, PaymentStatus.NOT_CHARGED, None)
            self._record(OrderCancelled, at, cancellation_id=cancellation_id)
        else:
            self._record(OrderCancellationRequested, at, cancellation_id=cancellation_id)

    def accept_cancellation(self, at: datetime) -> None:
        self._become(Trigger.ACCEPT_CANCELLATION, at)
        self._record(OrderCancellationAccepted, at, cancellation_id=self._cancellation)

    def deny_cancellation(self, at: datetime) -> None:
        """It is too late to cancel: go back to the state before."""
        passed = (entry.state for entry in reversed(self.timeline))
        former = next((state for state in passed if state is not State.ASSESSING_CANCELLATION), State.DRAFT)
        self._become(DENIALS.get(former, Trigger.DENY_CANCELLATION), at)
        self._record(OrderCancellationDenied, at, cancellation_id=self._cancellation)

    def cancel(self, failure: Failure, payment: PaymentStatus, bss_order_id: str | None, at: datetime) -> None:
        """The order is cancelled, and everything is undone."""
        self._become(Trigger.CONFIRM_CANCELLATION, at)
        self._end(failure, payment, bss_order_id)
        self._record(OrderCancelled, at, cancellation_id=self._cancellation)

    def _acknowledge(self, at: datetime) -> None:
        self._become(Trigger.SUBMIT, at)
        self._record(OrderSubmitted, at, customer_id=self.customer_id)

    def _contain(self, command: SubmitOrder, items: tuple[OrderItem, ...]) -> None:
        self.items = items
        self.customer_id = command.customer_id
        self.external_identifiers = command.external_identifiers
        self.relationships = command.relationships
        self.billing_account_id = command.billing_account_id
        self.requested_start = command.requested_start
        self.requested_completion = command.requested_completion
        self.tolerated = command.tolerated
        self.agreed_version = command.agreed_version

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
"""The trigger that returns the order to the state before a denied cancellation; from all other states it returns to
fulfilment.
"""


def _links(order: Order) -> frozenset[Link]:
    """The offerings that it names and the assets that it made or changed, which are kept as long as it is."""
    offerings = (Link("offering", item.offering.id) for item in order.items if item.offering is not None)
    return frozenset((*offerings, *(Link("asset", one) for item in order.items for one in item.assets.ids)))


ORDERS = Kind(
    "order",
    Order,
    missing=lambda order_id: errors.OrderNotFound("Order not found", orderId=order_id),
    reference=lambda order: order.bss_order_id,
    found_by_reference=True,
    removed=lambda order: order.removed,
    dependents=("cancellation",),
    links=_links,
    recorded=(OrderEvent,),
)
"""An order may be looked up by its number in BSS."""
