"""The process engine, running: what a failing database, a dead node and a wrong clock leave, and what it costs."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from adapters.orchestration import runner
from adapters.orchestration.engine import EngineSettings, TurnEngine
from adapters.persistence.database import Database
from adapters.persistence.node_table import Claim, NodeTable
from adapters.persistence.process_records import SqlProcessReads
from adapters.persistence.process_table import ProcessTable
from adapters.persistence.reads import SqlReads
from adapters.persistence.unit_of_work import SqlUnitOfWork
from adapters.signals.of_database import signals_of
from adapters.signals.topics import Signals, Topic
from canonical.ordering.commands import CancelOrder
from canonical.ordering.handlers import PLACE_ORDER, cancel_order, submit_order
from canonical.ordering.order import ORDERS
from canonical.ordering.states import State
from canonical.processes.place_order import PlaceOrder
from canonical.processes.ports import ChargeRequest
from canonical.shared.errors import BackendUnavailable, ConcurrentChange, StoreUnavailable
from canonical.shared.overtaken import unless_overtaken
from canonical.shared.reader import ALL
from facade.clock import SystemClock
from facade.identities import SortableIdentities
from tests.support.builders import a_command
from tests.support.databases import BLANK
from tests.support.fakes import FullShelves, KnowsAccounts, KnowsCustomers, TakesMoney, TakesOrders
from tests.support.signals import Cut
from tests.support.waiting import LONG, until


class SteppedClock(SystemClock):
    """The system's clock, wrong by `step`."""

    step = timedelta()

    def now(self) -> datetime:
        return super().now() + self.step


