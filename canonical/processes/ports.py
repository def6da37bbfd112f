"""What processes ask of the systems that belong to others.

Every call that changes something takes `key`, its idempotency key: the same key never acts twice. Reads and keyed calls
may be repeated. All raise BackendUnavailable (it did not act), BackendContractError or BackendRefused; calls that
change something also raise OutcomeUnknown, after which the `find_` beside them tells what happened. Searches and
compensations name what they ask for, and the answer is compared with it.

An answer that contradicts the call raises BackendContradiction; then the outcome is unknown. The `is_` method beside a
compensation tells whether the backend shows it as done. False proves nothing: the backend may have forgotten it, or do
it later.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from canonical.ordering.order import Order
from canonical.shared.money import Money


@dataclass(frozen=True, slots=True)
class StockRequest:
    """`reference` is ours and unique for each reservation: the order's id and the line's number."""

    sku: str
    quantity: int
    reference: str


@dataclass(frozen=True, slots=True)
class ChargeRequest:
    """A charge to make for an order: our order `order_id`, which is `bss_order_id` in BSS."""

    order_id: str
    bss_order_id: str
    amount: Money


class StockReservations(Protocol):
    """Holds stock in Inventory for an order. Reservations are named by their id there."""

    def reserve(self, request: StockRequest, key: str) -> str:
        """The reservation's id. Raises InsufficientStock (final)."""
        ...

    def find_reservation(self, request: StockRequest) -> str | None: ...

    def release(self, reservation_id: str, request: StockRequest, key: str) -> None: ...

    def is_released(self, reservation_id: str, request: StockRequest) -> bool: ...


class BssOrders(Protocol):
    """The order's record in BSS, under its number there."""

    def create(self, order: Order, reservations: Mapping[str, str], key: str) -> str:
        """The BSS order number. `reservations` by the ids of the items that they were made for."""
        ...

    def find_order(self, order: Order, reservations: Mapping[str, str]) -> str | None: ...

    def cancel(self, bss_order_id: str, order: Order, key: str) -> None: ...

    def is_cancelled(self, bss_order_id: str, order: Order) -> bool: ...


class PaymentCharges(Protocol):
    """Takes money for an order."""

    def charge(self, request: ChargeRequest, key: str) -> str:
        """The charge's id. Raises PaymentDeclined (final)."""
        ...

    def find_charge(self, request: ChargeRequest) -> str | None: ...

    def refund(self, charge_id: str, request: ChargeRequest, key: str) -> None: ...

    def is_refunded(self, charge_id: str, request: ChargeRequest) -> bool: ...
