"""Which databases are connected to, and how many connections a process takes."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from adapters.orchestration.dbos_engine import DbosEngine, EngineSettings
from adapters.persistence.database import Database, UnusableAddress, address, connections
from adapters.persistence.node_table import NodeTable
from adapters.persistence.orders import Document
from adapters.persistence.process_table import ProcessTable
from adapters.persistence.queries import SqlQueries
from adapters.persistence.unit_of_work import SqlUnitOfWork
from canonical.ordering.handlers import PLACE_ORDER, submit_order
from canonical.processes.place_order import PlaceOrder
from facade.clock import SystemClock
from tests.support.builders import a_command
from tests.support.fakes import (
    CountingIdentities,
    FullShelves,
    KnowsCustomers,
    TakesMoney,
    TakesOrders,
)


def test_a_server_process_takes_few_connections_from_postgresql() -> None:
    for url in ("postgresql://db/x", "postgresql+psycopg://db/x"):
        assert connections(address(url)) == {"pool_size": 10, "max_overflow": 0, "pool_timeout": 30.0}


def test_more_threads_than_connections_only_wait(postgres_database: Database) -> None:
    def work(number: int) -> int:
        with postgres_database.writing() as connection:
            connection.execute(sa.text("SELECT pg_sleep(0.05)"))
            return number

    with ThreadPoolExecutor(48) as pool:
        assert list(pool.map(work, range(96))) == list(range(96))
    assert cast(sa.QueuePool, postgres_database.engine.pool).checkedin() <= 10


@pytest.mark.parametrize(
    "url", ["foo", "", "postgresql//u:secret@h/x", "postgresql://u:secret@h:port/x", "mysql://u:secret@h/x"]
)
def test_an_address_of_no_database_we_work_with_is_refused_without_showing_its_password(url: str) -> None:
    with pytest.raises(UnusableAddress, match="use postgresql://user:password@host/name or sqlite:") as refused:
        Database(url)
    assert "secret" not in str(refused.value)


def test_a_host_that_does_not_answer_is_given_up_after_a_while() -> None:
    assert address("postgresql://db/x").query["connect_timeout"] == "10"
    assert address("postgresql://db/x?connect_timeout=3").query["connect_timeout"] == "3"


Placing = tuple[DbosEngine, Callable[[], SqlUnitOfWork]]


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


@pytest.fixture
def placing(postgres_database: Database) -> Iterator[Placing]:
    """An engine that places orders with backends that always do what they are asked."""
    clock = SystemClock()

    def unit_of_work() -> SqlUnitOfWork:
        return SqlUnitOfWork(postgres_database, lambda order, carried: Document("x", "{}"), clock)

    queries = SqlQueries(postgres_database)
    process = PlaceOrder(KnowsCustomers(), FullShelves(), TakesOrders(), TakesMoney(), unit_of_work, queries, clock)
    url = postgres_database.url.render_as_string(hide_password=False)
    table = ProcessTable(postgres_database, clock)
    nodes = NodeTable(postgres_database, clock)
    engine = DbosEngine({PLACE_ORDER: process}, table, nodes, EngineSettings(system_database_url=url, node="a"))
    engine.launch()
    yield engine, unit_of_work
    engine.close()


def test_no_thread_holds_a_connection_while_it_waits_for_another_of_its_pool(
    placing: Placing, postgres_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    engine, unit_of_work = placing
    pools = [HeldConnections(postgres_database.engine), HeldConnections(engine._records)]
    identities = CountingIdentities()

    def place(_: int) -> bool:
        with unit_of_work() as work:
            order = submit_order(a_command(), work, SystemClock(), identities)
            work.commit()
        engine.start(PLACE_ORDER, order.id)
        return engine.wait(order.id, 30)

    with capture_logs() as logs, ThreadPoolExecutor(48) as pool:
        assert all(pool.map(place, range(96)))
    assert pools[0].most == 1
    assert pools[1].most <= 2, "DBOS itself takes a second one now and then, never all its threads at once"
    assert [record for record in caplog.records if record.name == "dbos"] == [], "no pool was exhausted"
    ended = [line for line in logs if line["event"] == "process ended"]
    assert {(line["state"], line["log_level"]) for line in ended} == {("COMPLETED", "info")}
    assert all(0 < line["seconds"] < 30 for line in ended)


def test_the_engine_logs_as_everything_else(
    placing: Placing,
) -> None:
    logger = logging.getLogger("dbos")
    assert [type(handler) for handler in logger.handlers] == [logging.NullHandler]
    assert logger.propagate
    assert logger.getEffectiveLevel() == logging.WARNING
