"""Signals between nodes on one database, on SQLite and on PostgreSQL."""

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.persistence.database import Database
from adapters.signals.of_database import signals_of
from adapters.signals.pipes import PipeSignals
from adapters.signals.topics import Signals, Topic
from tests.support.waiting import until


class Ear:
    """Notes what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[Topic, str]] = []

    def hear(self, topic: Topic, subject: str) -> None:
        self.heard.append((topic, subject))


@pytest.fixture
def closing() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def listening(closing: ExitStack, database: Database, node: str, *topics: Topic) -> tuple[Signals, Ear]:
    signals, ear = signals_of(database, node), Ear()
    signals.begin(topics, ear.hear)
    closing.callback(signals.close)
    return signals, ear


def told_until_heard(teller: Signals, ear: Ear, topic: Topic, subject: str) -> None:
    """A listener hears nothing before it is connected."""

    def heard() -> bool:
        teller.tell(topic, subject)
        return (topic, subject) in ear.heard

    until(heard)


def test_a_node_hears_what_it_listens_to_and_nothing_else(database: Database, closing: ExitStack) -> None:
    serve, waits = listening(closing, database, "serve", Topic.ENDED)
    work, works = listening(closing, database, "work", Topic.WANTED)
    told_until_heard(serve, works, Topic.WANTED, "")
    told_until_heard(work, waits, Topic.ENDED, "o1")
    assert {topic for topic, _ in works.heard} == {Topic.WANTED}
    assert {topic for topic, _ in waits.heard} == {Topic.ENDED}


def test_many_subjects_are_all_heard(database: Database, closing: ExitStack) -> None:
    _, ear = listening(closing, database, "serve", Topic.ENDED)
    work, _ = listening(closing, database, "work")
    told_until_heard(work, ear, Topic.ENDED, "first")
    subjects = {f"0190{number:032d}" for number in range(400)}
    for subject in sorted(subjects):
        work.tell(Topic.ENDED, subject)
    until(lambda: subjects <= {subject for _, subject in ear.heard})


def test_telling_where_nobody_listens_is_no_error(database: Database, closing: ExitStack) -> None:
    signals = signals_of(database, "alone")
    closing.callback(signals.close)
    signals.begin([], Ear().hear)
    signals.tell(Topic.WANTED)


def test_a_lost_connection_is_opened_again(postgres_database: Database, closing: ExitStack) -> None:
    teller, _ = listening(closing, postgres_database, "a")
    _, ear = listening(closing, postgres_database, "b", Topic.ENDED)
    told_until_heard(teller, ear, Topic.ENDED, "before")
    with postgres_database.writing() as connection:
        others = "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
        for pid in connection.scalars(sa.text(others)).all():
            connection.execute(sa.select(sa.func.pg_terminate_backend(pid)))
    told_until_heard(teller, ear, Topic.ENDED, "after")


def test_the_pipe_of_a_killed_node_is_removed(tmp_path: Path, closing: ExitStack) -> None:
    os.mkfifo(tmp_path / "dead.wanted")
    signals = PipeSignals(tmp_path, "a")
    signals.tell(Topic.ENDED)
    assert (tmp_path / "dead.wanted").exists(), "it does not listen to this"
    signals.tell(Topic.WANTED)
    assert list(tmp_path.iterdir()) == []


def test_a_listener_that_does_not_read_holds_nobody_up(tmp_path: Path) -> None:
    go_on, begun = threading.Event(), threading.Event()
    reader, teller = PipeSignals(tmp_path, "reader"), PipeSignals(tmp_path, "teller")

    def hear(topic: Topic, subject: str) -> None:
        begun.set()
        go_on.wait()

    reader.begin([Topic.ENDED], hear)
    teller.tell(Topic.ENDED, "o1")
    begun.wait()
    for _ in range(5_000):
        teller.tell(Topic.ENDED, "0190" + "0" * 32)
    go_on.set()
    reader.close()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_leaves_the_node_deaf_and_alive(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    signals = PipeSignals(tmp_path / "file" / "signals", "a")
    signals.begin([Topic.WANTED], Ear().hear)
    signals.tell(Topic.WANTED)
    signals.close()
