"""Decisions about processes, on SQLite and on PostgreSQL: what they do."""

from datetime import timedelta

import pytest

from adapters.persistence.database import Database
from canonical.ordering.handlers import PLACE_ORDER
from canonical.ordering.order import PaymentStatus
from canonical.ordering.states import State
from canonical.processes.decisions import Outcome
from canonical.processes.errors import DecisionRefused, ProcessNotFound
from canonical.processes.process_status import Problem, ProcessState
from canonical.shared.errors import InvalidCommand
from tests.support.stuck import DONE, NOT_DONE, away, charges, fallen_out, records, unknown


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
