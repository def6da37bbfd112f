"""What the stream of events promises to its readers, on both databases."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.persistence import migrations
from adapters.persistence.database import Database
from adapters.persistence.event_numbers import EventNumbers
from adapters.persistence.event_stream import SqlEventStream
from adapters.persistence.origins import done_by_process
from canonical.events.errors import EventNotFound
from canonical.events.ports import Wanted
from canonical.events.recorded import UNKNOWN, Origin, RecordedEvent
from canonical.ordering.order import ORDERS, Order
from canonical.shared import jsontext
from tests.contract.conftest import SqlStore
from tests.contract.keeping import LATER, an_audit_record, change, complete, keep, order_id, start
from tests.support.builders import NOON, an_order
from tests.support.earlier import BOTH, database_at


@pytest.fixture
def store(database: Database) -> SqlStore:
    return SqlStore(database)


def read(store: SqlStore, after: int = 0, wanted: Wanted = Wanted(subject_type="order")) -> list[RecordedEvent]:  # noqa: B008
    """The events of orders, which the sample catalog has none of."""
    while EventNumbers(store.database).backlog().waiting:
        EventNumbers(store.database).give()
    return list(SqlEventStream(store.database).after(after, 1000, wanted))


def test_events_are_numbered_without_gaps_in_the_order_of_their_changes(store: SqlStore) -> None:
    keep(store, an_order())
    keep(store, an_order(id=order_id(2)))
    change(store, order_id(2), start)
    change(store, an_order().id, start)
    events = read(store)
    stream = SqlEventStream(store.database)
    assert [event.number for event in events] == [*range(stream.head() - 5, stream.head() + 1)]
    assert [(event.subject, event.sequence) for event in events] == [
        (an_order().id, 1),
        *((order_id(2), sequence) for sequence in (1, 2, 3)),
        *((an_order().id, sequence) for sequence in (2, 3)),
    ]
    assert [event.type for event in events[-2:]] == ["OrderValidated", "OrderFulfilmentStarted"]
    every = stream.after(0, 10_000)
    assert [event.number for event in every] == [*range(1, len(every) + 1)], "those of the catalog, too"


def test_a_rolled_back_change_leaves_no_gap(store: SqlStore) -> None:
    keep(store, an_order())
    with store.unit_of_work() as work:
        work.repository(ORDERS).add(an_order(id=order_id(2)))
        work.save()
    keep(store, an_order(id=order_id(3)))
    first, second = read(store)
    assert (second.number, second.subject) == (first.number + 1, order_id(3))


def test_an_event_says_whose_it_is_and_has_the_document_of_its_change(store: SqlStore) -> None:
    keep(store, an_order(), {"note": "x"})
    change(store, an_order().id, start)
    change(store, an_order().id, complete)
    submitted, _, started, completed = read(store)
    assert (submitted.owner, submitted.customer_id, submitted.at) == ("partner-acme", "C12345", NOON)
    assert (submitted.version, submitted.subject_type) == (1, "order")
    states = [jsontext.read_kept(event.document or "")["state"] for event in (submitted, started, completed)]
    assert states == ["ACKNOWLEDGED", "FULFILLING", "COMPLETED"]
    assert jsontext.read_kept(submitted.document or "")["carried"] == {"note": "x"}
    assert submitted.hints == {"order_id": an_order().id, "customer_id": "C12345"}
    assert completed.hints == {"order_id": an_order().id, "bss_order_id": "ORD00001"}


def test_what_was_removed_is_in_its_last_event(store: SqlStore) -> None:
    keep(store, an_order())
    change(store, an_order().id, start)
    change(store, an_order().id, complete)
    change(store, an_order().id, lambda order: order.remove(LATER))
    removed = read(store)[-1]
    assert removed.type == "OrderRemoved"
    assert jsontext.read_kept(removed.document or "")["state"] == "COMPLETED"


def test_an_event_of_a_request_names_the_client_and_the_audit_record(store: SqlStore) -> None:
    with store.unit_of_work() as work:
        work.repository(ORDERS).add(an_order())
        work.save()  # before anybody knows the record
        work.record(an_audit_record("audit-1", an_order().id))
        work.commit()
    assert read(store)[0].origin == Origin("partner-acme", "", "audit-1")


def test_an_event_of_a_process_names_the_process(store: SqlStore) -> None:
    with done_by_process("place-order", an_order().id, "request-7"):
        keep(store, an_order())
    keep(store, an_order(id=order_id(2)))
    first, second = read(store)
    assert first.origin == Origin("place-order", "request-7", f"place-order/{an_order().id}")
    assert second.origin == UNKNOWN


def test_a_reader_goes_on_after_its_cursor_and_chooses_what_it_wants(store: SqlStore) -> None:
    for number in (1, 2):
        keep(store, an_order(id=order_id(number)))
        change(store, order_id(number), start)
    events = read(store)
    assert read(store, after=events[2].number) == events[3:]
    assert read(store, wanted=Wanted(types=["OrderSubmitted"])) == [events[0], events[3]]
    assert read(store, wanted=Wanted(subject=order_id(2))) == events[3:]
    assert read(store, wanted=Wanted(types=["OrderSubmitted"], subject=order_id(2))) == events[3:4]
    assert list(SqlEventStream(store.database).after(events[0].number, 2)) == events[1:3]
    assert events[0].document
    assert read(store, wanted=Wanted(subject_type="order", documents=False)) == [
        replace(event, document=None) for event in events
    ]


def test_an_event_is_found_by_its_id(store: SqlStore) -> None:
    keep(store, an_order())
    stream = SqlEventStream(store.database)
    [event] = read(store)
    assert event.id == f"{an_order().id}-1"
    assert stream.find(event.id) == event


@pytest.mark.parametrize("name", ["", "-", "x-1", "{}-2", "{}-", "{}", "{}-01x", "{}-9999999999999999999999", "{}-²"])
def test_another_id_is_no_events(store: SqlStore, name: str) -> None:
    keep(store, an_order())
    read(store)
    with pytest.raises(EventNotFound) as missing:
        SqlEventStream(store.database).find(name.format(an_order().id))
    assert missing.value.details == {"eventId": name.format(an_order().id)}


def test_events_are_read_again_from_a_time(store: SqlStore) -> None:
    future = LATER + timedelta(days=9999)  # the sample catalog was made now
    keep(store, an_order())
    change(store, an_order().id, lambda order: order.start(future))
    submitted, _, _ = read(store)
    stream = SqlEventStream(store.database)
    assert stream.before_time(future) == submitted.number
    assert stream.before_time(future + timedelta(days=1)) == stream.head() == submitted.number + 2


def insert_old(database: Database, *events: tuple[str, int]) -> None:
    """Rows as migration 0014 left them."""
    with database.writing() as connection:
        table = sa.Table("outbox", sa.MetaData(), autoload_with=connection)
        for subject, sequence in events:
            row = {"subject_type": "order", "subject": subject, "sequence": sequence, "type": "OrderSubmitted"}
            rest = {"at": "2026-05-03T12:00:00.000000Z", "payload": '{"order_id":"o","sequence":1,"customer_id":"C1"}'}
            connection.execute(sa.insert(table), row | rest)
        connection.commit()


@pytest.fixture(params=BOTH)
def before(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database as the release before left it."""
    with database_at("0014", request, tmp_path) as database:
        yield database


