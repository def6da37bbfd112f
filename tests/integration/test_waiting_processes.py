"""Processes that wait for a backend, on SQLite and on PostgreSQL: what is told and kept of them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from adapters.persistence.database import Database
from adapters.persistence.process_table import Turn, _make_one
from adapters.persistence.tables import process_steps
from canonical.ordering.handlers import PLACE_ORDER
from canonical.ordering.states import State
from canonical.processes.process_status import Problem, ProcessState
from canonical.processes.retry_compaction import CompactedRetries
from tests.support.by_hand import ByHand
from tests.support.stuck import away, records
from tests.support.waiting import LONG


def test_a_waiting_process_says_what_it_waits_for_since_when_and_how_often_it_tried(database: Database) -> None:
    placing = away(database, times=3)
    since = placing.clock.now()
    for _ in range(2):
        placing.clock.pass_(60)
        placing.next_run()
    status = placing.status
    assert (status.state, status.problem, status.call) == (
        ProcessState.WAITING,
        Problem.BACKEND_UNAVAILABLE,
        "charge",
    )
    assert (status.tries, status.since, status.changed_at - since) == (3, since, timedelta(seconds=120))
    assert status.waiting_for == "billing cannot be reached"
    assert placing.to_the_end().state is State.COMPLETED
    ended = placing.status
    assert (ended.state, ended.call, ended.tries, ended.progress) == (ProcessState.ENDED, None, 0, None)


def test_however_long_a_backend_is_away_the_process_has_a_few_records(database: Database) -> None:
    placing = away(database, times=60)
    for _ in range(4):
        placing.next_run()
    after_five = records(placing)
    for _ in range(55):
        placing.clock.pass_(5)
        placing.next_run()
    assert set(records(placing)) == set(after_five)
    assert len(after_five) <= 8
    kept = records(placing)["charge#1"]
    assert (kept["away"], kept["through"], kept["uncertain"]) == ("billing cannot be reached", 59, False)
    assert placing.status.tries == 60
    assert placing.to_the_end().state is State.COMPLETED
    assert records(placing)["charge#60"]["result"]


def test_a_process_that_waited_long_can_still_be_given_up(database: Database) -> None:
    placing = away(database, times=9)
    for _ in range(8):
        placing.next_run()
    placing.decide("compensate")
    assert placing.to_the_end().state is State.FAILED
    assert records(placing)["charge#9"]["refused"]["code"] == "GIVEN_UP"


@pytest.mark.parametrize(("step", "answer"), [("charge#3", {"result": "CHG1"}), ("before-charge#3", {"stop": {}})])
def test_what_an_overtaken_run_brings_does_not_count_when_its_try_has_become_one_with_others(
    database: Database, step: str, answer: dict[str, Any]
) -> None:
    """A node that hung in its call while another went on."""
    placing = away(database, times=9)
    for _ in range(8):
        placing.next_run()
    before = records(placing)
    counted = placing.table.keep_answer(PLACE_ORDER, placing.order_id, step, answer)
    assert "result" not in counted
    assert "stop" not in counted
    assert counted == {} or counted["uncertain"], "the call that was overtaken may have acted"
    assert records(placing) == before


def test_a_late_answer_waits_for_the_pause_that_makes_its_try_one_with_others(postgres_database: Database) -> None:
    placing = away(postgres_database, times=9)
    for _ in range(3):
        placing.next_run()
    turn, away_once = Turn(PLACE_ORDER, placing.order_id, 3), {"away": "billing", "uncertain": False}
    with postgres_database.writing() as connection:
        connection.execute(sa.insert(process_steps), _step(placing, "charge#2", away_once))
        connection.commit()
    with ThreadPoolExecutor(1) as pool, postgres_database.writing() as connection:
        _make_one(connection, turn, CompactedRetries("charge#1", away_once | {"through": 2}, ("charge#2",)), "now")
        late = pool.submit(placing.table.keep_answer, PLACE_ORDER, placing.order_id, "charge#2", {"result": "CHG1"})
        while not _somebody_waits(postgres_database):
            assert not late.done()
        connection.commit()
        assert late.result(LONG).items() >= {"away": "billing", "through": 2, "uncertain": True}.items()
    assert "charge#2" not in records(placing)


def _step(placing: ByHand, name: str, answer: dict[str, Any]) -> dict[str, Any]:
    text = orjson.dumps(answer).decode()
    return {"process": PLACE_ORDER, "subject": placing.order_id, "step": name, "answer": text, "at": "before"}


def _somebody_waits(database: Database) -> bool:
    with database.reading() as connection:
        return bool(connection.scalar(sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")))
