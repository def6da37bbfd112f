"""The process engine without DBOS: runs wait in a list until a test makes them."""

from collections.abc import Mapping
from typing import Any

from adapters.orchestration.dbos_engine import DbosEngine, EngineSettings
from adapters.orchestration.runner import Origin
from adapters.persistence.database import Database
from adapters.persistence.node_table import NodeTable
from adapters.persistence.process_records import SqlProcessReads
from adapters.persistence.process_table import ProcessTable, Run, ScheduledProcess
from adapters.persistence.queries import SqlQueries
from adapters.persistence.unit_of_work import SqlUnitOfWork
from canonical.ordering.handlers import PLACE_ORDER, submit_order
from canonical.ordering.order import Order
from canonical.processes.decisions import Decision, decide
from canonical.processes.place_order import PlaceOrder
from canonical.processes.standing import Action, Standing
from facade.identities import SortableIdentities
from tests.support.builders import a_command
from tests.support.databases import blank
from tests.support.fakes import FullShelves, KnowsCustomers, StandingClock, TakesMoney, TakesOrders


class Runs(DbosEngine):
    """`due` are the runs to come, the oldest first."""

    def __init__(self, processes: Mapping[str, Any], table: ProcessTable, nodes: NodeTable) -> None:
        super().__init__(processes, table, nodes, EngineSettings(system_database_url="", node="by-hand"))
        self.due: list[Run] = []

    def make(self, this: Run) -> None:
        self._runner.make(this, Origin(None, None), {})

    def _start(self, due: ScheduledProcess) -> None:
        self.due.append(Run(due.process, due.subject, due.round, 0))

    def _enqueue(self, later: Run, *_: Any) -> None:
        self.due.append(later)


class ByHand:
    """An order on a real database, its process carried out one run at a time."""

    def __init__(self, database: Database, payments: Any = None, bss: Any = None) -> None:
        self.database = database
        self.clock = StandingClock()
        self.payments, self.bss = payments or TakesMoney(), bss or TakesOrders()
        queries = SqlQueries(database)
        self.process = PlaceOrder(
            KnowsCustomers(), FullShelves(), self.bss, self.payments, self.unit_of_work, queries, self.clock
        )
        self.table, self.reads = ProcessTable(database, self.clock), SqlProcessReads(database)
        self.runs = Runs({PLACE_ORDER: self.process}, self.table, NodeTable(database, self.clock))
        with self.unit_of_work() as work:
            self.order_id = submit_order(a_command(), work, self.clock, SortableIdentities()).id
            work.commit()
        self.runs.start(PLACE_ORDER, self.order_id)
        self._orders = queries

    def unit_of_work(self) -> SqlUnitOfWork:
        return SqlUnitOfWork(self.database, blank, blank, self.clock)

    def next_run(self) -> None:
        self.runs.make(self.runs.due.pop(0))

    def to_the_end(self) -> Order:
        while self.runs.due:
            self.next_run()
        return self.order

    @property
    def order(self) -> Order:
        return self._orders.order(self.order_id, None)

    @property
    def standing(self) -> Standing:
        with self.unit_of_work() as work:
            return work.processes.standing(PLACE_ORDER, self.order_id)

    def decide(self, action: str, **more: Any) -> None:
        """Decide and have it taken up."""
        decision = Decision(process=PLACE_ORDER, subject=self.order_id, action=Action(action), reason="why", **more)
        with self.unit_of_work() as work:
            decide(decision, self.process, work, self.clock)
            work.commit()
        self.runs.take_up_again(PLACE_ORDER, self.order_id)