def test_events_of_the_release_before_are_numbered_and_new_ones_follow(before: Database) -> None:
    insert_old(before, ("o1", 1), ("o2", 1), ("o1", 2))
    migrations.upgrade(before)
    store = SqlStore(before)
    assert SqlEventStream(before).head() == 3, "before anybody numbered anything"
    keep(store, an_order())
    events = read(store)
    assert [(event.number, event.subject, event.sequence) for event in events] == [
        (1, "o1", 1),
        (2, "o2", 1),
        (3, "o1", 2),
        (4, an_order().id, 1),
    ]
    assert (events[0].document, events[0].owner, events[0].origin) == (None, "", UNKNOWN)
    assert events[0].hints == {"order_id": "o", "customer_id": "C1"}


def test_events_that_a_node_of_the_release_before_records_after_the_upgrade_are_numbered(before: Database) -> None:
    """It was running when the schema was upgraded, and knows no numbers."""
    insert_old(before, ("o1", 1))
    migrations.upgrade(before)
    insert_old(before, ("o2", 1), ("o1", 2))
    store = SqlStore(before)
    assert [(event.number, event.subject) for event in read(store)] == [(1, "o1"), (2, "o2"), (3, "o1")]
    keep(store, an_order())
    assert read(store)[-1].number == 4


def test_events_without_anything_recorded_before_begin_at_1(before: Database) -> None:
    migrations.upgrade(before)
    assert SqlEventStream(before).head() == 0
    order: Order = keep(SqlStore(before), an_order())
    assert [(event.number, event.subject) for event in read(SqlStore(before))] == [(1, order.id)]
