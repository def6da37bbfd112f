"""Decisions about processes, on SQLite and on PostgreSQL: what they do, and what happens when others are at work."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from adapters.persistence.database import Database
from adapters.persistence.process_table import Pause, Turn, _make_one
from adapters.persistence.tables import process_steps
from canonical.ordering.handlers import PLACE_ORDER
from canonical.ordering.order import Order, PaymentStatus
from canonical.ordering.states import State
from canonical.processes.decisions import Outcome
from canonical.processes.errors import CallUnderWay, DecisionRefused, PaymentDeclined, ProcessNotFound
from canonical.processes.ports import ChargeRequest
from canonical.processes.process_status import Problem, ProcessState
from canonical.processes.retry_compaction import CompactedRetries
from canonical.shared.errors import BackendRefused, BackendUnavailable, InvalidCommand, OutcomeUnknown
from facade.bootstrap.answers import answer_to
from tests.support.by_hand import NODE, ByHand
from tests.support.fakes import TakesMoney, TakesOrders
from tests.support.waiting import LONG

DONE = {"call": "charge", "outcome": Outcome.DONE, "result": "CHG7"}
NOT_DONE = {"call": "charge", "outcome": Outcome.NOT_DONE}


@dataclass
class Moody(TakesMoney):
    """Raises these in turn, then does as it is asked. `begun` and `go_on` let a test hold a call."""

    errors: list[Exception] = field(default_factory=list)
    asking: list[Exception] = field(default_factory=list)
    begun: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event | None = None

    def charge(self, request: ChargeRequest, key: str) -> str:
        self.begun.set()
        if self.go_on is not None:
            self.go_on.wait(LONG)
        if self.errors:
            self.calls.append(("charge", key))
            raise self.errors.pop(0)
        return super().charge(request, key)

    def find_charge(self, request: ChargeRequest) -> str | None:
        if self.asking:
            raise self.asking.pop(0)
        return super().find_charge(request)


@dataclass
class KeepsOrders(TakesOrders):
    """Refuses to cancel so many times."""

    refusals: int = 1

    def cancel(self, bss_order_id: str, order: Order, key: str) -> None:
        self.refusals -= 1
        if self.refusals >= 0:
            raise BackendRefused("BSS refused cancelOrder", status=409)
        super().cancel(bss_order_id, order, key)


AWAY = BackendUnavailable("billing cannot be reached")


def away(database: Database, times: int = 1) -> ByHand:
    placing = ByHand(database, Moody(errors=[AWAY] * times))
    placing.next_run()
    return placing


def unknown(database: Database) -> ByHand:
    lost = [OutcomeUnknown("billing perhaps acted")]
    placing = ByHand(database, Moody(errors=list(lost), asking=[AWAY]))
    placing.next_run()
    return placing


def fallen_out(database: Database, refusals: int = 1) -> ByHand:
    placing = ByHand(database, Moody(errors=[PaymentDeclined("Payment failure")]), KeepsOrders(refusals=refusals))
    placing.next_run()
    return placing


def charges(placing: ByHand) -> int:
    return [name for name, _ in placing.payments.calls].count("charge")


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


def records(placing: ByHand) -> dict[str, dict[str, Any]]:
    return {name: answer for name, _, answer in placing.reads.answers(PLACE_ORDER, placing.order_id)}


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


def test_a_retry_does_not_wait_for_the_pause(database: Database) -> None:
    placing = away(database)
    placing.decide("retry")
    assert placing.status.state is ProcessState.SCHEDULED
    assert placing.to_the_end().state is State.COMPLETED
    before = charges(placing)
    placing.next_run()
    assert (placing.pause, charges(placing)) == (None, before), "the run that the pause would have brought"


def test_a_charge_that_a_person_knows_of_is_not_made_again(database: Database) -> None:
    placing = unknown(database)
    assert placing.status.problem is Problem.OUTCOME_UNKNOWN
    before = charges(placing)
    placing.decide("skip", **DONE)
    order = placing.to_the_end()
    assert (order.state, order.payment, charges(placing)) == (State.COMPLETED, PaymentStatus.SUCCESS, before)
    names = [name for name, _, _ in placing.reads.answers(PLACE_ORDER, placing.order_id)]
    assert "decided-charge#1" in names


def test_a_charge_that_a_person_knows_was_not_made_gives_the_order_up(database: Database) -> None:
    placing = unknown(database)
    with pytest.raises(DecisionRefused) as refused:
        placing.decide("compensate")
    assert refused.value.details == {"state": "waiting", "call": "charge", "allowedActions": ["retry", "skip"]}
    placing.decide("skip", **NOT_DONE)
    order = placing.to_the_end()
    assert (order.state, order.payment) == (State.FAILED, PaymentStatus.NOT_CHARGED)
    assert order.failure is not None
    assert (order.failure.code, order.failure.step) == ("GIVEN_UP", "charge")
    assert any("cancelled" in text for text in order.failure.undone)


def test_an_order_whose_backend_is_away_can_be_given_up(database: Database) -> None:
    placing = away(database)
    before = charges(placing)
    placing.decide("compensate")
    order = placing.to_the_end()
    assert (order.state, charges(placing)) == (State.FAILED, before)


def test_what_could_not_be_undone_is_tried_again(database: Database) -> None:
    placing = fallen_out(database, refusals=2)
    assert (placing.order.state, placing.status.state) == (State.FALLOUT, ProcessState.FALLOUT)
    placing.decide("retry")
    assert placing.order.state is State.FULFILLING
    assert placing.to_the_end().state is State.FALLOUT, "refused once more"
    placing.decide("retry")
    order = placing.to_the_end()
    assert (order.state, placing.status.state) == (State.FAILED, ProcessState.ENDED)
    assert order.failure is not None
    assert (order.failure.code, order.failure.not_undone) == ("PAYMENT_DECLINED", ())
    assert placing.table.has_ended(PLACE_ORDER, placing.order_id)


def test_what_a_person_has_undone_is_not_undone_again(database: Database) -> None:
    placing = fallen_out(database, refusals=99)
    with pytest.raises(DecisionRefused, match="is undo-create-order, not charge"):
        placing.decide("skip", **DONE)
    placing.decide("skip", call="undo-create-order", outcome=Outcome.DONE)
    order = placing.to_the_end()
    assert order.state is State.FAILED
    assert order.failure is not None
    assert any(text.startswith("order ORD") for text in order.failure.undone)
    assert placing.bss.refusals == 98, "BSS was asked once, before anybody decided"


def test_a_fallout_of_the_release_before_is_understood_from_its_record(database: Database) -> None:
    placing = fallen_out(database)
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE processes SET progress = NULL")
        connection.commit()
    placing.decide("retry")
    assert placing.to_the_end().state is State.FAILED


def test_later_steps_need_the_id_that_a_skipped_one_brought(database: Database) -> None:
    placing = unknown(database)
    with pytest.raises(InvalidCommand, match="send as result"):
        placing.decide("skip", call="charge", outcome=Outcome.DONE)
    assert placing.status.state is ProcessState.WAITING, "a refused decision changes nothing"


def test_nothing_can_be_decided_about_what_has_ended_or_never_was(database: Database) -> None:
    placing = away(database)
    placing.to_the_end()
    with pytest.raises(DecisionRefused):
        placing.decide("retry")
    placing.order_id = "nobody"
    with pytest.raises(ProcessNotFound):
        placing.decide("retry")


def test_a_run_that_begins_after_the_end_and_after_the_records_went_calls_nobody(database: Database) -> None:
    placing = away(database)
    placing.to_the_end()
    placing.table.forget_steps(placing.clock.now() + timedelta(seconds=1))
    assert records(placing) == {}
    before = charges(placing)
    placing.next_run()
    assert (charges(placing), records(placing)) == (before, {})


# --- others at work ---------------------------------------------------------------------------------------------------


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
