"""A database that takes no writes, and commits that nobody confirms."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.persistence.audit import SqlAuditTrail
from adapters.persistence.database import Database
from adapters.persistence.probes import write
from adapters.persistence.reads import SqlReads
from adapters.persistence.tables import listeners, probes
from adapters.persistence.unit_of_work import SqlUnitOfWork
from canonical.shared.deadline import within
from canonical.shared.errors import StoreNotWritable, StoreOutcomeUnknown
from facade.application.requests import Request, Result, Translation
from facade.application.use_cases import Application, UseCase
from tests.support.database_faults import frozen, full, read_only
from tests.support.fakes import CountingIdentities, Starts, SteppingClock
from tests.support.postgres import execute
from tests.support.waiting import until

COLUMNS = [column.name for column in listeners.columns]


def add(
    database: Database, number: int, during_commit: Callable[[], AbstractContextManager[None]] = nullcontext
) -> None:
    with database.writing() as connection:
        connection.execute(sa.insert(listeners), dict.fromkeys(COLUMNS, "x" * 10) | {"id": str(number)})
        with during_commit():
            connection.commit()


def kept(database: Database) -> list[str]:
    with database.reading() as connection:
        return list(connection.scalars(sa.select(listeners.c.id).order_by(listeners.c.id)))


def test_readiness_sees_that_nothing_can_be_written(database: Database) -> None:
    write(database)
    with full(database.url), pytest.raises(StoreNotWritable):
        write(database)
    write(database)
    with database.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(probes)) == 0


def test_a_full_disk_is_told_and_over_without_a_restart(database: Database) -> None:
    add(database, 1)
    with full(database.url):
        for _ in range(3):
            with pytest.raises(StoreNotWritable, match="disk is full"):
                add(database, 2)
        assert kept(database) == ["1"]
    assert kept(database) == ["1"]
    add(database, 2)
    assert kept(database) == ["1", "2"]


def test_a_disk_that_fills_up_between_statement_and_commit_keeps_nothing(sqlite_database: Database) -> None:
    with pytest.raises(StoreNotWritable):
        add(sqlite_database, 1, during_commit=lambda: full(sqlite_database.url))
    assert kept(sqlite_database) == []
    add(sqlite_database, 2)
    assert kept(sqlite_database) == ["2"]


def test_a_server_that_has_become_read_only_is_told(postgres_server: sa.URL, postgres_database: Database) -> None:
    add(postgres_database, 1)
    with read_only(postgres_server):
        until_read_only(postgres_database)
        with pytest.raises(StoreNotWritable, match="read-only"):
            add(postgres_database, 2)
        assert kept(postgres_database) == ["1"]


def until_read_only(database: Database) -> None:
    """Settings are read again a moment after the server was told to."""

    def read_only() -> bool:
        with database.reading() as connection:
            return bool(connection.scalar(sa.text("SHOW transaction_read_only")) == "on")

    until(read_only)


def test_a_commit_that_nobody_confirms_is_of_unknown_outcome(
    postgres_server: sa.URL, postgres_database: Database
) -> None:
    @contextmanager
    def hurried() -> Iterator[None]:
        with frozen(postgres_server), within(1):
            yield

    with pytest.raises(StoreOutcomeUnknown):
        add(postgres_database, 1, during_commit=hurried)
    add(postgres_database, 2)
    until(lambda: kept(postgres_database) == ["1", "2"])  # the server has the commit and comes to it in a moment


def test_a_connection_that_is_lost_before_the_commit_leaves_it_unknown(postgres_database: Database) -> None:
    others = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE state = 'idle in transaction'"
    mine = f"{others} AND datname = current_database()"

    @contextmanager
    def cut_off() -> Iterator[None]:
        execute(postgres_database.url, mine)
        yield

    with pytest.raises(StoreOutcomeUnknown):
        add(postgres_database, 1, during_commit=cut_off)
    assert kept(postgres_database) == []


@dataclass(frozen=True)
class Begin:
    """Begins a thing of this id."""

    id: str


def begin(command: Begin, work: Any, clock: Any, identities: Any) -> Begin:
    return command


def test_a_request_whose_commit_nobody_confirmed_is_found_again_by_its_key(
    postgres_server: sa.URL, postgres_database: Database
) -> None:
    class Unconfirmed(SqlUnitOfWork):
        def commit(self) -> None:
            with frozen(postgres_server), within(1):
                super().commit()

    def taken(kind: type[SqlUnitOfWork], thing: str) -> Result:
        def unit_of_work() -> SqlUnitOfWork:
            return kind(postgres_database, {}, SteppingClock())

        use_cases: dict[type, UseCase] = {Begin: UseCase(begin, subject=lambda made: ("thing", made.id))}
        reads, identities = SqlReads(postgres_database), CountingIdentities()
        application = Application(unit_of_work, reads, SteppingClock(), identities, Starts(), use_cases)
        return application.execute(request, Translation(Begin(thing)), 201)

    request = Request("partner-acme", "placeOrder", "key-1", {"a": 1})
    with pytest.raises(StoreOutcomeUnknown) as unknown:
        taken(Unconfirmed, "o1")
    # The server comes to the commit in a moment; the second request waits for the first one's key or finds it.
    second = taken(SqlUnitOfWork, "o2")
    assert (second.subject, second.replayed) == ("o1", True)
    record_id = unknown.value.details["auditRecordId"]
    assert unknown.value.details["id"] == "o1"
    assert SqlAuditTrail(postgres_database).find(record_id, "partner-acme").subject == "o1"
