"""Decisions about processes while others are at work, on SQLite and on PostgreSQL."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from adapters.persistence.database import Database
from adapters.persistence.process_table import Pause
from canonical.ordering.handlers import PLACE_ORDER
from canonical.ordering.states import State
from canonical.processes.errors import CallUnderWay, DecisionRefused
from canonical.processes.process_status import Problem, ProcessState
from facade.bootstrap.answers import answer_to
from tests.support.by_hand import NODE, ByHand
from tests.support.stuck import AWAY, DONE, NOT_DONE, away, charges, unknown
from tests.support.waiting import LONG


@pytest.fixture
def at_work(database: Database) -> Iterator[tuple[ByHand, Future[None]]]:
    """A process whose second try at the charge is under way in another thread until `go_on`."""
    placing = away(database)
    go_on = placing.payments.go_on = threading.Event()
    placing.payments.begun.clear()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(placing.next_run)
        assert placing.payments.begun.wait(LONG)
        yield placing, running
        go_on.set()
        running.result(LONG)


def test_while_a_call_is_under_way_nothing_is_decided(at_work: tuple[ByHand, Future[None]]) -> None:
    placing, _ = at_work
    for action, more in {"retry": {}, "skip": NOT_DONE, "compensate": {}}.items():
        with pytest.raises(CallUnderWay, match="is running") as refused:
            placing.decide(action, **more)
        assert answer_to(refused.value).headers == {"Retry-After": "1"}
        assert refused.value.details["allowedActions"] == []


def test_a_run_that_hangs_and_was_replaced_has_no_say_when_it_comes_back(
    at_work: tuple[ByHand, Future[None]],
) -> None:
    placing, hanging = at_work
    go_on, placing.payments.go_on = placing.payments.go_on, None
    placing.payments.errors = [AWAY]
    placing.next_run()
    placing.decide("retry")
    go_on.set()
    hanging.result(LONG)
    before = placing.status.state
    assert before is ProcessState.SCHEDULED, "the late run neither paused nor ended the process"
    placing.pause = 0.0
    assert placing.to_the_end().state is State.COMPLETED
    after = placing.status.state
    assert after is ProcessState.ENDED


def test_the_pause_of_a_turn_that_was_lost_is_not_put_on_record(database: Database) -> None:
    placing = away(database, times=2)
    with placing.unit_of_work() as work:
        lost = work.processes.take_turn(PLACE_ORDER, placing.order_id, NODE)
        later = work.processes.take_turn(PLACE_ORDER, placing.order_id, NODE)
        work.commit()
    assert lost is not None
    assert later is not None
    pause = Pause({}, "charge", Problem.BACKEND_UNAVAILABLE, "billing")
    assert not placing.table.pause(lost, pause)
    assert placing.status.state is ProcessState.RUNNING
    assert placing.table.pause(later, pause)


def test_a_turn_that_was_lost_does_not_end_the_process(database: Database) -> None:
    placing = away(database)
    ends: tuple[dict[str, Any] | None, ...] = (None, {})
    for fallen_out in ends:
        with placing.unit_of_work() as work:
            lost = work.processes.take_turn(PLACE_ORDER, placing.order_id, NODE)
            assert lost is not None
            assert work.processes.take_turn(PLACE_ORDER, placing.order_id, NODE) is not None
            assert not work.processes.end(lost, fallen_out)
            work.commit()
        assert placing.status.state is ProcessState.RUNNING


def test_no_other_node_takes_a_turn_of_what_one_has_in_hand(database: Database) -> None:
    placing = away(database)
    with placing.unit_of_work() as work:
        assert work.processes.take_turn(PLACE_ORDER, placing.order_id, "another") is None
    placing.decide("retry")
    with placing.unit_of_work() as work:
        assert work.processes.take_turn(PLACE_ORDER, placing.order_id, "another") is not None


def test_a_run_and_a_decision_at_the_same_moment_never_both_have_their_way(database: Database) -> None:
    """Whoever is first: either the run finds what was decided and makes no call, or the decision is refused."""
    seen = set()
    for _ in range(15):
        placing = away(database)
        before, gate = charges(placing), threading.Barrier(2)

        def decided(placing: ByHand = placing, gate: threading.Barrier = gate) -> bool:
            gate.wait()
            try:
                placing.decide("skip", **NOT_DONE)
            except DecisionRefused:
                return False
            return True

        def carried_on(placing: ByHand = placing, gate: threading.Barrier = gate) -> None:
            gate.wait()
            placing.next_run()

        with ThreadPoolExecutor(2) as pool:
            decision, running = pool.submit(decided), pool.submit(carried_on)
            running.result(LONG)
            won = decision.result(LONG)
        placing.pause = 0.0
        order = placing.to_the_end()
        made = charges(placing) - before
        assert (order.state, made) == ((State.FAILED, 0) if won else (State.COMPLETED, 1))
        seen.add(won)
    assert seen, "both ways are fine; which comes is chance"


def test_of_two_decisions_at_the_same_moment_one_is_taken(database: Database) -> None:
    for _ in range(5):
        placing = unknown(database)
        gate = threading.Barrier(2)

        def decided(more: dict[str, Any], placing: ByHand = placing, gate: threading.Barrier = gate) -> bool:
            gate.wait()
            try:
                placing.decide("skip", **more)
            except DecisionRefused:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            done, not_done = pool.map(decided, (DONE, NOT_DONE))
        assert done is not not_done
        assert placing.to_the_end().state is (State.COMPLETED if done else State.FAILED)
