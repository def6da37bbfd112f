"""Signals by LISTEN and NOTIFY of PostgreSQL.

They are sent in a thread and by a connection of their own. A NOTIFY inside a transaction that writes would make
all commits of all nodes wait for each other.
"""

import threading
from collections.abc import Collection
from contextlib import closing
from queue import Empty, SimpleQueue
from time import monotonic

import psycopg
import sqlalchemy as sa
import structlog

from adapters.persistence.postgres import PunctualConnection, own_connection
from adapters.signals.topics import Heard, Topic
from canonical.shared.deadline import within

log = structlog.get_logger()

CHANNEL = "tmf_facade_{}"
SUBJECTS = 150
"""In one notification, which has room for 8,000 bytes."""
SECONDS = 5.0
"""For one use of the database."""
PAUSE = 1.0
"""Seconds between a failure and the next attempt."""
LOOKS = 0.25
"""Seconds after which the listening thread looks whether it should stop."""
QUIET = 10.0
"""Seconds without a notification after which the connection is checked: a server that vanished says nothing."""


class NotifySignals:
    """`engine`: for the address of the server. Its pool is not used."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._outbox: SimpleQueue[tuple[Topic, str] | None] = SimpleQueue()
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []

    def begin(self, topics: Collection[Topic], heard: Heard) -> None:
        listener = threading.Thread(target=self._listen, args=(topics, heard), name="signals", daemon=True)
        sender = threading.Thread(target=self._send, name="signals-out", daemon=True)
        self._threads = [listener, sender]
        for thread in self._threads:
            thread.start()

    def tell(self, topic: Topic, subject: str = "") -> None:
        self._outbox.put((topic, subject))

    def close(self) -> None:
        """What was told before is sent."""
        self._stopped.set()
        self._outbox.put(None)
        for thread in self._threads:
            thread.join()

    def _send(self) -> None:
        connection: PunctualConnection | None = None
        while (first := self._outbox.get()) is not None:
            told = {first, *self._told_meanwhile()}
            try:
                with within(SECONDS):
                    connection = connection or self._connected()
                    _notify(connection, told)
            except psycopg.Error as error:
                log.warning("other nodes were not woken; they poll 4 times a second", reason=str(error))
                _close(connection)
                connection = None
                self._stopped.wait(PAUSE)
        _close(connection)

    def _told_meanwhile(self) -> list[tuple[Topic, str]]:
        found: list[tuple[Topic, str]] = []
        try:
            while True:
                one = self._outbox.get_nowait()
                if one is None:
                    self._outbox.put(None)
                    return found
                found.append(one)
        except Empty:
            return found

    def _listen(self, topics: Collection[Topic], heard: Heard) -> None:
        while not self._stopped.is_set():
            try:
                with within(SECONDS):
                    connection = self._connected()
                    for topic in topics:
                        connection.execute(f"LISTEN {CHANNEL.format(topic)}".encode())
                with closing(connection):
                    self._hear(connection, heard)
            except psycopg.Error as error:
                log.warning("signals cannot be heard; the node polls 4 times a second", reason=str(error))
                self._stopped.wait(PAUSE)

    def _hear(self, connection: PunctualConnection, heard: Heard) -> None:
        topics = {CHANNEL.format(topic): topic for topic in Topic}
        last = monotonic()
        while not self._stopped.is_set():
            for notification in connection.notifies(timeout=LOOKS):
                last = monotonic()
                for subject in notification.payload.split(" "):
                    heard(topics[notification.channel], subject)
            if monotonic() - last > QUIET:
                with within(SECONDS):
                    connection.execute("SELECT 1")
                last = monotonic()

    def _connected(self) -> PunctualConnection:
        connection = own_connection(self._engine)
        connection.execute("SET synchronous_commit = off")
        return connection


def _notify(connection: PunctualConnection, told: Collection[tuple[Topic, str]]) -> None:
    for topic in Topic:
        subjects = sorted(subject for one, subject in told if one is topic)
        for start in range(0, len(subjects), SUBJECTS):
            payload = " ".join(subjects[start : start + SUBJECTS])
            connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL.format(topic), payload))


def _close(connection: PunctualConnection | None) -> None:
    if connection is not None:
        connection.close()
