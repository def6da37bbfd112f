"""A process on a real database, carried on one run at a time, when a test says so."""

from typing import Any

from adapters.orchestration.agenda import Entry
from adapters.orchestration.endings import Endings
from adapters.orchestration.runner import Runner, Untimed
from adapters.persistence.database import Database
from adapters.persistence.process_records import SqlProcessReads
from adapters.persistence.process_table import ProcessTable
from adapters.persistence.reads import SqlReads
from adapters.persistence.unit_of_work import SqlUnitOfWork
from canonical.ordering.handlers import PLACE_ORDER, submit_order
from canonical.ordering.order import ORDERS, Order
from canonical.processes.decisions import Decision, decide
from canonical.processes.place_order import PlaceOrder
from canonical.processes.process_status import Action, ProcessStatus
from canonical.shared.reader import ALL
from facade.identities import SortableIdentities
from tests.support.builders import a_command
from tests.support.databases import BLANK
from tests.support.fakes import FullShelves, KnowsAccounts, KnowsCustomers, StandingClock, TakesMoney, TakesOrders

NODE = "by-hand"


class ByHand:
    """An order, submitted and not begun. `pause`: what the last run said of the next one; 0 before the first."""

    def __init__(self, database: Database, payments: Any = None, bss: Any = None) -> None:
        self.database = database
        self.clock = StandingClock()
        self.payments: Any = payments or TakesMoney()
        self.bss: Any = bss or TakesOrders()
        self._orders = SqlReads(database)
        self.process = PlaceOrder(
            KnowsCustomers(),
            FullShelves(),
            self.bss,
            self.payments,
            KnowsAccounts(),
            self.unit_of_work,
            self._orders,
            self.clock,
        )
        self.table, self.reads = ProcessTable(database, self.clock), SqlProcessReads(database)
        self.endings = Endings()
        self.runner = Runner(
            {PLACE_ORDER: self.process}, self.unit_of_work, self.table, self.endings.tell, NODE, 5.0, Untimed()
        )
        asked = a_command(external_identifiers=())
        with self.unit_of_work() as work:
            self.order_id = submit_order(asked, work, self.clock, SortableIdentities()).id
            work.commit()
        self.pause: float | None = 0.0

    def unit_of_work(self) -> SqlUnitOfWork:
        return SqlUnitOfWork(self.database, BLANK, self.clock)

    def next_run(self) -> None:
        self.pause = self.runner.make(Entry(PLACE_ORDER, self.order_id))

    def to_the_end(self) -> Order:
        while self.pause is not None:
            self.next_run()
        return self.order

    @property
    def order(self) -> Order:
        return self._orders.aggregate(ORDERS, self.order_id, ALL)

    @property
    def status(self) -> ProcessStatus:
        with self.unit_of_work() as work:
            return work.processes.status(PLACE_ORDER, self.order_id)

    def decide(self, action: str, **more: Any) -> None:
        """Decide; the next run carries it out."""
        decision = Decision(process=PLACE_ORDER, subject=self.order_id, action=Action(action), reason="why", **more)
        with self.unit_of_work() as work:
            decide(decision, self.process, work)
            work.commit()
        self.pause = 0.0
