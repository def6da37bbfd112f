"""What is published, in which order, and where the cursor stands if something fails."""

from collections.abc import Sequence

import pytest
import structlog.testing

from adapters.events import relay as relaying
from adapters.events.duty import Duty
from adapters.events.relay import EventRelay
from adapters.persistence.duties import DutyRow
from canonical.events.ports import EVERYTHING, NotPublished, StreamMessage, Wanted
from canonical.events.recorded import RecordedEvent
from canonical.shared.errors import StoreUnavailable
from tests.support.notified import an_event
from tests.support.waiting import LONG, until


class Recorded:
    """Events of these subjects, numbered from 1."""

    def __init__(self, *subjects: str) -> None:
        self.events: list[RecordedEvent] = []
        self.record(*subjects)

    def record(self, *subjects: str) -> None:
        for subject in subjects:
            sequence = 1 + sum(event.subject == subject for event in self.events)
            self.events.append(an_event("order", None, number=len(self.events) + 1, subject=subject, sequence=sequence))

    def head(self) -> int:
        return len(self.events)

    def after(self, number: int, limit: int, wanted: Wanted = EVERYTHING) -> Sequence[RecordedEvent]:
        assert not wanted.documents
        return self.events[number : number + limit]


class OneRow:
    """The row of the duty, in memory."""

    def __init__(self) -> None:
        self.row = DutyRow("", 0, 0, 0)
        self.away = False

    def read(self) -> DutyRow:
        return self.row

    def take(self, node: str, seen: DutyRow) -> bool:
        self.row = DutyRow(node, seen.beats + 1, seen.milliseconds, seen.cursor)
        return True

    def leave(self, node: str) -> None:
        if self.row.node == node:
            self.row = DutyRow("", self.row.beats, self.row.milliseconds, self.row.cursor)

    def advance(self, node: str, milliseconds: int, cursor: int) -> bool:
        if self.away:
            raise StoreUnavailable("the database does not answer")
        if self.row.node != node:
            return False
        self.row = DutyRow(node, self.row.beats + 1, milliseconds, cursor)
        return True


