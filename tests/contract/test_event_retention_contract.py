"""Which events are deleted when they are old, on both databases."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from adapters.persistence import event_retention
from adapters.persistence.database import Database
from adapters.persistence.event_numbers import EventNumbers
from adapters.persistence.event_retention import EventRetention
from adapters.persistence.event_stream import SqlEventStream
from adapters.persistence.tables import deliveries, duties, listeners, outbox
from tests.contract.conftest import SqlStore
from tests.contract.keeping import LATER, change, complete, keep, order_id, start
from tests.support.builders import NOON, an_order

OLD = LATER + timedelta(days=1)


@pytest.fixture
def store(database: Database) -> SqlStore:
    """Three orders: the first is carried out, the second was removed afterwards, the third is new. The sample catalog
    is gone.
    """
    store = SqlStore(database)
    with database.writing() as connection:
        connection.execute(sa.delete(outbox))
        connection.commit()
    for number in (1, 2):
        keep(store, an_order(id=order_id(number)))
        change(store, order_id(number), start)
        change(store, order_id(number), complete)
    change(store, order_id(2), lambda order: order.remove(LATER))
    keep(store, an_order(id=order_id(3)))
    EventNumbers(database).give()
    return store


def left(store: SqlStore) -> list[tuple[str, str]]:
    events = SqlEventStream(store.database).after(0, 100)
    return [(event.subject[-1], event.type) for event in events]


def insert(store: SqlStore, table: sa.Table, **row: object) -> None:
    with store.database.writing() as connection:
        connection.execute(sa.insert(table).values(row))
        connection.commit()


def numbers(store: SqlStore) -> list[int]:
    return [event.number for event in SqlEventStream(store.database).after(0, 100)]


def test_the_newest_event_of_each_subject_that_is_there_stays(store: SqlStore) -> None:
    assert not EventRetention(store.database).forget(OLD)
    assert left(store) == [("1", "OrderCompleted"), ("3", "OrderSubmitted")]
    change(store, order_id(3), start)
    EventNumbers(store.database).give()
    assert numbers(store)[-1] == 12, "numbers go on"


def test_what_is_not_old_stays(store: SqlStore) -> None:
    before = left(store)
    EventRetention(store.database).forget(NOON)
    assert left(store) == before
    EventRetention(store.database).forget(NOON + timedelta(seconds=1))
    assert left(store) == before[1:], "the first alone: the stream is deleted from its beginning on"


def test_a_long_stream_is_deleted_in_parts(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_retention, "LOOKED_AT", 3)
    retention = EventRetention(store.database)
    assert [retention.forget(OLD) for _ in range(4)] == [True, True, True, False]
    assert left(store) == [("1", "OrderCompleted"), ("3", "OrderSubmitted")]
    assert [retention.forget(OLD) for _ in range(2)] == [False, False], "from the beginning again"


def test_what_delivery_has_not_taken_up_or_not_delivered_stays(store: SqlStore) -> None:
    first, second, *_ = numbers(store)
    with store.database.writing() as connection:
        connection.execute(sa.update(duties).values(cursor=second + 1))
        connection.commit()
    row = {column.name: "" for column in listeners.columns if not column.nullable}
    insert(store, listeners, **row | {"id": "l1", "created_at": "2026-05-03T12:00:00.000000Z"})
    waiting = {"listener_id": "l1", "number": first, "subject": order_id(1), "event_id": "x", "event_type": "y"}
    insert(store, deliveries, **waiting, tries=0, due=0, problem="", dead=False)
    before = numbers(store)
    EventRetention(store.database).forget(OLD)
    assert numbers(store) == [first, *before[3:]], "the second and the third are gone"


def test_what_is_not_published_yet_stays(store: SqlStore) -> None:
    before = numbers(store)
    EventRetention(store.database, "nats").forget(OLD)
    assert numbers(store) == before, "nothing was published"
    insert(store, duties, name="stream-nats", node="", beats=0, milliseconds=0, cursor=before[1])
    EventRetention(store.database, "nats").forget(OLD)
    assert numbers(store) == before[2:]
