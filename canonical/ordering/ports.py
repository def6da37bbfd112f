"""What ordering needs from outside."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Protocol, Self

from canonical.ordering.cancellation import Cancellation
from canonical.ordering.items import OrderedOffering
from canonical.ordering.order import Order
from canonical.ordering.states import State


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


class ProcessSchedule(Protocol):
    """Which processes are wanted, and that they began and ended, as part of the unit of work that says so."""

    def schedule(self, process: str, subject: str) -> None:
        """Have `process` carried out on `subject` once this unit of work has committed.

        Raises ConcurrentChange when somebody else has scheduled it.
        """
        ...

    def started(self, process: str, subject: str) -> None: ...

    def ended(self, process: str, subject: str) -> None: ...

    def fell_out(self, process: str, subject: str, progress: Mapping[str, Any]) -> None:
        """It ended with something not undone; `progress` is JSON to go on from."""
        ...


class UnitOfWork(Protocol):
    """One transaction. Leaving without `commit` undoes everything.

    `commit` raises ConcurrentChange when an order read here was changed by somebody else since.
    """

    @property
    def orders(self) -> OrderRepository: ...
    @property
    def cancellations(self) -> CancellationRepository: ...
    @property
    def offerings(self) -> Offerings: ...
    @property
    def processes(self) -> ProcessSchedule: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def commit(self) -> None: ...