class Broker:
    """Keeps what it takes; `refuses` names ids that it does not take, `away` whether it takes anything."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.kept: list[str] = []
        self.refuses: set[str] = set()
        self.away = False
        self.closed = False

    def publish(self, messages: Sequence[StreamMessage]) -> None:
        ids = [one.event_id for one in messages]
        self.calls.append(ids)
        self.kept += [one for one in ids if not self.away and one not in self.refuses]
        if self.away or self.refuses.intersection(ids):
            raise NotPublished("it did not take all")

    def close(self) -> None:
        self.closed = True


def message(event: RecordedEvent) -> StreamMessage:
    return StreamMessage(event.id, event.subject_type, event.subject, b"{}")


def a_relay(stream: Recorded, table: OneRow, broker: Broker, node: str = "here") -> EventRelay:
    return EventRelay(stream, table, Duty(table, node, LONG), broker, message)  # type: ignore[arg-type]


def test_events_are_published_once_and_the_cursor_follows() -> None:
    stream, table, broker = Recorded("a", "b"), OneRow(), Broker()
    relay = a_relay(stream, table, broker)
    relay.round()
    stream.record("a")
    relay.round()
    relay.round()
    assert broker.kept == ["a-1", "b-1", "a-2"]
    assert (table.row.cursor, relay.published, relay.failures, relay.problem) == (3, 3, 0, None)


def test_an_event_waits_for_those_before_it_of_the_same_subject() -> None:
    stream, broker = Recorded("a", "b", "a", "a", "b", "c"), Broker()
    a_relay(stream, OneRow(), broker).round()
    assert broker.calls == [["a-1", "b-1", "c-1"], ["a-2", "b-2"], ["a-3"]]


def test_no_event_overtakes_one_that_the_broker_refused() -> None:
    stream, table, broker = Recorded("a", "b", "a"), OneRow(), Broker()
    broker.refuses = {"a-1"}
    relay = a_relay(stream, table, broker)
    relay.round()
    assert (broker.kept, table.row.cursor) == (["b-1"], 0)
    broker.refuses = set()
    relay.round()
    assert (broker.kept, table.row.cursor) == (["b-1", "a-1", "b-1", "a-2"], 3)


def test_a_broker_that_is_away_holds_the_cursor_and_is_told_once() -> None:
    table, broker = OneRow(), Broker()
    relay = a_relay(Recorded("a"), table, broker)
    broker.away = True
    with structlog.testing.capture_logs() as logged:
        pauses = [relay.round() for _ in range(12)]
    assert [line["event"] for line in logged if line["log_level"] == "warning"] == [
        "events could not be published, will try again"
    ]
    assert pauses[0] <= relaying.FIRST_RETRY_SECONDS < min(pauses[-4:]) <= relaying.LAST_RETRY_SECONDS
    assert (relay.problem, relay.failures, table.row.cursor) == ("it did not take all", 12, 0)
    broker.away = False
    relay.round()
    assert (relay.problem, broker.kept, table.row.cursor) == (None, ["a-1"], 1)


def test_another_node_may_try_when_this_one_does_not_reach_the_broker() -> None:
    stream, table, away, there = Recorded("a"), OneRow(), Broker(), Broker()
    away.away = True
    here = a_relay(stream, table, away)
    here.round()
    a_relay(stream, table, there, "there").round()
    here.round()
    assert (there.kept, table.row.node, table.row.cursor) == (["a-1"], "there", 1)
    assert here.problem is None


def test_what_was_published_before_a_crash_is_published_again_with_the_same_id() -> None:
    stream, table, broker = Recorded("a", "b"), OneRow(), Broker()
    table.away = True
    with pytest.raises(StoreUnavailable):  # published, and the cursor not stored
        a_relay(stream, table, broker).round()
    table.away = False
    table.leave("here")
    a_relay(stream, table, broker, "there").round()
    assert (broker.kept, table.row.cursor) == (["a-1", "b-1", "a-1", "b-1"], 2)


def test_a_node_that_lost_the_duty_stores_nothing_and_publishes_no_more() -> None:
    stream, table, broker = Recorded("a"), OneRow(), Broker()
    relay = a_relay(stream, table, broker)
    relay.round()
    table.row = DutyRow("there", 9, 0, 1)
    stream.record("b")
    for _ in range(3):
        relay.round()
    assert (table.row, broker.calls) == (DutyRow("there", 9, 0, 1), [["a-1"], ["b-1"]])


def test_one_node_publishes_at_a_time() -> None:
    stream, table, first, second = Recorded("a"), OneRow(), Broker(), Broker()
    one, other = a_relay(stream, table, first), a_relay(stream, table, second, "there")
    for _ in range(6):
        one.round()
        other.round()
    assert (first.kept, second.calls) == (["a-1"], [])


def test_the_thread_publishes_what_it_is_woken_for_and_leaves_the_duty() -> None:
    stream, table, broker = Recorded(), OneRow(), Broker()
    relay = a_relay(stream, table, broker)
    relay.begin()
    until(lambda: table.row.node == "here")
    stream.record("a")
    relay.wake()
    until(lambda: table.row.cursor == 1)
    relay.stop()
    assert (broker.kept, table.row.node, broker.closed) == (["a-1"], "", True)


def test_whatever_goes_wrong_is_told_and_tried_again() -> None:
    table, broker = OneRow(), Broker()

    def unmade(event: RecordedEvent) -> StreamMessage:
        raise KeyError(event.id)

    relay = EventRelay(Recorded("a"), table, Duty(table, "here", LONG), broker, unmade)  # type: ignore[arg-type]
    relay.begin()
    until(lambda: relay.problem == "events could not be made or sent: KeyError")
    relay.stop()
    assert (broker.calls, table.row.cursor) == ([], 0)
    assert relay.failures >= 1


def test_a_batch_ends_and_the_next_one_follows_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relaying, "BATCH", 2)
    stream, table, broker = Recorded("a", "b", "c"), OneRow(), Broker()
    relay = a_relay(stream, table, broker)
    assert relay.round() == 0.0
    assert relay.round() > 0.0
    assert broker.kept == ["a-1", "b-1", "c-1"]
