"""The process of placing an order, ready to be carried out against backends in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from canonical.ordering.cancellation import Cancellation
from canonical.ordering.handlers import cancel_order, submit_order
from canonical.ordering.order import Order
from canonical.processes.place_order import PlaceOrder
from canonical.processes.progress import Progress
from canonical.processes.saga import run
from tests.support.builders import ROUTER, a_cancel_command, a_command, a_line
from tests.support.fakes import (
    Calls,
    CountingIdentities,
    FullShelves,
    Journal,
    KnowsAccounts,
    KnowsCustomers,
    SteppingClock,
    TakesMoney,
    TakesOrders,
)
from tests.support.memory import Memory
from tests.support.memory_reads import ReadsFromMemory
from tests.unit.processes.faulty_backend import through_json

TWO_LINES = a_command(lines=(a_line(id="a", quantity=2), a_line(id="b", quantity=1, offering_id=ROUTER.id)))


@dataclass
class Placing:
    """A process over an order that was just submitted, with these backends; all note their calls in `calls`."""

    customers: Any = field(default_factory=KnowsCustomers)
    stock: Any = field(default_factory=FullShelves)
    bss: Any = field(default_factory=TakesOrders)
    payments: Any = field(default_factory=TakesMoney)
    accounts: Any = field(default_factory=KnowsAccounts)
    command: Any = TWO_LINES
    memory: Any = field(default_factory=Memory)
    reads: Any = None
    calls: Calls = field(default_factory=list)
    identities: Any = field(default_factory=CountingIdentities)

    def __post_init__(self) -> None:
        for backend in (self.customers, self.stock, self.bss, self.payments, self.accounts):
            backend.calls = self.calls
        with self.memory.unit_of_work() as work:
            self.order_id = submit_order(self.command, work, SteppingClock(), self.identities).id
            work.commit()
        self.process = PlaceOrder(
            self.customers,
            self.stock,
            self.bss,
            self.payments,
            self.accounts,
            self.memory.unit_of_work,
            self.reads or ReadsFromMemory(self.memory),
            SteppingClock(),
        )

    def part(self, progress: Progress, journal: Journal | None = None) -> Progress:
        """Carry on until the end, or until a backend is away."""
        steps = self.process.steps(self.begin())
        recorded = (journal or Journal()).recorded
        return through_json(run(steps, progress, recorded, lambda: self.process.interruption(self.order_id)))

    def carry_out(self, journal: Journal | None = None) -> Order:
        self.progress = self.part(Progress(), journal)
        assert not self.progress.waiting
        return self.end(self.progress)

    def begin(self) -> Order:
        with self.memory.unit_of_work() as work:
            order = self.process.look(self.order_id, work)
            self.process.begin(order)
            work.commit()
        return order

    def end(self, progress: Progress) -> Order:
        with self.memory.unit_of_work() as work:
            order = self.process.look(self.order_id, work)
            self.process.end(order, progress, work)
            work.commit()
        return order

    def cancel(self, **changes: Any) -> Cancellation:
        command = a_cancel_command(order_id=self.order_id, **changes)
        with self.memory.unit_of_work() as work:
            asked = cancel_order(command, work, SteppingClock(), self.identities)
            work.commit()
        return asked

    @property
    def kept(self) -> Order:
        order: Order = self.memory.orders[self.order_id]
        return order

    @property
    def asked(self) -> Cancellation:
        """The cancellation of the order as it is kept."""
        cancellation: Cancellation = self.memory.cancellations[self.kept.cancellation_id or ""]
        return cancellation

    def key(self, step: str) -> str:
        return f"{self.order_id}:{step}"


class WhileInFlight(Journal):
    """Has `what` happen while the call of this name is in flight."""

    def __init__(self, name: str, what: Callable[[], object]) -> None:
        super().__init__()
        self._name = name
        self._what = what

    def recorded(self, name: str, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        def interrupted() -> dict[str, Any]:
            self._what()
            return call()

        return super().recorded(name, interrupted if name == self._name else call)