class Billing(TakesMoney):
    """`away`: cannot be reached. `go_on`: calls are held until it is set. `keys` of the charges that were made."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        self.go_on = threading.Event()
        self.go_on.set()
        self.keys: list[str] = []

    def charge(self, request: ChargeRequest, key: str) -> str:
        self.go_on.wait(LONG)
        if self.away:
            raise BackendUnavailable("billing cannot be reached")
        self.keys.append(key)
        return super().charge(request, key)


class Failing(Database):
    """A database whose writes fail while `broken`; `spared` counts down those that go through before."""

    broken = False

    @contextmanager
    def writing(self, seconds: float | None = None) -> Iterator[sa.Connection]:
        if self.broken:
            raise StoreUnavailable("disk full")
        with super().writing() as connection:
            yield connection
            if self.broken:
                raise StoreUnavailable("disk full")


class Nodes:
    """Nodes over one database, with backends that do what they are asked."""

    def __init__(self, database: Database) -> None:
        self.database, self.clock, self.billing = database, SteppedClock(), Billing()
        self.bss = TakesOrders()
        self.queries, self.reads = SqlReads(database, LONG), SqlProcessReads(database)

    def unit_of_work(self) -> SqlUnitOfWork:
        return SqlUnitOfWork(self.database, BLANK, self.clock)

    def engine(self, name: str, *, signals: Signals | None = None, **settings: Any) -> TurnEngine:
        backends = (KnowsCustomers(), FullShelves(), self.bss, self.billing, KnowsAccounts())
        process = PlaceOrder(*backends, self.unit_of_work, self.queries, self.clock)
        return TurnEngine(
            {PLACE_ORDER: process},
            self.unit_of_work,
            ProcessTable(self.database, self.clock),
            NodeTable(self.database),
            signals or signals_of(self.database, name),
            EngineSettings(node=name, **{"lease_seconds": 1.0, "longest_pause": 0.5} | settings),
        )

    @contextmanager
    def running(self, name: str = "a", **settings: Any) -> Iterator[TurnEngine]:
        engine = self.engine(name, **settings)
        engine.launch()
        yield engine
        engine.close()

    def submit(self) -> str:
        with self.unit_of_work() as work:
            asked = a_command(external_identifiers=())
            order = submit_order(asked, work, self.clock, SortableIdentities())
            work.commit()
        return order.id

    def cancel(self, order_id: str) -> None:
        def act() -> None:
            with self.unit_of_work() as work:
                cancel_order(CancelOrder("portal", order_id, "changed my mind"), work, self.clock, SortableIdentities())
                work.commit()

        unless_overtaken(act)

    def tries(self, order_id: str) -> int:
        with self.unit_of_work() as work:
            return work.processes.status(PLACE_ORDER, order_id).tries

    def take_up_again(self, order_id: str) -> None:
        """As a decision does."""
        with self.unit_of_work() as work:
            progress = work.processes.status(PLACE_ORDER, order_id).progress
            work.processes.take_up_again(PLACE_ORDER, order_id, progress or {}, {})
            work.commit()

    def until(self, state: State, *orders: str) -> None:
        until(lambda: {self.queries.aggregate(ORDERS, one, ALL).state for one in orders} == {state})

    def charged_once(self, *orders: str) -> bool:
        return set(self.billing.keys) == {f"{one}:charge" for one in orders} and len(self.billing.taken) == len(orders)


@pytest.fixture
def nodes(database: Database) -> Nodes:
    return Nodes(database)


@pytest.fixture
def failing(database: Database) -> Iterator[Nodes]:
    made = Failing(database.url.render_as_string(hide_password=False), seconds=LONG)
    yield Nodes(made)
    made.close()


def test_orders_in_flight_while_writes_fail_go_on_when_they_work_again(failing: Nodes) -> None:
    database = failing.database
    assert isinstance(database, Failing)
    with failing.running() as engine:
        failing.billing.go_on.clear()
        orders = [failing.submit() for _ in range(10)]
        for order in orders:
            engine.start(PLACE_ORDER, order)
        failing.until(State.FULFILLING, *orders)
        database.broken = True
        failing.billing.go_on.set()
        with pytest.raises(StoreUnavailable):
            failing.submit()
        database.broken = False
        failing.until(State.COMPLETED, *orders)
    assert failing.charged_once(*orders)


def test_an_order_that_finds_a_free_place_does_not_go_before_one_that_waits(nodes: Nodes) -> None:
    """The engine is not launched at first, so that nothing but `start` gives a place away."""
    engine = nodes.engine("a", at_once=1)
    nodes.billing.go_on.clear()
    first, second, third = (nodes.submit() for _ in range(3))
    for order in (first, second):
        engine.start(PLACE_ORDER, order)
    nodes.billing.go_on.set()
    until(lambda: engine.running() == 0)
    engine.start(PLACE_ORDER, third)
    engine.launch()
    nodes.until(State.COMPLETED, first, second, third)
    engine.close()
    assert nodes.billing.keys == [f"{order}:charge" for order in (first, second, third)]


METHODS = [
    (ProcessTable, "pause"),
    (ProcessTable, "keep_answer"),
    (ProcessTable, "answers"),
    (SqlUnitOfWork, "__enter__"),
    (SqlUnitOfWork, "commit"),
]


@pytest.mark.parametrize(("kind", "method"), METHODS, ids=[method for _, method in METHODS])
def test_a_write_that_fails_once_in_a_while_loses_no_order(
    nodes: Nodes, kind: type, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the statement or after it, with effect and without an answer."""
    orders = [nodes.submit() for _ in range(6)]
    real, calls, guard = getattr(kind, method), Counter[bool](), threading.Lock()

    def unreliable(*arguments: Any) -> Any:
        with guard:
            calls[True] += 1
            number = calls[True]
        if number % 3 == 1:
            raise StoreUnavailable("lost before")
        result = real(*arguments)
        if number % 3 == 2 and method != "__enter__":
            raise StoreUnavailable("lost after")
        return result

    nodes.billing.away = True
    with nodes.running() as engine:
        monkeypatch.setattr(kind, method, unreliable)
        for order in orders:
            engine.start(PLACE_ORDER, order)
        until(lambda: calls[True] >= 18)
        monkeypatch.undo()
        nodes.billing.away = False
        nodes.until(State.COMPLETED, *orders)
    assert nodes.charged_once(*orders)


