"""Notifications are delivered in order, again and again, by one node at a time, and nobody waits for another."""

import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from adapters.events import lanes
from adapters.persistence.database import Database
from adapters.persistence.listeners import SqlListenerRepository
from adapters.persistence.tables import deliveries, delivery_attempts, delivery_status, duties, listeners, outbox
from canonical.listeners.delivery import Addressing, DeliveryState, DeliveryStatus
from tests.support.delivering import a_delivery, change, delivering, happen, quiet, register, rows
from tests.support.receiver import Answer, Got, Receiver, receiving
from tests.support.waiting import LONG, until


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture(autouse=True)
def empty(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(sa.delete(outbox))
        connection.commit()


def ids(receiver: Receiver, path: str) -> list[str]:
    return [body["id"] for body in receiver.of(path)]


def test_notifications_of_a_subject_come_in_order_and_are_logged(database: Database, receiver: Receiver) -> None:
    happen(database, "a")
    register(database, f"{receiver.url}/order/{database.sqlite}")
    happen(database, "a", "b", "a", "b", "a")
    with delivering(database):
        until(lambda: len(rows(database, delivery_attempts)) == 5)
        assert quiet(database)
    told = receiver.of(f"/order/{database.sqlite}")
    assert [one["sequence"] for one in told if one["subject"] == "a"] == [2, 3, 4]
    assert [one["sequence"] for one in told if one["subject"] == "b"] == [1, 2]
    before = {one["id"]: one["before"] for one in told}
    assert (before["b-1"], before["a-2"]) == (None, '{"number":1}')
    logged = rows(database, delivery_attempts)
    assert {(one.status, one.problem, one.event_type) for one in logged} == {(204, "", "ProductOrderStateChangeEvent")}


def test_without_listeners_events_are_passed_over(database: Database, receiver: Receiver) -> None:
    happen(database, "a", "b")
    path = f"/late/{database.sqlite}"
    with delivering(database):
        until(lambda: [one.cursor for one in rows(database, duties)] == [2])
        register(database, f"{receiver.url}{path}")
        happen(database, "a")
        until(lambda: ids(receiver, path) == ["a-2"])


def test_a_dead_and_a_slow_listener_delay_no_other(database: Database, receiver: Receiver) -> None:
    go_on = threading.Event()

    def answer(got: Got) -> Answer:
        if got.path == "/many/slow":
            go_on.wait(LONG)
        return 204

    receiver.answer = answer
    names = [f"{number:02}" for number in range(30)]
    for name in names:
        register(database, f"{receiver.url}/many/{name}/{database.sqlite}", f"l-{name}", query=name)
    register(database, "http://127.0.0.1:1/dead", "l-dead")
    register(database, f"{receiver.url}/many/slow", "l-slow")
    happen(database, *(f"s{number % 5}" for number in range(20)))
    with delivering(database):
        until(lambda: all(len(ids(receiver, f"/many/{name}/{database.sqlite}")) == 20 for name in names))
        [dead] = [one for one in rows(database, delivery_status) if one.listener_id == "l-dead"]
        until(lambda: any(one.problem for one in rows(database, delivery_attempts) if one.listener_id == "l-dead"))
        assert dead.state == "active"
        go_on.set()
        until(lambda: {one.listener_id for one in rows(database, deliveries)} == {"l-dead"})
    receiver.answer = lambda got: 204


def test_a_refused_notification_delays_its_own_subject_only(database: Database, receiver: Receiver) -> None:
    path, open_again = f"/refused/{database.sqlite}", threading.Event()
    receiver.answer = lambda got: 400 if got.body["subject"] == "a" and not open_again.is_set() else 204
    register(database, f"{receiver.url}{path}")
    happen(database, "a", "b", "a", "b")
    with delivering(database):
        until(lambda: {one.event_id for one in rows(database, deliveries)} == {"a-1", "a-2"})
        [first, second] = sorted(rows(database, deliveries), key=lambda one: one.number)
        assert (first.problem, second.tries) == ("the listener answered 400", 0)
        assert set(ids(receiver, path)) == {"a-1", "b-1", "b-2"}
        open_again.set()
        until(lambda: quiet(database))
    assert ids(receiver, path)[-2:] == ["a-1", "a-2"]
    receiver.answer = lambda got: 204


def test_what_is_given_up_becomes_a_dead_letter_that_can_be_sent_again(database: Database, receiver: Receiver) -> None:
    path, open_again = f"/dead/{database.sqlite}", threading.Event()
    receiver.answer = lambda got: 500 if got.body["id"] == "a-1" and not open_again.is_set() else 204
    register(database, f"{receiver.url}{path}")
    happen(database, "a", "a")
    with delivering(database, retry_seconds=0):
        until(lambda: ids(receiver, path) == ["a-1", "a-2"])
        [dead] = until(lambda: [one for one in rows(database, deliveries) if one.dead])
        assert (dead.event_id, dead.tries, dead.problem) == ("a-1", 1, "the listener answered 500")
        open_again.set()
        change(database, lambda repository, _: repository.revive("l1", ["a-1"]))
        until(lambda: quiet(database))
    assert ids(receiver, path) == ["a-1", "a-2", "a-1"]
    receiver.answer = lambda got: 204


def test_410_ends_the_registration(database: Database, receiver: Receiver) -> None:
    receiver.answer = lambda got: 410
    register(database, f"{receiver.url}/gone")
    happen(database, "a", "b")
    with delivering(database):
        until(lambda: rows(database, listeners) == [])
    for table in (deliveries, delivery_status, delivery_attempts):
        assert rows(database, table) == []
    receiver.answer = lambda got: 204


def test_a_listener_that_takes_nothing_is_paused_with_the_reason_until_its_owner_resumes_it(
    database: Database, receiver: Receiver
) -> None:
    path, open_again = f"/paused/{database.sqlite}", threading.Event()
    receiver.answer = lambda got: 204 if open_again.is_set() else 503
    register(database, f"{receiver.url}{path}")
    happen(database, "a")
    with delivering(database, pause_seconds=0.1):
        [status] = until(lambda: [one for one in rows(database, delivery_status) if one.state == "paused"])
        assert status.reason.endswith("the last problem: the listener answered 503")
        open_again.set()
        happen(database, "b", "a")
        change(database, lambda _, its: _resume(its))
        until(lambda: quiet(database) and {"a-1", "a-2", "b-1"} <= set(ids(receiver, path)))
    receiver.answer = lambda got: 204


def _resume(status: DeliveryStatus) -> None:
    status.state, status.reason = DeliveryState.ACTIVE, ""


def test_a_listener_that_cannot_be_told_is_paused_and_misses_nothing(database: Database, receiver: Receiver) -> None:
    register(database, f"{receiver.url}/unusable", query="unusable")
    happen(database, "a", "b")
    with delivering(database):
        [status] = until(lambda: [one for one in rows(database, delivery_status) if one.state == "paused"])
    assert (status.reason, status.cursor) == ("its query cannot be used any more", 0)


def test_a_replay_sends_the_same_ids_again_in_order(database: Database, receiver: Receiver) -> None:
    path = f"/replay/{database.sqlite}"
    register(database, f"{receiver.url}{path}")
    happen(database, *"aaaaa")
    with delivering(database):
        until(lambda: len(ids(receiver, path)) == 5)

        def replay(repository: SqlListenerRepository, status: DeliveryStatus) -> None:
            repository.drop_waiting("l1", 2)
            status.replay_after = 2

        change(database, replay)
        until(lambda: len(ids(receiver, path)) == 8)
        happen(database, "a")
        until(lambda: len(ids(receiver, path)) == 9)
    assert ids(receiver, path) == ["a-1", "a-2", "a-3", "a-4", "a-5", "a-3", "a-4", "a-5", "a-6"]
    [status] = rows(database, delivery_status)
    assert (status.cursor, status.replay_after) == (None, None)


def test_a_listener_without_room_falls_behind_and_catches_up(
    database: Database, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "MOST_WAITING", 3)
    path, open_again = f"/room/{database.sqlite}", threading.Event()
    receiver.answer = lambda got: 204 if open_again.is_set() else 503
    register(database, f"{receiver.url}{path}")
    happen(database, *"abcabcabcabc")
    with delivering(database):
        until(lambda: receiver.of(path))
        assert len(rows(database, deliveries)) <= 3
        open_again.set()
        until(lambda: {f"{subject}-4" for subject in "abc"} <= set(ids(receiver, path)))
        until(lambda: quiet(database))
    for subject in "abc":
        told = [one["sequence"] for one in receiver.of(path) if one["subject"] == subject]
        assert list(dict.fromkeys(told)) == [1, 2, 3, 4]
    receiver.answer = lambda got: 204


def test_another_node_goes_on_where_a_dead_one_stopped(database: Database, receiver: Receiver) -> None:
    path = f"/taken/{database.sqlite}"
    register(database, f"{receiver.url}{path}")
    happen(database, "a", "b")
    dead = a_delivery(database)
    until(lambda: dead.round() is not None and len(ids(receiver, path)) == 2)
    happen(database, "a")
    with delivering(database):
        until(lambda: quiet(database) and "a-2" in ids(receiver, path))
        assert dead.round() > 0
        assert dead._duty.held is False
    assert set(ids(receiver, path)) == {"a-1", "b-1", "a-2"}


def test_waits_go_on_after_a_restart_by_the_time_of_the_duty(database: Database, receiver: Receiver) -> None:
    path = f"/restart/{database.sqlite}"
    receiver.answer = lambda got: 400
    register(database, f"{receiver.url}{path}")
    happen(database, "a")
    with delivering(database):
        [waits] = until(lambda: [one for one in rows(database, deliveries) if one.tries == 2])
    receiver.answer = lambda got: 204
    with delivering(database):
        until(lambda: quiet(database))
    [duty] = rows(database, duties)
    assert duty.milliseconds >= waits.due


def test_a_listener_that_does_not_answer_keeps_no_node_from_leaving(database: Database, receiver: Receiver) -> None:
    path, go_on = f"/hangs/{database.sqlite}", threading.Event()
    receiver.answer = lambda got: 204 if go_on.wait(LONG) else 500
    register(database, f"{receiver.url}{path}")
    happen(database, "a", "a")
    with delivering(database):
        until(lambda: receiver.of(path))
    assert {one.event_id for one in rows(database, deliveries)} == {"a-1", "a-2"}
    go_on.set()
    with delivering(database):
        until(lambda: quiet(database))
    assert list(dict.fromkeys(ids(receiver, path))) == ["a-1", "a-2"]
    receiver.answer = lambda got: 204


def test_a_listener_can_have_an_address_for_each_event_type(database: Database, receiver: Receiver) -> None:
    register(database, f"{receiver.url}/base/{database.sqlite}?key=1")
    change(database, lambda _, status: setattr(status, "addressing", Addressing.EVENT))
    happen(database, "a")
    below = f"/base/{database.sqlite}/listener/productOrderStateChangeEvent?key=1"
    with delivering(database):
        until(lambda: ids(receiver, below) == ["a-1"])
