"""The process table, on SQLite and on PostgreSQL."""

from typing import Any

import pytest
import sqlalchemy as sa
import structlog

from adapters.persistence.database import Database
from adapters.persistence.process_table import Pause, ProcessTable, SqlProcessSchedule, Turn
from adapters.persistence.tables import processes
from canonical.processes.process_status import Problem
from canonical.shared.errors import ConcurrentChange
from tests.support.fakes import StandingClock

PROCESS = "place-order"
A, B = "node-a", "node-b"
PAUSE = Pause({"attempt": 1}, "charge", Problem.BACKEND_UNAVAILABLE, "billing cannot be reached")


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def table(database: Database, clock: StandingClock) -> ProcessTable:
    return ProcessTable(database, clock)


def schedule(database: Database, clock: StandingClock, *subjects: str) -> None:
    with database.writing() as connection:
        for subject in subjects:
            SqlProcessSchedule(connection, clock).schedule(PROCESS, subject, "partner-acme")
        connection.commit()


def turn(database: Database, clock: StandingClock, node: str = A, subject: str = "o1") -> Turn | None:
    with database.writing() as connection:
        taken = SqlProcessSchedule(connection, clock).take_turn(PROCESS, subject, node)
        connection.commit()
    return taken


def end(database: Database, clock: StandingClock, taken: Turn | None, fallen_out: Any = None) -> bool:
    assert taken is not None
    with database.writing() as connection:
        ended = SqlProcessSchedule(connection, clock).end(taken, fallen_out)
        connection.commit()
    return ended


def row(database: Database) -> Any:
    with database.reading() as connection:
        return connection.execute(sa.select(processes)).one()


def test_turns_are_counted_and_only_the_last_one_has_a_say(
    database: Database, table: ProcessTable, clock: StandingClock
) -> None:
    schedule(database, clock, "o1")
    first, second = turn(database, clock), turn(database, clock)
    assert first is not None
    assert second is not None
    assert (first.number, second.number) == (1, 2)
    assert not table.pause(first, PAUSE)
    assert not end(database, clock, first)
    assert table.pause(second, PAUSE)
    third = turn(database, clock)
    assert third is not None
    assert (third.number, third.progress) == (3, {"attempt": 1})
    assert end(database, clock, third)
    assert turn(database, clock) is None, "it is over"


def test_a_process_is_in_the_hands_of_one_node(database: Database, table: ProcessTable, clock: StandingClock) -> None:
    schedule(database, clock, "o1")
    taken = turn(database, clock, A)
    assert taken is not None
    assert turn(database, clock, B) is None
    assert table.pause(taken, PAUSE)
    assert turn(database, clock, B) is None, "its node carries it on after the pause"
    assert turn(database, clock, A) is not None


def test_a_process_that_nobody_scheduled_has_no_turn(database: Database, clock: StandingClock) -> None:
    assert turn(database, clock) is None


def test_a_turn_knows_the_request_that_wanted_the_process(database: Database, clock: StandingClock) -> None:
    with structlog.contextvars.bound_contextvars(correlation_id="corr-1"):
        schedule(database, clock, "o1")
    taken = turn(database, clock)
    assert taken is not None
    assert (taken.correlation_id, taken.traceparent, taken.progress) == ("corr-1", None, None)


@pytest.mark.parametrize("fallen_out", [None, {"attempt": 0}])
def test_a_process_has_ended_when_it_says_so(
    database: Database, table: ProcessTable, clock: StandingClock, fallen_out: Any
) -> None:
    schedule(database, clock, "o1", "o2")
    taken = turn(database, clock)
    assert not table.has_ended(PROCESS, "o1")
    assert end(database, clock, taken, fallen_out)
    assert table.has_ended(PROCESS, "o1")
    assert not table.has_ended(PROCESS, "o2")
    assert not table.has_ended(PROCESS, "none")
    assert not table.has_ended("another", "o1")


def test_a_waiting_process_says_for_what_until_it_goes_on(
    database: Database, table: ProcessTable, clock: StandingClock
) -> None:
    schedule(database, clock, "o1")
    taken = turn(database, clock)
    assert taken is not None
    assert table.pause(taken, PAUSE)
    waiting = row(database)
    assert (waiting.state, waiting.waiting_for, waiting.node) == ("waiting", "billing cannot be reached", A)
    assert not table.has_ended(PROCESS, "o1")
    assert end(database, clock, turn(database, clock))
    ended = row(database)
    assert (ended.state, ended.waiting_for, ended.node, ended.progress) == ("ended", None, None, None)


def over(database: Database, clock: StandingClock, subject: str, fallen_out: Any = None) -> None:
    assert end(database, clock, turn(database, clock, subject=subject), fallen_out)


def test_the_steps_of_a_process_are_forgotten_some_time_after_its_end(
    database: Database, table: ProcessTable, clock: StandingClock
) -> None:
    schedule(database, clock, "old", "late", "open", "fallout")
    for subject in ("old", "late", "open", "fallout"):
        table.keep_answer(PROCESS, subject, "charge#0", {"result": "x"})
    over(database, clock, "old")
    over(database, clock, "fallout", {})
    clock.pass_(10)
    border = clock.now()
    over(database, clock, "late")
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
        over(database, clock, subject)
    clock.pass_(1)
    until = ""
    for left in (3, 2, 1, 0, 0):
        until = table.forget_steps(clock.now(), until, limit=2)
        assert sum(bool(table.answers(PROCESS, subject)) for subject in subjects) == left


def test_a_process_is_scheduled_once_for_each_subject(database: Database, clock: StandingClock) -> None:
    schedule(database, clock, "o1")
    with pytest.raises(ConcurrentChange):
        schedule(database, clock, "o1")
