"""Audit records, idempotency keys and processes that are old are deleted, on both databases."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.persistence import retention
from adapters.persistence.database import Database
from adapters.persistence.encoding import timestamp
from adapters.persistence.retention import Keeping, Retention
from adapters.persistence.tables import audit, idempotency_keys, process_steps, processes
from canonical.processes.process_status import ProcessState
from tests.support.builders import NOON

DAYS = [NOON + timedelta(days=day) for day in range(4)]
FORGET = {
    "audit": Retention.forget_audit,
    "keys": Retention.forget_keys,
    "processes": Retention.forget_processes,
}
"""How the rows of a table are deleted."""


def id_at(at: datetime) -> str:
    """A sortable id of that time."""
    digits = f"{int(at.timestamp() * 1000):012x}"
    return f"{digits[:8]}-{digits[8:]}-7000-8000-000000000000"


def records() -> list[dict[str, Any]]:
    said = {"client": "qa", "operation": "x", "correlation_id": "", "translation": "[]", "status": 201}
    return [said | {"id": id_at(day), "at": timestamp(day)} for day in DAYS]


def keys() -> list[dict[str, Any]]:
    said = {"owner": "qa", "request_hash": "", "subject_type": "order", "subject": "o"}
    return [said | {"key": f"k{number}", "created_at": timestamp(day)} for number, day in enumerate(DAYS)]


def some_processes(state: ProcessState = ProcessState.ENDED) -> list[dict[str, Any]]:
    said = {"process": "place-order", "state": state.value}
    return [said | {"subject": f"o{number}", "changed_at": timestamp(day)} for number, day in enumerate(DAYS)]


ROWS = {"audit": (audit, records), "keys": (idempotency_keys, keys), "processes": (processes, some_processes)}


def insert(database: Database, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    with database.writing() as connection:
        connection.execute(sa.delete(table))
        connection.execute(sa.insert(table), rows)
        connection.commit()


def count(database: Database, table: sa.Table) -> int:
    with database.reading() as connection:
        return int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)


@pytest.mark.parametrize("name", ROWS)
def test_what_is_old_is_deleted_the_oldest_first_and_in_parts(
    database: Database, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    table, rows = ROWS[name]
    insert(database, table, rows())
    assert not FORGET[name](Retention(database), DAYS[0])
    assert count(database, table) == 4, "none is older than the first"
    hours_later = DAYS[2] + timedelta(hours=1)
    assert [FORGET[name](Retention(database), hours_later) for _ in range(2)] == [True, False]
    assert count(database, table) == 1


@pytest.mark.parametrize("name", ROWS)
def test_no_whole_table_is_read(sqlite_database: Database, name: str) -> None:
    table, rows = ROWS[name]
    insert(sqlite_database, table, rows())
    plans: list[str] = []

    def explain(connection: sa.Connection, cursor: Any, statement: str, parameters: Any, _: Any, many: bool) -> None:
        values = parameters[0] if many else parameters
        if statement.startswith(("SELECT", "DELETE")):
            look = connection.connection.cursor()
            plans.extend(row[3] for row in look.execute(f"EXPLAIN QUERY PLAN {statement}", values))

    with sqlite_database.reading() as connection:
        engine = connection.engine
    sa.event.listen(engine, "before_cursor_execute", explain)
    FORGET[name](Retention(sqlite_database), DAYS[3])
    assert plans
    assert not [plan for plan in plans if plan.startswith("SCAN")]


@pytest.mark.parametrize("state", [one for one in ProcessState if one is not ProcessState.ENDED])
def test_a_process_that_has_not_ended_stays_however_old_it_is(database: Database, state: ProcessState) -> None:
    insert(database, processes, some_processes(state))
    Retention(database).forget_processes(DAYS[3] + timedelta(days=1))
    assert count(database, processes) == 4


def test_the_calls_of_a_process_are_deleted_with_it(database: Database) -> None:
    insert(database, processes, some_processes())
    said = {"process": "place-order", "answer": "{}", "at": timestamp(NOON)}
    steps = [said | {"subject": f"o{number}", "step": step} for number in (0, 3) for step in ("reserve", "charge")]
    insert(database, process_steps, steps)
    Retention(database).forget_processes(DAYS[2])
    with database.reading() as connection:
        assert {row.subject for row in connection.execute(sa.select(process_steps.c.subject))} == {"o3"}


def test_what_is_old_is_looked_for_from_time_to_time() -> None:
    asked: list[datetime] = []

    def forget(before: datetime) -> bool:
        asked.append(before)
        return False

    now: Callable[[], datetime] = lambda: datetime(2026, 5, 3, tzinfo=UTC)  # noqa: E731
    keeping = Keeping(forget, 86400.0, now)
    for _ in range(3):
        keeping.tend()
    assert asked == [datetime(2026, 5, 2, tzinfo=UTC)]


def test_a_failure_is_not_repeated_at_once() -> None:
    asked: list[datetime] = []

    def fail(before: datetime) -> bool:
        asked.append(before)
        raise ZeroDivisionError

    keeping = Keeping(fail, 1.0, lambda: NOON)
    with pytest.raises(ZeroDivisionError):
        keeping.tend()
    keeping.tend()
    assert len(asked) == 1
