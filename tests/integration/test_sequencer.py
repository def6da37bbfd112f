"""Events are numbered while others write, and while nodes freeze or die."""

import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from adapters.events import sequencer
from adapters.events.sequencer import Sequencer
from adapters.persistence.database import Database
from adapters.persistence.event_numbers import Backlog, EventNumbers, Numbering
from adapters.persistence.event_stream import SqlEventStream
from adapters.persistence.outbox import Outbox
from adapters.persistence.tables import outbox
from canonical.events.recorded import RecordedEvent
from canonical.inventory.asset import ASSETS
from canonical.inventory.events import CustomerAssetsLoaded
from canonical.shared.errors import StoreUnavailable
from tests.support.builders import NOON
from tests.support.waiting import LONG, let_pass, until

WRITERS = 8
EACH = 25
HOLDING = """
import signal, sys
from adapters.persistence import event_numbers
from adapters.persistence.database import Database
with Database(sys.argv[1]).reading() as connection:
    assert connection.execute(event_numbers._LOCK).one()[1]
    assert connection.execute(event_numbers._NUMBER, {"most": 1000}).rowcount == 1
    print("holding", flush=True)
    signal.pause()
"""
"""A node in the middle of its work, in a process of its own."""


def insert(connection: sa.Connection, subject: str, sequence: int = 1) -> None:
    events = Outbox(connection)
    events.add_nobodys(ASSETS, subject, CustomerAssetsLoaded(subject, sequence, NOON, 1))
    events.write()


def write(database: Database, subject: str, sequence: int = 1, pause: float = 0.0) -> None:
    with database.writing() as connection:
        insert(connection, subject, sequence)
        if pause:
            let_pass(pause)
        connection.commit()


@contextmanager
def node(database: Database) -> Iterator[Sequencer]:
    """A node with a pool of its own."""
    own = Database(database.url.render_as_string(hide_password=False), seconds=LONG)
    sequencer = Sequencer(EventNumbers(own))
    sequencer.begin()
    yield sequencer
    sequencer.stop()
    own.close()


class Follower:
    """Reads on from its cursor, as every consumer does."""

    def __init__(self, database: Database) -> None:
        self._stream = SqlEventStream(database)
        self.cursor = self._stream.head()
        self.events: list[RecordedEvent] = []

    def read_on(self) -> list[RecordedEvent]:
        new = self._stream.after(self.cursor, 7)
        self.events += new
        self.cursor = new[-1].number if new else self.cursor
        return self.events

    def has(self, *subjects: str) -> bool:
        return {event.subject for event in self.read_on()}.issuperset(subjects)


def following(database: Database) -> Follower:
    """From the end of what is there."""
    until(lambda: EventNumbers(database).give() is Numbering.DONE)
    return Follower(database)


def test_nothing_is_lost_though_transactions_commit_in_another_order_than_they_insert(database: Database) -> None:
    """Eight writers with random delays before their commits, a transaction that stays open, and two nodes."""
    chance, follower = random.Random(15), following(database)
    pauses = [[chance.random() / 50 for _ in range(EACH)] for _ in range(WRITERS)]

    def work(writer: int) -> None:
        for number, pause in enumerate(pauses[writer], start=1):
            write(database, f"w{writer}", number, pause)

    with node(database) as first, node(database) as second, ThreadPoolExecutor(WRITERS) as pool:
        first.subscribe(second.wake)
        # SQLite has no second transaction that writes.
        idle = None if database.sqlite else database.engine.connect()
        if idle is not None:
            insert(idle, "idle")
        working = [pool.submit(work, writer) for writer in range(WRITERS)]
        until(lambda: len(follower.read_on()) == WRITERS * EACH, lambda: f"{len(follower.events)} were read")
        for ended in working:
            ended.result(LONG)
        if idle is not None:
            assert not follower.has("idle")
            idle.commit()
            idle.close()
            until(lambda: follower.has("idle"))
    events = follower.events
    assert [event.number for event in events] == [*range(events[0].number, events[0].number + len(events))], "dense"
    for writer in range(WRITERS):
        assert [event.sequence for event in events if event.subject == f"w{writer}"] == [*range(1, EACH + 1)]
    if not database.sqlite:
        with database.reading() as connection:
            positions = list(connection.scalars(sa.select(outbox.c.position).order_by(outbox.c.number)))
        assert positions != sorted(positions), "whoever follows positions loses events"


@pytest.mark.parametrize("fate", [signal.SIGKILL, signal.SIGSTOP])
def test_another_node_goes_on_if_one_dies_or_freezes_while_it_numbers(
    postgres_database: Database, fate: signal.Signals
) -> None:
    follower, url = following(postgres_database), postgres_database.url.render_as_string(hide_password=False)
    write(postgres_database, "before")
    with subprocess.Popen([sys.executable, "-c", HOLDING, url], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "holding\n"
        write(postgres_database, "meanwhile")
        assert EventNumbers(postgres_database).give() is Numbering.BUSY, "writers do not wait, and nobody numbers twice"
        assert not follower.has("before")
        other.send_signal(fate)
        with node(postgres_database):
            until(lambda: follower.has("before", "meanwhile"))
        other.kill()
    assert [event.subject for event in follower.events] == ["before", "meanwhile"]
    assert EventNumbers(postgres_database).backlog().waiting == 0


def test_many_waiting_events_are_numbered_in_batches(postgres_database: Database) -> None:
    follower, numbers = following(postgres_database), EventNumbers(postgres_database)
    for number in range(1, 6):
        write(postgres_database, "one", number)
    assert numbers.backlog() == Backlog(follower.cursor, 5, NOON)
    assert [numbers.give(most=2), numbers.give(most=2), numbers.give(most=2)] == [
        Numbering.MORE,
        Numbering.MORE,
        Numbering.DONE,
    ]
    until(lambda: len(follower.read_on()) == 5)
    assert [event.sequence for event in follower.events] == [1, 2, 3, 4, 5]
    assert numbers.backlog() == Backlog(follower.cursor, 0, None)


def test_who_follows_is_told_of_events_of_other_nodes(database: Database) -> None:
    following(database)
    told = threading.Event()
    with node(database) as sequencer:
        head = until(lambda: sequencer.head)
        sequencer.subscribe(told.set)
        write(database, "elsewhere")
        assert told.wait(LONG)
        assert sequencer.head == head + 1


def test_a_database_that_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequencer, "FAILED_SECONDS", 0.01)
    mended = threading.Event()

    class Numbers:
        def give(self) -> Numbering:
            return Numbering.DONE

        def head(self) -> int:
            if not mended.is_set():
                raise StoreUnavailable("down")
            return 7

    trying = Sequencer(Numbers())  # type: ignore[arg-type]
    assert trying.problem is None
    trying.begin()
    until(lambda: trying.problem == "events could not be numbered, or old ones not deleted: StoreUnavailable")
    mended.set()
    until(lambda: trying.problem is None)
    trying.stop()
    assert trying.head == 7


def test_events_that_a_process_of_the_release_before_recorded_are_numbered(database: Database) -> None:
    subjects = ["old-a", "old-b", "old-c"]
    for subject in subjects:
        write(database, subject)
    with database.writing() as connection:
        connection.execute(sa.update(outbox).where(outbox.c.subject.in_(subjects)).values(number=None))
        connection.commit()
    numbers = EventNumbers(database)
    until(lambda: numbers.give() is Numbering.DONE)
    assert [one.subject for one in SqlEventStream(database).after(0, 1000) if one.subject in subjects] == subjects
