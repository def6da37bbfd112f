"""What ordering needs from outside."""

from typing import Protocol

from canonical.ordering.cancellation import Cancellation
from canonical.ordering.items import OrderedOffering
from canonical.ordering.order import Order
from canonical.ordering.states import State
from canonical.shared.ports import ProcessSchedule, Transaction


class Offerings(Protocol):
    """Finds what a line asks for, as it can be sold now; None when the catalogue has no such offering."""

    def by_id(self, offering_id: str) -> OrderedOffering | None: ...

    def by_sku(self, sku: str) -> OrderedOffering | None: ...


class OrderRepository(Protocol):
    """Keeps orders. What was got or added is saved, with its events, when the unit of work commits."""

    def add(self, order: Order) -> None: ...

    def get(self, order_id: str) -> Order:
        """The order by our id or by its BSS number. Raises OrderNotFound."""
        ...


class CancellationRepository(Protocol):
    """Keeps cancellations. What was got or added is saved when the unit of work commits."""

    def add(self, cancellation: Cancellation) -> None: ...

    def get(self, cancellation_id: str) -> Cancellation:
        """Raises CancellationNotFound."""
        ...


class OrderStates(Protocol):
    """Where an order stands, read without a transaction."""

    def state_of(self, order_id: str) -> State:
        """Raises OrderNotFound."""
        ...


class UnitOfWork(Transaction, Protocol):
    @property
    def orders(self) -> OrderRepository: ...
    @property
    def cancellations(self) -> CancellationRepository: ...
    @property
    def offerings(self) -> Offerings: ...
    @property
    def processes(self) -> ProcessSchedule: ...
