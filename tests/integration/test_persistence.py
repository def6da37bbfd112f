"""The process table and what else is peculiar to the databases, on SQLite and on PostgreSQL."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa
import structlog
from dbos import DBOS
from structlog.testing import capture_logs

from adapters.orchestration.dbos_engine import Asked, DbosEngine, EngineSettings, _workflow_id
from adapters.orchestration.finished_workflows import AFTER_SECONDS, FinishedWorkflows
from adapters.persistence.catalog import SqlCatalog, publish, read_offerings
from adapters.persistence.database import Database, UnusableAddress, address, connections
from adapters.persistence.node_table import NodeTable
from adapters.persistence.process_table import Pause, ProcessTable, Run, ScheduledProcess, SqlProcessSchedule
from adapters.persistence.queries import SqlQueries
from adapters.persistence.tables import nodes, processes
from adapters.persistence.unit_of_work import SqlUnitOfWork
from canonical.catalog.offering import ChargeType, OfferingPrice, ProductOffering
from canonical.ordering.handlers import PLACE_ORDER, submit_order
from canonical.processes.place_order import PlaceOrder
from canonical.processes.standing import Problem
from canonical.shared.errors import ConcurrentChange
from facade.clock import SystemClock
from tests.support.builders import NOON, a_command, an_order, euros
from tests.support.databases import CATALOG, blank
from tests.support.fakes import (
    CountingIdentities,
    FullShelves,
    KnowsCustomers,
    StandingClock,
    SteppingClock,
    TakesMoney,
    TakesOrders,
)

PROCESS = "place-order"
LEASE = 5.0


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def table(database: Database, clock: StandingClock) -> ProcessTable:
    return ProcessTable(database, clock)


@pytest.fixture
def node_table(database: Database, clock: StandingClock) -> NodeTable:
    return NodeTable(database, clock)


def schedule(database: Database, clock: StandingClock, *subjects: str) -> None:
    with database.writing() as connection:
        for subject in subjects:
            SqlProcessSchedule(connection, clock).schedule(PROCESS, subject)
        connection.commit()


def note(database: Database, clock: StandingClock, step: str, subject: str) -> None:
    with database.writing() as connection:
        getattr(SqlProcessSchedule(connection, clock), step)(PROCESS, subject)
        connection.commit()


def known(database: Database) -> set[str]:
    with database.reading() as connection:
        return set(connection.scalars(sa.select(nodes.c.id)))


# --- processes --------------------------------------------------------------------------------------------------------


def test_a_scheduled_process_that_nobody_begins_is_overdue_after_its_time(
    database: Database, table: ProcessTable, clock: StandingClock
) -> None:
    schedule(database, clock, "o1")
    assert table.overdue(LEASE) == []
    clock.pass_(LEASE)
    assert table.overdue(LEASE) == [], "just not yet"
    clock.pass_(0.000001)
    assert table.overdue(LEASE) == [ScheduledProcess(PROCESS, "o1", None)]


def test_the_longest_overdue_come_first_and_not_all_at_once(
    database: Database, table: ProcessTable, clock: StandingClock
) -> None:
    for subject in ("o3", "o1", "o2"):
        schedule(database, clock, subject)
        clock.pass_(1)
    clock.pass_(LEASE)
    assert [left.subject for left in table.overdue(LEASE, limit=2)] == ["o3", "o1"]


@pytest.mark.parametrize("step", ["started", "ended"])
def test_a_process_that_began_is_never_overdue(
    step: str, database: Database, table: ProcessTable, clock: StandingClock
) -> None:
    schedule(database, clock, "o1")
    note(database, clock, step, "o1")
    clock.pass_(3600)
    assert table.overdue(LEASE) == []


def test_a_process_remembers_the_correlation_id_of_who_asked_for_it(
    database: Database, table: ProcessTable, clock: StandingClock
) -> None:
    with structlog.contextvars.bound_contextvars(correlation_id="corr-1"):
        schedule(database, clock, "o1")
    clock.pass_(60)
    assert table.overdue(LEASE)[0].correlation_id == "corr-1"


def test_a_process_has_ended_when_it_says_so(database: Database, table: ProcessTable, clock: StandingClock) -> None:
    schedule(database, clock, "o1", "o2")
    for step, ended in (("started", False), ("ended", True)):
        note(database, clock, step, "o1")
        assert table.has_ended("o1") is ended
    assert not table.has_ended("o2")
    assert not table.has_ended("none")


def test_a_waiting_process_says_for_what_until_it_goes_on(
    database: Database, table: ProcessTable, clock: StandingClock
) -> None:
    schedule(database, clock, "o1")
    assert table.waiting(
        Run(PROCESS, "o1", 0, 0), Pause({}, "charge", Problem.BACKEND_AWAY, "billing cannot be reached")
    )
    assert _row(database) == ("waiting", "billing cannot be reached")
    assert not table.has_ended("o1")
    note(database, clock, "ended", "o1")
    assert _row(database) == ("ended", None)


def _row(database: Database) -> tuple[str, str | None]:
    with database.reading() as connection:
        row = connection.execute(sa.select(processes.c.state, processes.c.waiting_for)).one()
    return row.state, row.waiting_for


def test_the_steps_of_a_process_are_forgotten_some_time_after_its_end(
    database: Database, table: ProcessTable, clock: StandingClock
) -> None:
    schedule(database, clock, "old", "late", "open", "fallout")
    for subject in ("old", "late", "open", "fallout"):
        table.keep_answer(PROCESS, subject, "charge#0", {"result": "x"})
    note(database, clock, "ended", "old")
    with database.writing() as connection:
        SqlProcessSchedule(connection, clock).fell_out(PROCESS, "fallout", {})
        connection.commit()
    clock.pass_(10)
    border = clock.now()
    note(database, clock, "ended", "late")
    until = table.forget_steps(border)
    assert {subject for subject in ("old", "late", "open", "fallout") if table.answers(PROCESS, subject)} == {
        "late",
        "open",
        "fallout",
    }
    assert table.forget_steps(border, until) == until
    clock.pass_(1)
    table.forget_steps(clock.now(), until)
    assert table.answers(PROCESS, "late") == {}


def test_steps_are_forgotten_a_few_at_a_time(database: Database, table: ProcessTable, clock: StandingClock) -> None:
    subjects = [f"o{number}" for number in range(5)]
    schedule(database, clock, *subjects)
    for subject in subjects:
        table.keep_answer(PROCESS, subject, "charge#0", {"result": "x"})
        clock.pass_(1)
        note(database, clock, "ended", subject)
    clock.pass_(1)
    until = ""
    for left in (3, 2, 1, 0, 0):
        until = table.forget_steps(clock.now(), until, limit=2)
        assert sum(bool(table.answers(PROCESS, subject)) for subject in subjects) == left


def test_a_process_is_scheduled_once_for_each_subject(database: Database, clock: StandingClock) -> None:
    schedule(database, clock, "o1")
    with pytest.raises(ConcurrentChange):
        schedule(database, clock, "o1")


# --- nodes ------------------------------------------------------------------------------------------------------------


def test_a_node_that_beats_is_inherited_by_nobody(node_table: NodeTable, clock: StandingClock) -> None:
    node_table.beat("a")
    clock.pass_(LEASE)
    node_table.beat("b")
    assert node_table.inherit("b", LEASE) == [], "its lease ends after this moment"


def test_a_node_without_a_beat_in_its_lease_is_inherited(node_table: NodeTable, clock: StandingClock) -> None:
    node_table.beat("a")
    clock.pass_(LEASE + 1)
    node_table.beat("b")
    assert node_table.inherit("b", LEASE) == ["a"]


def test_an_heir_keeps_its_inheritance_until_it_buries_the_dead(
    database: Database, node_table: NodeTable, clock: StandingClock
) -> None:
    node_table.beat("a")
    clock.pass_(LEASE + 1)
    for node in ("b", "c"):
        node_table.beat(node)
    assert node_table.inherit("b", LEASE) == ["a"]
    assert node_table.inherit("c", LEASE) == [], "its heir lives"
    assert node_table.inherit("b", LEASE) == ["a"], "a crash between taking over and burying loses nothing"
    node_table.bury("a")
    assert node_table.inherit("b", LEASE) == []
    assert known(database) == {"b", "c"}


def test_the_inheritance_of_an_heir_that_died_goes_to_the_next_with_the_heir_itself(
    node_table: NodeTable, clock: StandingClock
) -> None:
    node_table.beat("a")
    clock.pass_(LEASE + 1)
    node_table.beat("b")
    assert node_table.inherit("b", LEASE) == ["a"]
    clock.pass_(LEASE + 1)
    node_table.beat("c")
    assert sorted(node_table.inherit("c", LEASE)) == ["a", "b"]


def test_the_inheritance_of_an_heir_that_is_gone_altogether_goes_to_the_next(
    node_table: NodeTable, clock: StandingClock
) -> None:
    node_table.beat("a")
    clock.pass_(LEASE + 1)
    node_table.beat("b")
    assert node_table.inherit("b", LEASE) == ["a"]
    node_table.bury("b")
    node_table.beat("c")
    assert node_table.inherit("c", LEASE) == ["a"]


def test_a_node_that_comes_back_is_alive_and_nobodys_inheritance(node_table: NodeTable, clock: StandingClock) -> None:
    node_table.beat("a")
    clock.pass_(LEASE + 1)
    node_table.beat("b")
    assert node_table.inherit("b", LEASE) == ["a"]
    node_table.beat("a")
    assert node_table.inherit("b", LEASE) == []


def test_a_node_that_was_buried_and_comes_back_is_known_again(
    database: Database, node_table: NodeTable, clock: StandingClock
) -> None:
    node_table.beat("a")
    node_table.bury("a")
    assert known(database) == set()
    node_table.beat("a")
    assert known(database) == {"a"}


def test_a_node_that_retired_is_inherited_at_once(node_table: NodeTable, clock: StandingClock) -> None:
    for node in ("a", "b"):
        node_table.beat(node)
    node_table.retire("a")
    assert node_table.inherit("b", LEASE) == ["a"]


def test_of_heirs_that_race_each_dead_node_goes_to_one(database: Database, clock: StandingClock) -> None:
    node_table = NodeTable(database, clock)
    dead = [f"dead-{number}" for number in range(5)]
    for node in dead:
        node_table.beat(node)
    clock.pass_(LEASE + 1)
    heirs = [f"heir-{number}" for number in range(4)]
    for node in heirs:
        node_table.beat(node)
    gate = threading.Barrier(len(heirs))

    def inherit(heir: str) -> list[str]:
        gate.wait()
        return node_table.inherit(heir, LEASE)

    with ThreadPoolExecutor(len(heirs)) as pool:
        shares = list(pool.map(inherit, heirs))
    assert sorted(node for share in shares for node in share) == dead


# --- transactions that overlap ----------------------------------------------------------------------------------------


def test_of_two_units_of_work_that_read_the_same_order_the_second_to_commit_is_refused(
    postgres_database: Database,
) -> None:
    """On SQLite the second would wait before it reads."""

    def unit_of_work() -> SqlUnitOfWork:
        return SqlUnitOfWork(postgres_database, blank, blank, SteppingClock())

    with unit_of_work() as work:
        work.orders.add(an_order())
        work.commit()
    with unit_of_work() as first, unit_of_work() as second:
        orders = [work.orders.get(an_order().id) for work in (first, second)]
        for order in orders:
            order.start(NOON)
        first.commit()
        with pytest.raises(ConcurrentChange):
            second.commit()


def test_a_claim_waits_for_one_that_has_not_ended(postgres_database: Database) -> None:
    def unit_of_work() -> SqlUnitOfWork:
        return SqlUnitOfWork(postgres_database, blank, blank, SteppingClock())

    def claim() -> bool:
        with unit_of_work() as work:
            return work.claim_key("portal", "key", "hash", "o2", None)

    with ThreadPoolExecutor(1) as pool:
        with unit_of_work() as first:
            assert first.claim_key("portal", "key", "hash", "o1", None)
            waiting = pool.submit(claim)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.2)
            first.commit()
        assert waiting.result(timeout=10) is False


def test_readers_on_sqlite_do_not_wait_for_a_writer(sqlite_database: Database) -> None:
    with sqlite_database.writing() as writing, sqlite_database.reading() as reading:
        writing.execute(sa.insert(nodes), {"id": "a", "beat_at": "x", "heir": None})
        assert reading.scalar(sa.select(sa.func.count()).select_from(nodes)) == 0
        assert reading.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_sqlite_makes_the_folder_of_its_file(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new' / 'folder' / 'facade.db'}")
    database.ping()
    database.close()
    assert (tmp_path / "new" / "folder" / "facade.db").exists()


# --- catalogue --------------------------------------------------------------------------------------------------------


def an_offering(version: str = "1", price: str = "10.00") -> ProductOffering:
    prices = (OfferingPrice("p1", ChargeType.ONE_TIME, euros(price)),)
    return ProductOffering("po_new", version, "New", "SKU-NEW", prices)


def current(database: Database) -> ProductOffering | None:
    with database.reading() as connection:
        return SqlCatalog(connection).offering("po_new")


def test_the_catalogue_files_are_published_once(database: Database) -> None:
    offerings = read_offerings([CATALOG.read_bytes()])
    assert publish(database, offerings) == 0, "the schema template has them"
    with database.reading() as connection:
        assert SqlCatalog(connection).offerings() == sorted(offerings, key=lambda offering: offering.id)


def test_a_new_version_becomes_the_current_one(database: Database) -> None:
    assert publish(database, [an_offering()]) == 1
    assert publish(database, [an_offering("2", "12.00")]) == 1
    found = current(database)
    assert found is not None
    assert (found.version, found.prices[0].amount) == ("2", euros("12.00"))
    assert publish(database, [an_offering("2", "12.00")]) == 0


def test_what_is_published_never_changes(database: Database) -> None:
    publish(database, [an_offering()])
    with pytest.raises(ValueError, match="offering po_new version 1 is published; give a new version"):
        publish(database, [an_offering(price="11.00")])
    found = current(database)
    assert found is not None
    assert found.prices[0].amount == euros("10.00")


# --- pools ------------------------------------------------------------------------------------------------------------


def test_a_server_process_takes_few_connections_from_postgresql() -> None:
    for url in ("postgresql://db/x", "postgresql+psycopg://db/x"):
        assert connections(address(url)).items() >= {"pool_size": 10, "max_overflow": 0}.items()


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
        assert engine.wait(order.id, 30)
    # A continuation whose process has ended by now, one that is to come, and one that failed.
    later = [Run(PLACE_ORDER, order.id, 0, part) for part in (1, 2, 3)]
    for run, kept, delay in zip(later, ({}, {}, {"nonsense": 1}), (0.0, 600.0, 0.0), strict=True):
        engine._enqueue(run, Asked(None, None), kept, delay)
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
