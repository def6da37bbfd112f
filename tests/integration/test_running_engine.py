"""What the process engine, running, leaves in its databases, takes of their connections and writes to the log."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from dbos import DBOS
from structlog.testing import capture_logs

from adapters.orchestration.dbos_engine import DbosEngine, EngineSettings, _workflow_id
from adapters.orchestration.finished_workflows import AFTER_SECONDS, FinishedWorkflows
from adapters.orchestration.runner import Origin
from adapters.persistence.database import Database
from adapters.persistence.node_table import NodeTable
from adapters.persistence.process_table import ProcessTable, Run
from adapters.persistence.queries import SqlQueries
from adapters.persistence.unit_of_work import SqlUnitOfWork
from canonical.ordering.handlers import PLACE_ORDER, submit_order
from canonical.processes.place_order import PlaceOrder
from facade.clock import SystemClock
from tests.support.builders import a_command
from tests.support.databases import blank
from tests.support.fakes import (
    CountingIdentities,
    FullShelves,
    KnowsCustomers,
    TakesMoney,
    TakesOrders,
)

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


@contextmanager
def running_engine(database: Database, system_url: str) -> Iterator[Placing]:
    """An engine that places orders with backends that always do what they are asked."""
    clock = SystemClock()

    def unit_of_work() -> SqlUnitOfWork:
        return SqlUnitOfWork(database, blank, blank, clock)

    queries = SqlQueries(database)
    process = PlaceOrder(KnowsCustomers(), FullShelves(), TakesOrders(), TakesMoney(), unit_of_work, queries, clock)
    table, nodes = ProcessTable(database, clock), NodeTable(database, clock)
    engine = DbosEngine({PLACE_ORDER: process}, table, nodes, EngineSettings(system_database_url=system_url, node="a"))
    engine.launch()
    yield engine, unit_of_work
    engine.close()


@pytest.fixture
def placing(postgres_database: Database) -> Iterator[Placing]:
    with running_engine(postgres_database, postgres_database.url.render_as_string(hide_password=False)) as running:
        yield running


@pytest.fixture
def placing_anywhere(database: Database, tmp_path: Path) -> Iterator[Placing]:
    sqlite = database.url.get_backend_name() == "sqlite"
    url = f"sqlite:///{tmp_path / 'processes.db'}" if sqlite else database.url.render_as_string(hide_password=False)
    with running_engine(database, url) as running:
        yield running


def workflows() -> dict[str, str]:
    """What DBOS has on record: the state of each workflow by its id."""
    return {one.workflow_id: one.status for one in DBOS.list_workflows(load_input=False, load_output=False)}


def test_the_engines_own_records_go_some_time_after_the_end(placing_anywhere: Placing) -> None:
    engine, unit_of_work = placing_anywhere
    identities = CountingIdentities()
    for _ in range(3):
        with unit_of_work() as work:
            order = submit_order(a_command(), work, SystemClock(), identities)
            work.commit()
        engine.start(PLACE_ORDER, order.id)
        assert engine.wait(PLACE_ORDER, order.id, 30)
    # A continuation whose process has ended by now, one that is to come, and one that failed.
    later = [Run(PLACE_ORDER, order.id, 0, part) for part in (1, 2, 3)]
    for run, kept, delay in zip(later, ({}, {}, {"nonsense": 1}), (0.0, 600.0, 0.0), strict=True):
        engine._enqueue(run, Origin(None, None), kept, delay)
    continuations = [_workflow_id(run) for run in later]
    until = time.monotonic() + 20
    while any(workflows()[continuations[at]] in ("DELAYED", "ENQUEUED", "PENDING") for at in (0, 2)):
        assert time.monotonic() < until
        time.sleep(0.05)
    now = datetime.now(UTC)
    records = FinishedWorkflows("continuations", keep_seconds=3600)
    records.forget(now)
    assert len(workflows()) == 6, "nothing that ended a moment ago"
    records.forget(now + timedelta(seconds=AFTER_SECONDS + 1))
    assert set(workflows()) >= {f"{PLACE_ORDER}:{order.id}", *continuations[1:]}
    assert continuations[0] not in workflows(), "nobody asks about a continuation that has done its part"
    records.forget(now + timedelta(seconds=3601), limit=2)
    assert len(workflows()) == 3
    records.forget(now + timedelta(seconds=3601), limit=2)
    assert workflows() == {continuations[1]: "DELAYED"}
    with engine._records.connect() as connection:
        schema = "dbos" if connection.dialect.name == "postgresql" else None
        for name in ("workflow_input", "workflow_output", "operation_outputs"):
            table = sa.table(name, sa.column("workflow_uuid"), schema=schema)
            assert set(connection.scalars(sa.select(table.c.workflow_uuid))) <= {continuations[1]}, name


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
        return engine.wait(PLACE_ORDER, order.id, 30)

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
