"""Placing an order: verify the customer, reserve stock for every line, create the order in BSS, charge, confirm."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from canonical.customers.ports import Customers
from canonical.ordering.handlers import PLACE_ORDER
from canonical.ordering.order import Failure, Order, OrderItem, PaymentStatus
from canonical.ordering.ports import OrderStates, UnitOfWork
from canonical.ordering.states import State
from canonical.processes.ports import BssOrders, PaymentCharges, StockRequest, StockReservations
from canonical.processes.saga import Facts, Progress, Step
from canonical.shared.errors import CanonicalError, CustomerNotInGoodStanding, OrderCancelled, PaymentDeclined
from canonical.shared.ports import Clock

VERIFY = "verify-customer"
CREATE = "create-order"
CHARGE = "charge"

CHARGED = "charged"
"""The milestone after which an order is not cancelled any more: its point of no return."""
FALLEN_OUT = "fallout"


@dataclass(frozen=True)
class PlaceOrder:
    """The process over one order: how it begins, its steps, how it ends."""

    customers: Customers
    stock: StockReservations
    bss: BssOrders
    payments: PaymentCharges
    unit_of_work: Callable[[], UnitOfWork]
    states: OrderStates
    clock: Clock

    def begin(self, order_id: str) -> Order:
        """The order, started unless it already was."""
        with self.unit_of_work() as work:
            order = work.orders.get(order_id)
            if order.state is State.ACKNOWLEDGED:
                order.start(self.clock.now())
                work.processes.started(PLACE_ORDER, order_id)
                work.commit()
            return order

    def steps(self, order: Order) -> list[Step]:
        reserve = [self._reserve(order, number, item) for number, item in enumerate(order.items, start=1)]
        return [
            Step(VERIFY, lambda facts: self._verify(order.customer_id)),
            *reserve,
            Step(
                CREATE,
                lambda facts: self.bss.create(order, [facts[step.name] for step in reserve], key(order, CREATE)),
                find=lambda facts: self.bss.find_order(order.id),
                undo=lambda facts: self.bss.cancel(facts[CREATE], key(order, f"undo-{CREATE}")),
                effect=lambda facts: f"order {facts[CREATE]} cancelled",
            ),
            Step(
                CHARGE,
                lambda facts: self.payments.charge(facts[CREATE], order.amount, key(order, CHARGE)),
                find=lambda facts: self.payments.find_charge(facts[CREATE]),
                undo=lambda facts: self.payments.refund(facts[CHARGE], key(order, f"undo-{CHARGE}")),
                effect=lambda facts: f"charge {facts[CHARGE]} refunded",
            ),
        ]

    def interruption(self, order_id: str) -> CanonicalError | None:
        """OrderCancelled once somebody asked for it: from here on the order is being cancelled."""
        if self.states.state_of(order_id) not in (State.ASSESSING_CANCELLATION, State.CANCELLING):
            return None
        with self.unit_of_work() as work:
            order = work.orders.get(order_id)
            cancellation = work.cancellations.get(order.cancellation_id or "")
            if order.state is State.ASSESSING_CANCELLATION:
                order.accept_cancellation(self.clock.now())
                cancellation.accept()
                work.commit()
            return OrderCancelled(cancellation.reason or "the order was cancelled")

    def end(self, order_id: str, progress: Progress) -> Order:
        """The order, completed, failed or cancelled by what `progress` says unless it already was."""
        with self.unit_of_work() as work:
            order = work.orders.get(order_id)
            if not order.finished:
                self._decide_cancellation(order, progress, work)
                self._settle(order, progress)
                work.processes.ended(PLACE_ORDER, order_id)
                work.commit()
            return order

    def _decide_cancellation(self, order: Order, progress: Progress, work: UnitOfWork) -> None:
        """One that came during the last step is too late when that step succeeded, and lost nothing when it did not."""
        if order.cancellation_id is None:
            return
        cancellation, now = work.cancellations.get(order.cancellation_id), self.clock.now()
        if order.state is State.ASSESSING_CANCELLATION and progress.refusal is None:
            order.deny_cancellation(now)
            cancellation.deny(CHARGED, "the order is paid for: return its products instead")
            return
        if order.state is State.ASSESSING_CANCELLATION:
            order.accept_cancellation(now)
        if progress.not_undone:
            cancellation.deny(FALLEN_OUT, "; ".join(progress.not_undone) + " could not be undone")
        else:
            cancellation.done("; ".join(progress.undone) or "nothing had been done yet", now)

    def _verify(self, customer_id: str) -> dict[str, Any]:
        customer = self.customers.customer(customer_id)
        if not customer.in_good_standing:
            raise CustomerNotInGoodStanding(
                f"customer {customer_id} is {customer.status}",
                customerId=customer_id,
                customerStatus=customer.status.value,
            )
        return {"name": customer.name}

    def _reserve(self, order: Order, number: int, item: OrderItem) -> Step:
        name = f"reserve-{number}"
        request = StockRequest(item.offering.sku, item.quantity, reference=f"{order.id}:{number}")
        return Step(
            name,
            lambda facts: self.stock.reserve(request, key(order, name)),
            find=lambda facts: self.stock.find_reservation(request.reference),
            undo=lambda facts: self.stock.release(facts[name], key(order, f"undo-{name}")),
            effect=lambda facts: f"reservation {facts[name]} of {request.quantity} × {request.sku} released",
        )

    def _settle(self, order: Order, progress: Progress) -> None:
        now = self.clock.now()
        error = progress.failure
        if error is None or progress.refusal is None:
            order.complete(progress.facts[CREATE], now)
            return
        failure = Failure(
            code=error.code,
            message=error.message,
            step=progress.refusal["step"],
            details=dict(error.details),
            undone=progress.undone,
            not_undone=progress.not_undone,
        )
        end = order.fail if order.state is State.FULFILLING else order.cancel
        if failure.not_undone:
            end = order.fall_out
        end(failure, _payment(progress.facts, error.code), progress.facts.get(CREATE), now)


def key(order: Order, step: str) -> str:
    """The idempotency key of a step: the same after every crash, another for every order and step."""
    return f"{order.id}:{step}"


def _payment(facts: Facts, code: str) -> PaymentStatus:
    if CHARGE in facts:
        return PaymentStatus.REFUNDED
    return PaymentStatus.DECLINED if code == PaymentDeclined.code else PaymentStatus.NOT_CHARGED
