"""The process table, on SQLite and on PostgreSQL."""

import pytest
import sqlalchemy as sa
import structlog

from adapters.persistence.database import Database
from adapters.persistence.process_table import Pause, ProcessTable, Run, ScheduledProcess, SqlProcessSchedule
from adapters.persistence.tables import nodes, processes
from canonical.processes.standing import Problem
from canonical.shared.errors import ConcurrentChange
from tests.support.fakes import (
    StandingClock,
)

PROCESS = "place-order"
LEASE = 5.0


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def table(database: Database, clock: StandingClock) -> ProcessTable:
    return ProcessTable(database, clock)


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
        assert table.has_ended(PROCESS, "o1") is ended
    assert not table.has_ended(PROCESS, "o2")
    assert not table.has_ended(PROCESS, "none")
    assert not table.has_ended("another", "o1")


def test_a_waiting_process_says_for_what_until_it_goes_on(
    database: Database, table: ProcessTable, clock: StandingClock
) -> None:
    schedule(database, clock, "o1")
    assert table.waiting(
        Run(PROCESS, "o1", 0, 0), Pause({}, "charge", Problem.BACKEND_AWAY, "billing cannot be reached")
    )
    assert _row(database) == ("waiting", "billing cannot be reached")
    assert not table.has_ended(PROCESS, "o1")
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
