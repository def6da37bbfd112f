"""Placing an order: verify the customer and its billing accounts, reserve stock for every line, create the order in
BSS, charge, confirm.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from canonical.customers.errors import CustomerNotInGoodStanding
from canonical.customers.ports import BillingAccounts, Customers
from canonical.ordering.cancellation import CANCELLATIONS, Cancellation
from canonical.ordering.errors import OrderWasCancelled
from canonical.ordering.items import OrderedOffering, OrderItem
from canonical.ordering.order import ORDERS, Order, PaymentStatus
from canonical.ordering.ports import UnitOfWork
from canonical.ordering.states import UNSUCCESSFUL, State
from canonical.processes.billing_accounts import NamedAccount, accounts_of, verify
from canonical.processes.errors import InsufficientStock, PaymentDeclined
from canonical.processes.ports import BssOrders, ChargeRequest, PaymentCharges, StockRequest, StockReservations
from canonical.processes.progress import Facts, Progress, Step, failure_of
from canonical.shared.errors import BackendUnavailable, CanonicalError, ConcurrentChange, StoreUnavailable
from canonical.shared.money import Money
from canonical.shared.overtaken import unless_overtaken
from canonical.shared.ports import AggregateReads, Clock

VERIFY = "verify-customer"
CLAIM = "claim-products"
CREATE = "create-order"
CHARGE = "charge"

CHARGED = "charged"
"""The milestone after which an order can no longer be cancelled: its point of no return."""
CREATED = "created"
"""The same for an order without a charge: BSS has it."""
FALLEN_OUT = "fallout"
"""The milestone of an order that was being cancelled when something could not be undone."""

CANCELLATION_REQUESTED = frozenset({State.ASSESSING_CANCELLATION, State.CANCELLING, State.CANCELLED})
"""The states of an order that somebody asked to cancel, unless it was denied."""


@dataclass(frozen=True)
class PlaceOrder:
    """The process over one order: how it begins, its steps, how it ends."""

    customers: Customers
    stock: StockReservations
    bss: BssOrders
    payments: PaymentCharges
    accounts: BillingAccounts
    unit_of_work: Callable[[], UnitOfWork]
    reads: AggregateReads
    clock: Clock
    future_claims_at_start: bool = False

    def look(self, order_id: str, work: UnitOfWork) -> Order:
        return work.repository(ORDERS).get(order_id)

    def resume(self, order: Order) -> None:
        order.resume(self.clock.now())

    def seconds_ahead(self, order: Order) -> float:
        """Until its requested start, if future orders claim then. Whoever cancels it need not wait so long."""
        start = order.requested_start if self.future_claims_at_start and order.state is State.ACKNOWLEDGED else None
        return 0.0 if start is None else max(0.0, (start - self.clock.now()).total_seconds())

    def begin(self, order: Order) -> None:
        if order.state is State.ACKNOWLEDGED:
            order.start(self.clock.now())

    def steps(self, order: Order) -> list[Step]:
        reserve = {
            item.id: self._reserve(order, number, item, item.added)
            for number, item in enumerate(order.items, start=1)
            if item.added is not None and item.added.stocked
        }
        return [
            Step(VERIFY, lambda facts: self._verify(order.customer_id)),
            *([Step(CLAIM, lambda facts: self._claim(order.id))] if order.begins_later else []),
            *(self._verify_owner(number, owner) for number, owner in enumerate(_owners(order), start=1)),
            *(self._verify_account(number, one) for number, one in enumerate(accounts_of(order), start=1)),
            *reserve.values(),
            self._create(order, {item_id: step.name for item_id, step in reserve.items()}),
            *(self._take(order, charge) for charge in _charges(order)),
        ]

    def interruption(self, order_id: str) -> CanonicalError | None:
        """OrderWasCancelled if somebody requested the cancellation: from here on the order is being cancelled."""
        if State(self.reads.state_of(ORDERS, order_id)) not in CANCELLATION_REQUESTED:
            return None
        return unless_overtaken(lambda: self._accepted_cancellation(order_id))

    def _accepted_cancellation(self, order_id: str) -> CanonicalError | None:
        with self.unit_of_work() as work:
            order = work.repository(ORDERS).get(order_id)
            # Another run of this process, on a node that seemed dead, may have denied it meanwhile.
            if order.state not in CANCELLATION_REQUESTED:
                return None
            cancellation = work.repository(CANCELLATIONS).get(order.cancellation_id or "")
            if order.state is State.ASSESSING_CANCELLATION:
                now = self.clock.now()
                order.accept_cancellation(now)
                cancellation.accept(now)
                work.commit()
            return _cancelled(cancellation)

    def end(self, order: Order, progress: Progress, work: UnitOfWork) -> None:
        if progress.failure is None:
            self._complete(order, progress, work)
        else:
            self._end_without_success(order, progress, progress.failure, work)

    def _complete(self, order: Order, progress: Progress, work: UnitOfWork) -> None:
        """A cancellation that came during the last step is too late."""
        now, paid = self.clock.now(), CHARGE in progress.facts
        cancellation = _undecided_cancellation(order, work)
        if cancellation is not None:
            order.deny_cancellation(now)
            cancellation.deny(CHARGED if paid else CREATED, "the order is completed: return its products instead", now)
        order.complete(progress.facts[CREATE], PaymentStatus.SUCCESS if paid else PaymentStatus.NOT_CHARGED, now)
        work.assets.complete(order, now)

    def _end_without_success(self, order: Order, progress: Progress, error: CanonicalError, work: UnitOfWork) -> None:
        """The order failed, is in fallout or was cancelled. If a cancellation came while a backend refused the order,
        it is accepted, because the order is undone anyway.
        """
        now = self.clock.now()
        cancellation = _undecided_cancellation(order, work)
        payment, number = _payment(progress, error), progress.facts.get(CREATE)
        if order.state is State.ASSESSING_CANCELLATION and cancellation is not None:
            order.accept_cancellation(now)
            cancellation.accept(now)
        if progress.not_undone:
            order.fall_out(failure_of(progress, error), payment, number, now)
            if cancellation is not None:
                cancellation.deny(FALLEN_OUT, f"not done: {'; '.join(progress.not_undone)}", now)
        elif cancellation is not None:
            order.cancel(failure_of(progress, _cancelled(cancellation)), payment, number, now)
            work.assets.cancel(order, now)
            cancellation.done(_undone(progress, error), now)
        else:
            order.fail(failure_of(progress, error), payment, number, now)
            work.assets.fail(order, now)
        if order.state in UNSUCCESSFUL:
            work.external_ids.release(order.id)

    def _verify(self, customer_id: str) -> dict[str, Any]:
        customer = self.customers.customer(customer_id)
        if not customer.in_good_standing:
            raise CustomerNotInGoodStanding(
                f"customer {customer_id} is {customer.status}",
                customerId=customer_id,
                customerStatus=customer.status.value,
            )
        return {"name": customer.name}

    def _claim(self, order_id: str) -> bool:
        """Claim what the order changes, if it did not when it was acknowledged. Raises what `Assets.begin` raises."""
        try:
            with self.unit_of_work() as work:
                work.assets.begin(work.repository(ORDERS).get(order_id))
                work.commit()
        except (StoreUnavailable, ConcurrentChange) as error:
            raise BackendUnavailable(error.message) from error
        return True

    def _verify_owner(self, number: int, customer_id: str) -> Step:
        return Step(f"verify-owner-{number}", lambda facts: self._verify(customer_id))

    def _verify_account(self, number: int, named: NamedAccount) -> Step:
        return Step(f"verify-account-{number}", lambda facts: verify(named, self.accounts))

    def _create(self, order: Order, steps: Mapping[str, str]) -> Step:
        """`steps` by items: those that reserve for them."""

        def reserved(facts: Facts) -> dict[str, str]:
            return {item_id: facts[step] for item_id, step in steps.items()}

        return Step(
            CREATE,
            lambda facts: self.bss.create(order, reserved(facts), key(order, CREATE)),
            find=lambda facts: self.bss.find_order(order, reserved(facts)),
            undo=lambda facts: self.bss.cancel(facts[CREATE], order, key(order, f"undo-{CREATE}")),
            taken_back=lambda facts: self.bss.is_cancelled(facts[CREATE], order),
            effect=lambda facts: f"order {facts[CREATE]} cancelled",
        )

    def _take(self, order: Order, amount: Money) -> Step:
        def request(facts: Facts) -> ChargeRequest:
            return ChargeRequest(order.id, facts[CREATE], amount)

        return Step(
            CHARGE,
            lambda facts: self.payments.charge(request(facts), key(order, CHARGE)),
            find=lambda facts: self.payments.find_charge(request(facts)),
            undo=lambda facts: self.payments.refund(facts[CHARGE], request(facts), key(order, f"undo-{CHARGE}")),
            taken_back=lambda facts: self.payments.is_refunded(facts[CHARGE], request(facts)),
            effect=_refund,
        )

    def _reserve(self, order: Order, number: int, item: OrderItem, offering: OrderedOffering) -> Step:
        name = f"reserve-{number}"
        request = StockRequest(offering.sku, item.quantity, reference=f"{order.id}:{number}")
        return Step(
            name,
            lambda facts: self._reserved(item, request, key(order, name)),
            find=lambda facts: self.stock.find_reservation(request),
            undo=lambda facts: self.stock.release(facts[name], request, key(order, f"undo-{name}")),
            taken_back=lambda facts: self.stock.is_released(facts[name], request),
            effect=lambda facts: f"reservation {facts[name]} of {request.quantity} × {request.sku} released",
        )

    def _reserved(self, item: OrderItem, request: StockRequest, step_key: str) -> str:
        try:
            return self.stock.reserve(request, step_key)
        except InsufficientStock as error:
            raise InsufficientStock(error.message, **error.details, itemId=item.id) from error


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """A backend call that placing an order makes when nothing is refused."""

    step: str
    backend: str
    operation: str
    what: dict[str, Any]


def plan(order: Order) -> list[PlannedCall]:
    """The calls in their order, one for each step."""
    reservations = [
        PlannedCall(f"reserve-{number}", "inventory", "reserve", {"sku": item.added.sku, "quantity": item.quantity})
        for number, item in enumerate(order.items, start=1)
        if item.added is not None and item.added.stocked
    ]
    charges = [{"amount": f"{charge.amount:f}", "currency": charge.currency} for charge in _charges(order)]
    return [
        PlannedCall(VERIFY, "crm", "getCustomer", {"id": order.customer_id}),
        *(
            PlannedCall(f"verify-owner-{number}", "crm", "getCustomer", {"id": owner})
            for number, owner in enumerate(_owners(order), start=1)
        ),
        *(
            PlannedCall(f"verify-account-{number}", "billing", "getBillingAccount", {"id": account.id})
            for number, account in enumerate(accounts_of(order), start=1)
        ),
        *reservations,
        PlannedCall(CREATE, "bss", "createOrder", {"customerId": order.customer_id, "items": len(order.items)}),
        *(PlannedCall(CHARGE, "billing", "charge", charge) for charge in charges),
    ]


def _owners(order: Order) -> list[str]:
    """The customers who are to own products from then on."""
    named = (item.wishes.customer_id for item in order.items)
    return list(dict.fromkeys(one for one in named if one not in (None, order.customer_id)))


def _charges(order: Order) -> list[Money]:
    """The amount to charge, if there is any: free products, and changes that bring nothing new, are not charged."""
    return [order.amount] if order.amount is not None and order.amount.amount else []


def key(order: Order, step: str) -> str:
    """The idempotency key of a step: the same after every crash, another for every order and step."""
    return f"{order.id}:{step}"


def _undecided_cancellation(order: Order, work: UnitOfWork) -> Cancellation | None:
    if order.state not in CANCELLATION_REQUESTED or order.cancellation_id is None:
        return None
    return work.repository(CANCELLATIONS).get(order.cancellation_id)


def _cancelled(cancellation: Cancellation) -> OrderWasCancelled:
    return OrderWasCancelled(cancellation.reason or "the order was cancelled")


def _undone(progress: Progress, error: CanonicalError) -> str:
    """The outcome of a cancellation, as a text."""
    refused = () if isinstance(error, OrderWasCancelled) else (f"the order would have failed: {error.message}",)
    return "; ".join((*refused, *progress.undone)) or "nothing had been done yet"


def _refund(facts: Facts) -> str:
    return f"charge {facts[CHARGE]} refunded"


def _payment(progress: Progress, error: CanonicalError) -> PaymentStatus:
    if CHARGE in progress.facts:
        return PaymentStatus.REFUNDED if _refund(progress.facts) in progress.undone else PaymentStatus.SUCCESS
    return PaymentStatus.DECLINED if isinstance(error, PaymentDeclined) else PaymentStatus.NOT_CHARGED
