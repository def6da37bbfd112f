"""Stand-ins for what the core and the edge ask for. Each is named for what it does."""

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from canonical.customers.errors import BillingAccountNotFound, CustomerNotFound
from canonical.customers.reference import BillingAccount, CustomerReference, CustomerStatus
from canonical.ordering.assets import HeldAsset
from canonical.ordering.commands import OrderLine, OrderMarket, SubmitOrder
from canonical.ordering.errors import BundleCardinality
from canonical.ordering.items import ItemAssets, OrderedOffering
from canonical.ordering.offers import Broken
from canonical.ordering.order import Order
from canonical.ordering.wishes import ChosenCharacteristic
from canonical.processes.errors import InsufficientStock, PaymentDeclined
from canonical.processes.ports import ChargeRequest, StockRequest
from canonical.shared.errors import CanonicalError
from canonical.shared.money import Money
from tests.support.builders import NOON, OFFERINGS


class SteppingClock:
    """Noon, and a second later with each look; `pass_` lets time go by."""

    def __init__(self, start: datetime = NOON, step: timedelta = timedelta(seconds=1)) -> None:
        self._now = start - step
        self._step = step

    def now(self) -> datetime:
        self._now += self._step
        return self._now


class StandingClock:
    """Stays where it is put."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def pass_(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Starts:
    """An engine that only notes what it is told to start."""

    started: list[tuple[str, str]] = field(default_factory=list)

    def start(self, process: str, subject: str) -> None:
        self.started.append((process, subject))

    def take_up_again(self, process: str, subject: str) -> None: ...

    def wait(self, process: str, subject: str, seconds: float) -> bool:
        return True


class CountingIdentities:
    """Ids that count, of the length of a UUID, from the one after `last`."""

    def __init__(self, last: int = 0) -> None:
        self._count = last
        self._lock = threading.Lock()

    def new_id(self) -> str:
        with self._lock:
            self._count += 1
            return f"0197a000-0000-7000-8000-{self._count:012}"


@dataclass(frozen=True)
class OnSale:
    """An offer of this offering that breaks no rule, unless `rules` says so. It is a bundle with `members`."""

    offering: OrderedOffering
    sold_alone: bool = True
    members: tuple[str, ...] = ()
    rules: tuple[Broken, ...] = ()

    @property
    def id(self) -> str:
        return self.offering.id

    @property
    def name(self) -> str:
        return self.offering.name

    @property
    def sku(self) -> str:
        return self.offering.sku

    def takes(self, offering_id: str) -> bool:
        return offering_id in self.members

    def broken(self, line: OrderLine, kept: bool = False) -> Iterable[Broken]:
        return self.rules

    def broken_in(self, markets: Sequence[OrderMarket]) -> Iterable[Broken]:
        return ()

    def broken_with(self, line: OrderLine, counts: Mapping[str, int]) -> Iterable[Broken]:
        return ()

    def broken_by(self, members: Mapping[str, int], quantity: int) -> Iterable[Broken]:
        return [
            Broken(BundleCardinality, f"{count} of {offering}")
            for offering, count in members.items()
            if self.members and offering not in self.members
        ]

    def ordered(self, line: OrderLine) -> OrderedOffering:
        return self.offering

    def become(self, line: OrderLine, had: Sequence[ChosenCharacteristic]) -> OrderedOffering:
        return self.offering


class OfferingsOnSale:
    """A catalog of these offerings."""

    def __init__(self, offerings: Iterable[OrderedOffering | OnSale] = OFFERINGS) -> None:
        self._offers = tuple(one if isinstance(one, OnSale) else OnSale(one) for one in offerings)

    def expect(self, offering_ids: Collection[str]) -> None:
        """All are here."""

    def by_id(self, offering_id: str) -> OnSale | None:
        return next((offer for offer in self._offers if offer.id == offering_id), None)

    def by_sku(self, sku: str) -> OnSale | None:
        return next((offer for offer in self._offers if offer.sku == sku), None)


class NoAssets:
    """Knows no product of a customer, and lets orders change it nevertheless."""

    def hold(self, command: SubmitOrder, order_id: str) -> Mapping[str, HeldAsset]:
        return {}

    def acknowledge(self, *_: Any) -> Mapping[str, ItemAssets]:
        return {}

    def begin(self, order: Order) -> None: ...

    def let_go(self, order: Order) -> None: ...

    def complete(self, order: Order, at: datetime) -> None: ...

    def fail(self, order: Order, at: datetime) -> None: ...

    def cancel(self, order: Order, at: datetime) -> None: ...


Calls = list[tuple[str, str | None]]
"""What the backends below were asked, in order: operation and idempotency key."""


@dataclass
class KnowsCustomers:
    status: CustomerStatus = CustomerStatus.VERIFIED
    calls: Calls = field(default_factory=list)

    def customer(self, customer_id: str) -> CustomerReference:
        self.calls.append(("customer", None))
        return CustomerReference(customer_id, "John Doe", self.status)


@dataclass
class KnowsNobody:
    calls: Calls = field(default_factory=list)

    def customer(self, customer_id: str) -> CustomerReference:
        self.calls.append(("customer", None))
        raise CustomerNotFound("Customer not found", customerId=customer_id)


@dataclass
class KnowsAccounts:
    """Billing accounts with their customers. `missing`: why none can be read."""

    owners: Mapping[str, str] = field(default_factory=lambda: {"BA-12345": "C12345"})
    missing: str | None = None
    calls: Calls = field(default_factory=list)

    def account(self, account_id: str) -> BillingAccount:
        self.calls.append(("account", None))
        if account_id not in self.owners:
            raise BillingAccountNotFound.named(account_id)
        return BillingAccount(account_id, self.owners[account_id])


@dataclass
class FullShelves:
    """Has of everything."""

    calls: Calls = field(default_factory=list)
    held: dict[str, StockRequest] = field(default_factory=dict)

    def reserve(self, request: StockRequest, key: str) -> str:
        self.calls.append(("reserve", key))
        reservation_id = f"RSV{len(self.held) + 1:03}"
        self.held[reservation_id] = request
        return reservation_id

    def find_reservation(self, request: StockRequest) -> str | None:
        self.calls.append(("find_reservation", None))
        return next((held for held, known in self.held.items() if known == request), None)

    def release(self, reservation_id: str, request: StockRequest, key: str) -> None:
        self.calls.append(("release", key))
        assert self.held.pop(reservation_id) == request

    def is_released(self, reservation_id: str, request: StockRequest) -> bool:
        self.calls.append(("is_released", None))
        return reservation_id not in self.held


@dataclass
class NothingInStock(FullShelves):
    """Lacks `lacking`, or everything."""

    lacking: str | None = None

    def reserve(self, request: StockRequest, key: str) -> str:
        if self.lacking in (None, request.sku):
            self.calls.append(("reserve", key))
            raise InsufficientStock("Insufficient stock", sku=request.sku, requested=request.quantity, available=0)
        return super().reserve(request, key)


@dataclass
class NeverLetsGo(FullShelves):
    """Reserves, and refuses to release."""

    refusal: CanonicalError = field(default_factory=lambda: CanonicalError("no"))

    def release(self, reservation_id: str, request: StockRequest, key: str) -> None:
        self.calls.append(("release", key))
        raise self.refusal


@dataclass
class TakesOrders:
    calls: Calls = field(default_factory=list)
    taken: dict[str, str] = field(default_factory=dict)
    reservations: Mapping[str, str] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)

    def create(self, order: Order, reservations: Mapping[str, str], key: str) -> str:
        self.calls.append(("create", key))
        self.reservations = dict(reservations)
        return self.taken.setdefault(order.id, f"ORD{len(self.taken) + 1:05}")

    def find_order(self, order: Order, reservations: Mapping[str, str]) -> str | None:
        self.calls.append(("find_order", None))
        return self.taken.get(order.id)

    def cancel(self, bss_order_id: str, order: Order, key: str) -> None:
        self.calls.append(("cancel", key))
        self.cancelled.add(bss_order_id)

    def is_cancelled(self, bss_order_id: str, order: Order) -> bool:
        self.calls.append(("is_cancelled", None))
        return bss_order_id in self.cancelled


@dataclass
class TakesMoney:
    calls: Calls = field(default_factory=list)
    taken: dict[str, Money] = field(default_factory=dict)
    refunded: set[str] = field(default_factory=set)

    def charge(self, request: ChargeRequest, key: str) -> str:
        self.calls.append(("charge", key))
        self.taken[request.bss_order_id] = request.amount
        return f"CHG{len(self.taken):04}"

    def find_charge(self, request: ChargeRequest) -> str | None:
        self.calls.append(("find_charge", None))
        return "CHG0001" if request.bss_order_id in self.taken else None

    def refund(self, charge_id: str, request: ChargeRequest, key: str) -> None:
        self.calls.append(("refund", key))
        self.refunded.add(charge_id)

    def is_refunded(self, charge_id: str, request: ChargeRequest) -> bool:
        self.calls.append(("is_refunded", None))
        return charge_id in self.refunded


@dataclass
class DeclinesEverything(TakesMoney):
    def charge(self, request: ChargeRequest, key: str) -> str:
        self.calls.append(("charge", key))
        raise PaymentDeclined("Payment failure")


class Journal:
    """Records answers by name, as an engine does."""

    def __init__(self) -> None:
        self.answers: dict[str, dict[str, Any]] = {}

    def recorded(self, name: str, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        if name not in self.answers:
            self.answers[name] = call()
        return self.answers[name]
