"""What is wrong with one listener, one event or one replay costs nobody a notification."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest
import sqlalchemy as sa

from adapters.events.lanes import MOST_AT_ONCE, Lane
from adapters.events.selection import Selection
from adapters.persistence.database import Database
from adapters.persistence.deliveries import MOST_FORGOTTEN, DeliveryTable
from adapters.persistence.duties import NOTIFICATIONS, DutyTable
from adapters.persistence.listeners import SqlListenerRepository
from adapters.persistence.tables import audit, deliveries, delivery_attempts, delivery_status, duties, listeners, outbox
from canonical.events.recorded import RecordedEvent
from canonical.listeners.delivery import Delivery, DeliveryState, DeliveryStatus
from canonical.listeners.listener import Listener
from canonical.listeners.notification import ListenerUnusable, Notification, Outcome, Outgoing
from canonical.shared.errors import StoreUnavailable
from facade.identities import SortableIdentities
from tests.support.delivering import Plain, a_delivery, change, delivering, happen, quiet, register, rows
from tests.support.waiting import LONG, until

TAKEN = Outcome(204, "", "", 1)
BUSY = Outcome(503, "the listener answered 503", "", 1)
REFUSED = Outcome(400, "the listener answered 400", "", 1)


class Sender:
    """Keeps what it is to send."""

    def __init__(self, answer: Callable[[Outgoing], Outcome] = lambda sent: TAKEN) -> None:
        self.sent: list[Outgoing] = []
        self.answer = answer

    def send(self, outgoing: Outgoing) -> Outcome:
        self.sent.append(outgoing)
        return self.answer(outgoing)

    @property
    def ids(self) -> list[str]:
        return [one.event_id for one in self.sent]


class Choosy(Plain):
    """Cannot make a notification of what is `broken`, nor any for a listener while `unusable`."""

    def __init__(self) -> None:
        self.broken: set[str] = set()
        self.unusable = False

    def notification(self, listener: Listener, event: RecordedEvent, before: str | None) -> Notification | None:
        if event.subject in self.broken:
            raise ValueError("a fault of ours")
        if self.unusable:
            raise ListenerUnusable("its query cannot be used any more")
        return super().notification(listener, event, before)


@pytest.fixture(autouse=True)
def empty(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(sa.delete(outbox))
        connection.commit()


def status_of(database: Database, listener_id: str = "l1") -> DeliveryStatus:
    with database.writing() as connection:
        return SqlListenerRepository(connection).status(listener_id)


def test_an_answer_that_the_database_cannot_keep_is_kept_without_that(database: Database) -> None:
    answer = b"HTTP/1.1 200 a\0b\r\nContent-Length: 3\r\n\r\nx\0y"
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        threading.Thread(target=_answer_all, args=(server, answer), daemon=True).start()
        register(database, f"http://127.0.0.1:{server.getsockname()[1]}/")
        happen(database, "a", "b")
        with delivering(database):
            until(lambda: len(rows(database, delivery_attempts)) == 2)
    assert [one.answer for one in rows(database, delivery_attempts)] == ["x�y"] * 2


def test_a_replay_beyond_the_last_event_silences_nobody(database: Database) -> None:
    sender = Sender()
    register(database, "https://one.example/")
    happen(database, "a")
    with delivering(database, sender=sender):
        until(lambda: sender.ids == ["a-1"])
        change(database, lambda _, status: setattr(status, "replay_after", 2**53 - 1))
        happen(database, "a")
        until(lambda: sender.ids == ["a-1", "a-2"])


def test_a_replay_skips_nothing_that_was_not_sent_yet(database: Database) -> None:
    sender = Sender()
    register(database, "https://one.example/")
    change(database, lambda _, status: setattr(status, "state", DeliveryState.PAUSED))
    happen(database, *"abcdef")
    with delivering(database, sender=sender):
        until(lambda: [one.cursor for one in rows(database, duties)] == [6])
        change(database, lambda _, status: _replayed(status, 4))
        until(lambda: len(sender.sent) == 6)
    assert sorted(sender.ids) == [f"{name}-1" for name in "abcdef"]


def test_what_waits_is_kept_when_the_listener_cannot_be_told_any_more(database: Database) -> None:
    notifier, sender = Choosy(), Sender(lambda sent: BUSY)
    register(database, "https://one.example/")
    happen(database, *"abc")
    with delivering(database, notifier=notifier, sender=sender):
        until(lambda: sender.sent)
        notifier.unusable = True
        until(lambda: status_of(database).state is DeliveryState.PAUSED)
        assert len(rows(database, deliveries)) == 3
        notifier.unusable, sender.answer = False, lambda sent: TAKEN
        change(database, lambda _, status: setattr(status, "state", DeliveryState.ACTIVE))
        until(lambda: quiet(database))
    assert {"a-1", "b-1", "c-1"} <= set(sender.ids)


def test_an_event_that_cannot_be_told_is_a_dead_letter_and_stops_nothing(database: Database) -> None:
    notifier, sender = Choosy(), Sender()
    notifier.broken = {"b"}
    register(database, "https://one.example/")
    happen(database, *"abc")
    with delivering(database, notifier=notifier, sender=sender):
        until(lambda: set(sender.ids) == {"a-1", "c-1"})
        [dead] = until(lambda: [one for one in rows(database, deliveries) if one.dead])
        assert (dead.event_id, dead.problem) == ("b-1", "the notification could not be made: see the log of the server")
        change(database, lambda repository, _: repository.revive("l1", None))
        until(lambda: [one for one in rows(database, deliveries) if one.dead])
        notifier.broken = set()
        change(database, lambda repository, _: repository.revive("l1", None))
        until(lambda: quiet(database))
    assert sender.ids[-1] == "b-1"
    assert {one.event_type for one in rows(database, delivery_attempts)} == {"ProductOrderStateChangeEvent"}


def test_a_listener_that_the_release_before_registered_gets_what_happens_from_then_on(database: Database) -> None:
    sender = Sender()
    happen(database, "a")
    register(database, "https://one.example/")
    with database.writing() as connection:
        connection.execute(sa.delete(delivery_status))
        connection.commit()
    with delivering(database, sender=sender):
        until(lambda: rows(database, delivery_status))
        happen(database, "b")
        until(lambda: sender.ids == ["b-1"])
    with database.writing() as connection:
        connection.execute(sa.delete(delivery_status))
        assert SqlListenerRepository(connection).status("l1").cursor == 2


def test_a_read_that_fails_once_blocks_no_listener(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    sender, failures = Sender(), [StoreUnavailable("away")]
    register(database, "https://one.example/")
    happen(database, "a", "b")
    delivery = a_delivery(database, sender=sender)
    event = Selection.event

    def failing(self: Selection, number: int) -> RecordedEvent | None:
        if failures:
            raise failures.pop()
        return event(self, number)

    monkeypatch.setattr(Selection, "event", failing)

    def has_failed() -> bool:
        with suppress(StoreUnavailable):
            delivery.round()
        return not failures

    until(has_failed)
    until(lambda: delivery.round() is not None and sender.ids == ["a-1", "b-1"])
    delivery.stop()


def test_the_end_does_not_wait_for_what_no_thread_has_begun(database: Database) -> None:
    go_on = threading.Event()
    sender = Sender(lambda sent: TAKEN if go_on.wait(LONG) else BUSY)
    for owner in ("acme", "globex"):
        register(database, f"https://{owner}.example/", owner, owner=owner)
    happen(database, "a")
    delivery = a_delivery(database, sender=sender, threads=1)
    delivery.begin()
    until(lambda: len(sender.sent) == 1 and delivery._places.taken == 2)
    ending = threading.Thread(target=delivery.stop)
    ending.start()
    until(lambda: delivery._stopped.is_set() and not delivery._thread.is_alive())
    go_on.set()
    ending.join(LONG)
    assert (len(sender.sent), delivery._places.taken) == (1, 0)


def test_what_is_left_of_a_listener_or_an_event_is_deleted_in_parts(database: Database) -> None:
    register(database, "https://one.example/", "l1")
    register(database, "https://two.example/", "l2", query="other")
    happen(database, *"abc")
    delivery = a_delivery(database, sender=Sender(lambda sent: REFUSED), retry_seconds=0)
    until(lambda: delivery.round() is not None and len([1 for one in rows(database, deliveries) if one.dead]) == 6)
    with database.writing() as connection:
        connection.execute(sa.delete(listeners).where(listeners.c.id == "l2"))
        connection.execute(sa.delete(outbox).where(outbox.c.subject == "a"))
        connection.commit()
    table = DeliveryTable(database, DutyTable(database, NOTIFICATIONS), SortableIdentities())
    table.forget("2020-01-01T00:00:00.000000Z")
    left = {(one.listener_id, one.event_id) for one in rows(database, deliveries)}
    assert left == {("l1", "b-1"), ("l1", "c-1")}
    assert [one.listener_id for one in rows(database, delivery_status)] == ["l1"]
    assert len(rows(database, delivery_attempts)) == 6
    row = rows(database, delivery_attempts)[0]._asdict()
    with database.writing() as connection:
        connection.execute(sa.insert(delivery_attempts), [{**row, "position": 1000 + n} for n in range(MOST_FORGOTTEN)])
        connection.commit()
    assert [table.forget("2999-01-01T00:00:00.000000Z") for _ in range(2)] == [True, False]
    assert rows(database, delivery_attempts) == []
    delivery.stop()


@pytest.mark.parametrize("pauses", [0.1, 1000.0])
def test_a_listener_that_is_resumed_is_not_paused_by_its_first_failure(database: Database, pauses: float) -> None:
    """Whether it was paused by us or, with the long time, by its owner while it failed."""
    sender = Sender(lambda sent: REFUSED)
    register(database, "https://one.example/")
    happen(database, "a")
    with delivering(database, sender=sender, pause_seconds=pauses):
        until(lambda: status_of(database).failing_since is not None or status_of(database).reason)
        if pauses > 1:
            change(database, lambda _, status: setattr(status, "state", DeliveryState.PAUSED))
        until(lambda: status_of(database).state is DeliveryState.PAUSED and status_of(database).failing_since is None)


def test_failures_count_only_while_something_waits(database: Database) -> None:
    register(database, "https://one.example/")
    happen(database, "a")
    with delivering(database, sender=Sender(lambda sent: REFUSED), retry_seconds=0, pause_seconds=0):
        until(lambda: [one for one in rows(database, deliveries) if one.dead])
        happen(database, "b")
        until(lambda: len([one for one in rows(database, deliveries) if one.dead]) == 2)
    status = status_of(database)
    assert (status.state, status.failing_since) == (DeliveryState.ACTIVE, None)


def test_the_slow_listeners_of_one_client_leave_threads_to_others(database: Database) -> None:
    go_on = threading.Event()
    sender = Sender(lambda sent: TAKEN if "quick" in sent.callback or go_on.wait(LONG) else BUSY)
    for number in range(20):
        register(database, f"https://slow.example/{number}", f"slow-{number}", owner="slow", query=f"q{number}")
    register(database, "https://quick.example/", "quick", owner="quick")
    happen(database, *"abc")
    with delivering(database, sender=sender):
        until(lambda: len([one for one in sender.sent if "quick" in one.callback]) == 3)
        assert len([one for one in sender.sent if "slow" in one.callback]) <= 2
        go_on.set()
        until(lambda: quiet(database))


def test_a_slow_listener_is_sent_one_notification_at_a_time() -> None:
    lane = Lane(proven=True)
    lane.add(Delivery("l1", number, f"s{number}", f"e{number}", "x") for number in range(20))
    assert len(lane.take(0, 100)) == MOST_AT_ONCE
    slow = Lane(proven=True, slow=True)
    slow.add(Delivery("l1", number, f"s{number}", f"e{number}", "x") for number in range(20))
    assert len(slow.take(0, 100)) == 1


def test_a_new_secret_that_is_asked_for_twice_ends_none_that_a_receiver_has(database: Database) -> None:
    register(database, "https://one.example/")
    first = status_of(database).secret
    change(database, lambda _, status: status.renew("second", 1_000, 500))
    change(database, lambda _, status: status.renew("third", 1_100, 500))
    status = status_of(database)
    assert [status.keys(now) for now in (1_499, 1_500, 1_600)] == [
        ("third", "second", first),
        ("third", "second"),
        ("third",),
    ]
    change(database, lambda _, its: its.renew("fourth", 1_550, 500))
    assert status_of(database).previous == (("third", 2_050), ("second", 1_600))


def test_a_listener_that_is_paused_or_ended_by_us_leaves_evidence(database: Database) -> None:
    notifier, sender = Choosy(), Sender(lambda sent: Outcome(410, "the listener answered 410", "", 1))
    for listener_id in ("l1", "l2"):
        register(database, f"https://{listener_id}.example/", listener_id, query=listener_id)
    happen(database, "a")
    with delivering(database, notifier=notifier, sender=sender):
        until(lambda: not rows(database, listeners))
        register(database, "https://one.example/", "l3")
        notifier.unusable = True
        happen(database, "b")
        until(lambda: status_of(database, "l3").state is DeliveryState.PAUSED)
    with database.reading() as connection:
        query = sa.select(audit.c.operation, audit.c.client, audit.c.subject, audit.c.reason).order_by(audit.c.id)
        found = [tuple(row) for row in connection.execute(query.where(audit.c.subject.in_(["l1", "l2", "l3"])))]
    assert sorted(found) == [
        ("endListener", "partner-acme", "l1", "it answered 410"),
        ("endListener", "partner-acme", "l2", "it answered 410"),
        ("pauseListener", "partner-acme", "l3", "its query cannot be used any more"),
    ]


def _replayed(status: DeliveryStatus, after: int) -> None:
    status.state, status.replay_after = DeliveryState.ACTIVE, after


def _answer_all(server: socket.socket, answer: bytes) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            connection.recv(65_536)
            connection.sendall(answer)