@pytest.mark.parametrize("cancelled", [False, True], ids=["completed", "cancelled"])
def test_a_client_that_changes_the_order_first_each_time_interrupts_no_process(
    nodes: Nodes, cancelled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, real, calls = nodes.submit(), SqlUnitOfWork.commit, Counter[bool]()

    def overtaken(work: SqlUnitOfWork) -> None:
        calls[True] += 1
        if calls[True] % 2:
            raise ConcurrentChange("a client was first")
        real(work)

    nodes.billing.away = cancelled
    with capture_logs() as logs, nodes.running() as engine, monkeypatch.context() as patched:
        patched.setattr(SqlUnitOfWork, "commit", overtaken)
        engine.start(PLACE_ORDER, order)
        if cancelled:
            nodes.until(State.FULFILLING, order)
            nodes.cancel(order)
        nodes.until(State.CANCELLED if cancelled else State.COMPLETED, order)
    assert calls[True] >= 4
    assert [entry for entry in logs if entry["log_level"] == "error"] == []


def test_what_was_accepted_and_never_started_is_started_by_any_node(nodes: Nodes) -> None:
    orders = [nodes.submit() for _ in range(3)]
    with nodes.running("a"), nodes.running("b"):
        nodes.until(State.COMPLETED, *orders)
    assert nodes.charged_once(*orders)


def test_a_node_that_dies_is_taken_over_and_one_that_leaves_too(nodes: Nodes) -> None:
    nodes.billing.away = True
    with ExitStack() as stack:
        dead, leaving = nodes.engine("dead"), stack.enter_context(nodes.running("leaving"))
        dead.launch()
        orders = [nodes.submit() for _ in range(4)]
        for engine, order in zip((dead, leaving) * 2, orders, strict=True):
            engine.start(PLACE_ORDER, order)
        nodes.until(State.FULFILLING, *orders)
        dead._intake.stop()
        dead._upkeep.stop()
        dead._agenda.stop()
        dead._signals.close()
    nodes.billing.away = False
    with nodes.running("heir"):
        nodes.until(State.COMPLETED, *orders)
    assert nodes.charged_once(*orders)
    assert NodeTable(nodes.database).beats() == {}


def test_two_nodes_that_both_believe_to_have_an_order_in_hand_charge_it_once(nodes: Nodes) -> None:
    """One was thought dead in the middle of a call, and comes back when the other has carried the order out."""
    nodes.billing.go_on.clear()
    with nodes.running("slow") as slow:
        order = nodes.submit()
        slow.start(PLACE_ORDER, order)
        nodes.until(State.FULFILLING, order)
        NodeTable(nodes.database).bury("slow")
        with nodes.running("other"):
            table = NodeTable(nodes.database)
            until(lambda: ("other", 2) in {(claim.node, claim.turn) for claim in table.in_hand("other")})
            nodes.billing.go_on.set()
            nodes.until(State.COMPLETED, order)
    assert nodes.charged_once(order)


@pytest.mark.parametrize("hours", [-1, 1, -24 * 365])
def test_a_step_of_the_wall_clock_holds_no_order_up(nodes: Nodes, hours: int) -> None:
    nodes.billing.away = True
    with nodes.running("a") as engine:
        waiting, accepted = nodes.submit(), nodes.submit()
        engine.start(PLACE_ORDER, waiting)
        nodes.until(State.FULFILLING, waiting)
        nodes.clock.step = timedelta(hours=hours)
        stepped = nodes.submit()
        nodes.billing.away = False
        nodes.until(State.COMPLETED, waiting, accepted, stepped)
    assert nodes.charged_once(waiting, accepted, stepped)


def test_a_held_engine_carries_nothing_out(nodes: Nodes) -> None:
    with nodes.running("held", held=True) as engine:
        order = nodes.submit()
        engine.start(PLACE_ORDER, order)
        assert not engine.wait(PLACE_ORDER, order, 0.1)
    assert nodes.queries.aggregate(ORDERS, order, ALL).state is State.ACKNOWLEDGED
    with nodes.running("a"):
        nodes.until(State.COMPLETED, order)


def test_what_a_held_engine_accepts_another_one_carries_out_and_the_first_hears_its_end(nodes: Nodes) -> None:
    with nodes.running("serve", held=True) as serve, nodes.running("work"):
        orders = [nodes.submit() for _ in range(5)]
        for order in orders:
            serve.start(PLACE_ORDER, order)
        assert all(serve.wait(PLACE_ORDER, order, LONG) for order in orders)
        assert NodeTable(nodes.database).beats().keys() == {"work"}, "only who carries out is a node"
    assert nodes.charged_once(*orders)


def test_a_cut_channel_delays_an_order_by_one_poll_and_no_more(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    cut, accepted = Cut(), threading.Event()
    polls: list[tuple[bool, list[str]]] = []
    with (
        nodes.running("serve", held=True, signals=cut) as serve,
        nodes.running("work", signals=Cut(), lease_seconds=86_400.0) as work,
    ):
        real = work._nodes.unattended

        def watched(limit: int, after_client: str) -> list[Claim]:
            after = accepted.is_set()
            found = real(limit, after_client)
            polls.append((after, [claim.subject for claim in found]))
            return found

        monkeypatch.setattr(work._nodes, "unattended", watched)
        until(lambda: polls)
        order = nodes.submit()
        accepted.set()
        serve.start(PLACE_ORDER, order)
        assert serve.wait(PLACE_ORDER, order, LONG), "nobody tells it of the end, so it looks by itself"
    assert cut.told == [(Topic.WANTED, "")]
    assert next(found for after, found in polls if after or order in found) == [order]


def test_a_decision_made_elsewhere_ends_the_pause_of_a_process(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The node that has it in hand hears of it, or looks."""
    nodes.billing.away = True
    monkeypatch.setattr(runner, "FIRST_PAUSE", 86_400.0)
    with (
        nodes.running("serve", held=True) as serve,
        nodes.running("work", longest_pause=86_400.0, lease_seconds=86_400.0) as work,
    ):
        order = nodes.submit()
        serve.start(PLACE_ORDER, order)
        until(lambda: nodes.tries(order) == 1)
        nodes.billing.away = False
        nodes.take_up_again(order)
        serve.start(PLACE_ORDER, order)
        nodes.until(State.COMPLETED, order)
        until(lambda: not work._agenda.holds(PLACE_ORDER, order))
    assert nodes.charged_once(order)


def test_a_full_node_leaves_work_to_another_one(nodes: Nodes) -> None:
    nodes.billing.go_on.clear()
    with nodes.running("full", at_once=1) as full:
        orders = [nodes.submit() for _ in range(2)]
        full.start(PLACE_ORDER, orders[0])
        nodes.until(State.FULFILLING, orders[0])
        full.start(PLACE_ORDER, orders[1])
        with nodes.running("free"):
            nodes.until(State.FULFILLING, orders[1])
            assert [claim.subject for claim in NodeTable(nodes.database).in_hand("free")] == [orders[1]]
            nodes.billing.go_on.set()
            nodes.until(State.COMPLETED, *orders)
    assert nodes.charged_once(*orders)


class HeldConnections:
    """Watches how many connections of one pool each thread holds at a time."""

    def __init__(self, engine: sa.Engine) -> None:
        self.most = 0
        self._of_thread: Counter[int] = Counter()
        sa.event.listen(engine, "checkout", self._taken)
        sa.event.listen(engine, "checkin", self._returned)

    def _taken(self, _: Any, record: Any, __: Any) -> None:
        record.info["thread"] = threading.get_ident()
        self._of_thread[record.info["thread"]] += 1
        self.most = max(self.most, self._of_thread[record.info["thread"]])

    def _returned(self, _: Any, record: Any) -> None:
        self._of_thread[record.info.pop("thread", 0)] -= 1


def test_no_thread_holds_a_connection_while_it_waits_for_another(postgres_database: Database) -> None:
    nodes, pool_use = Nodes(postgres_database), HeldConnections(postgres_database.engine)
    with nodes.running() as engine:

        def place(_: int) -> bool:
            order = nodes.submit()
            engine.start(PLACE_ORDER, order)
            return engine.wait(PLACE_ORDER, order, LONG)

        with capture_logs() as logs, ThreadPoolExecutor(48) as pool:
            assert all(pool.map(place, range(96)))
    assert pool_use.most == 1
    ended = [line for line in logs if line["event"] == "process ended"]
    assert len(ended) == 96
    assert {(line["state"], line["log_level"]) for line in ended} == {("COMPLETED", "info")}


def test_a_wait_ends_with_the_process_here_or_elsewhere(nodes: Nodes) -> None:
    with nodes.running("here") as here, nodes.running("elsewhere") as elsewhere:
        order: Callable[[], str] = nodes.submit
        first, second = order(), order()
        here.start(PLACE_ORDER, first)
        elsewhere.start(PLACE_ORDER, second)
        assert here.wait(PLACE_ORDER, first, LONG)
        assert here.wait(PLACE_ORDER, second, LONG)
