"""Plan changes as both databases keep them."""

from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from adapters.persistence.database import Database
from adapters.persistence.reads import SqlReads
from adapters.persistence.tables import documents, outbox
from adapters.persistence.unit_of_work import SqlUnitOfWork
from canonical.shared.errors import ConcurrentChange, NotFound
from canonical.shared.failure import Failure
from canonical.shared.reader import ALL
from canonical.subscriptions.plan_change import FINISHED, PLAN_CHANGES, PlanChange, PlanChangeState
from canonical.subscriptions.subscription import SubscriptionStatus
from tests.support.builders import NOON
from tests.support.databases import BLANK
from tests.support.fakes import SteppingClock
from tests.support.subscriptions import CHANGE_ID, a_plan_change

LATER = CHANGE_ID[:-1] + "2"
FAILURE = Failure("BACKEND_REFUSED", "no", "bill-plan", {"status": 422}, ("back",), ("on",))


@pytest.fixture
def unit_of_work(database: Database) -> Any:
    return lambda: SqlUnitOfWork(database, BLANK, SteppingClock())


@pytest.fixture
def queries(database: Database) -> SqlReads:
    return SqlReads(database)


def keep(unit_of_work: Any, change: PlanChange) -> None:
    with unit_of_work() as work:
        work.repository(PLAN_CHANGES).add(change)
        work.commit()


def test_a_change_is_kept_as_it_is(unit_of_work: Any, queries: SqlReads) -> None:
    change = a_plan_change()
    keep(unit_of_work, change)
    assert queries.aggregate(PLAN_CHANGES, CHANGE_ID, ALL) == change
    with unit_of_work() as work:
        known = work.repository(PLAN_CHANGES).get(CHANGE_ID)
        assert known is work.repository(PLAN_CHANGES).get(CHANGE_ID)
        known.start(NOON)
        known.fail(FAILURE, NOON)
        work.commit()
    assert queries.aggregate(PLAN_CHANGES, CHANGE_ID, ALL) == known
    assert (known.version, known.failure) == (2, FAILURE)


def test_its_events_wait_for_delivery_and_are_kept_once(
    unit_of_work: Any, queries: SqlReads, database: Database
) -> None:
    change = a_plan_change()
    change.submit()
    keep(unit_of_work, change)
    with unit_of_work() as work:
        known = work.repository(PLAN_CHANGES).get(CHANGE_ID)
        known.start(NOON)
        known.complete(2, SubscriptionStatus.ACTIVE, NOON)
        work.save()
        work.commit()
    with database.reading() as connection:
        rows = connection.execute(
            sa.select(outbox).where(outbox.c.subject == CHANGE_ID).order_by(outbox.c.position)
        ).all()
    assert [(row.subject, row.sequence, row.type) for row in rows] == [
        (CHANGE_ID, 1, "PlanChangeRequested"),
        (CHANGE_ID, 2, "SubscriptionPlanChanged"),
    ]
    assert orjson.loads(rows[1].payload).items() >= {"subscription_id": "SUB1122", "to_plan": "Basic"}.items()
    assert queries.aggregate(PLAN_CHANGES, CHANGE_ID, ALL).events == []


def test_a_change_that_an_older_release_kept_can_be_read(unit_of_work: Any, database: Database) -> None:
    keep(unit_of_work, a_plan_change())
    with database.writing() as connection:
        of_change = documents.c.id == CHANGE_ID
        body = orjson.loads(connection.scalar(sa.select(documents.c.aggregate).where(of_change)) or "")
        del body["recorded"]
        connection.execute(sa.update(documents).where(of_change).values(aggregate=orjson.dumps(body).decode()))
        connection.commit()
    with unit_of_work() as work:
        known = work.repository(PLAN_CHANGES).get(CHANGE_ID)
        known.start(NOON)
        known.complete(2, SubscriptionStatus.ACTIVE, NOON)
        work.commit()
    assert known.recorded == 1


def test_what_is_not_committed_is_not_kept(unit_of_work: Any, queries: SqlReads) -> None:
    with unit_of_work() as work:
        work.repository(PLAN_CHANGES).add(a_plan_change())
    with pytest.raises(NotFound):
        queries.aggregate(PLAN_CHANGES, CHANGE_ID, ALL)


def test_an_unknown_change_is_not_found(unit_of_work: Any) -> None:
    with unit_of_work() as work, pytest.raises(NotFound):
        work.repository(PLAN_CHANGES).get(CHANGE_ID)


def test_the_second_writer_of_a_change_learns_of_the_first(unit_of_work: Any, database: Database) -> None:
    keep(unit_of_work, a_plan_change())
    with unit_of_work() as work:
        known = work.repository(PLAN_CHANGES).get(CHANGE_ID)
        known.version = 7
        known.start(NOON)
        with pytest.raises(ConcurrentChange):
            work.commit()


def test_the_newest_change_under_way_is_found_by_its_subscription(unit_of_work: Any, queries: SqlReads) -> None:
    assert queries.newest(PLAN_CHANGES, "SUB1122", but=FINISHED) is None
    for change_id in (CHANGE_ID, LATER):
        keep(unit_of_work, a_plan_change(id=change_id))
    keep(unit_of_work, a_plan_change(id=CHANGE_ID[:-1] + "3", subscription_id="SUB1"))
    for change_id, expected in ((LATER, CHANGE_ID), (CHANGE_ID, None)):
        found = queries.newest(PLAN_CHANGES, "SUB1122", but=FINISHED)
        assert found is not None
        assert found.id == change_id
        with unit_of_work() as work:
            known = work.repository(PLAN_CHANGES).get(change_id)
            known.start(NOON)
            known.complete(2, SubscriptionStatus.ACTIVE, NOON)
            work.commit()
        left = queries.newest(PLAN_CHANGES, "SUB1122", but=FINISHED)
        assert (left.id if left else None) == expected
    assert queries.aggregate(PLAN_CHANGES, LATER, ALL).state is PlanChangeState.DONE
