"""`python -m tests.bench.streams`: how many events a second reach JetStream and a mock of Kafka.

The events are recorded before, in SQLite, so this is the rate at which a backlog gets smaller: in waves, and one event
at a time. A publisher that only acknowledges shows what the rest costs. Then events are recorded at a steady rate: a
subscriber of NATS notes how long after its commit each one comes. Prints Markdown and never fails by a figure.
"""

import asyncio
import statistics
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, sleep
from unittest import mock

import click
import nats
import sqlalchemy as sa
from nats.aio.client import Client
from nats.aio.msg import Msg

from adapters.events import relay as relaying
from adapters.events.duty import Duty
from adapters.events.relay import EventRelay
from adapters.events.sequencer import Sequencer
from adapters.persistence import migrations
from adapters.persistence.database import Database
from adapters.persistence.duties import DutyTable, duty_of_stream
from adapters.persistence.event_numbers import EventNumbers
from adapters.persistence.event_stream import SqlEventStream
from adapters.persistence.stream_backlog import stream_backlog
from adapters.persistence.tables import duties, outbox
from adapters.streams.jetstream import JetStreamPublisher
from adapters.streams.kafka import KafkaPublisher
from canonical.events.ports import EventPublisher, StreamMessage
from canonical.shared import jsontext
from facade import logs
from facade.portal.cloud_events import stream_messages
from tests.bench.report import table
from tests.support.brokers import kafka_cluster, nats_server
from tests.support.delivering import happen
from tests.support.waiting import LONG, until

OF_A_SUBJECT = 4
"""Events of one order, one after the other."""
RATE, STEADY_SECONDS = 200, 5
DOCUMENT = jsontext.text({"id": "x", "description": "x" * 4000})
HEADS = ("events a second", "NATS JetStream", "Kafka (mock)", "nothing")


class Nowhere:
    """Acknowledges everything at once."""

    def publish(self, messages: Sequence[StreamMessage]) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


@click.command()
@click.option("--events", default=10_000, show_default=True, type=click.IntRange(min=100))
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(min=1))
def main(events: int, rounds: int) -> None:
    """Measure the relay with a backlog of so many events."""
    click.echo("\n" + measure(events, rounds))


def measure(events: int = 10_000, rounds: int = 3) -> str:
    logs.configure("warning")
    with tempfile.TemporaryDirectory(prefix="facade-streams-") as kept, nats_server(Path(kept)) as server:
        database = with_events(Path(kept), events)
        with kafka_cluster() as brokers:
            prefixes = iter(f"bench{number}.events" for number in range(1_000))
            made: list[Callable[[], EventPublisher]] = [
                lambda: JetStreamPublisher([server.url], next(prefixes)),
                lambda: KafkaPublisher(brokers, next(prefixes)),
                Nowhere,
            ]
            rows = [
                ("a backlog, in waves", relaying.BATCH, events),
                ("one event at a time", 1, max(100, events // 50)),
            ]
            shown = [
                [name, *(_median(database, publisher, batch, count, rounds) for publisher in made)]
                for name, batch, count in rows
            ]
        times = _times(database, server.url)
        database.close()
    p50, p99 = (f"{1000 * times[int(share * len(times))]:.0f} ms" for share in (0.5, 0.99))
    steady = table((f"{RATE} events a second", "p50", "p99"), [("from commit to subscriber, NATS", p50, p99)])
    return f"{table(HEADS, shown)}\n\n{steady}"


def _times(database: Database, url: str) -> list[float]:
    """How long after its commit each event came, sorted. Writer, sequencer and relay are in one process."""
    committed: dict[str, float] = {}
    came: dict[str, float] = {}
    _rewind(database, 0)
    sequencer = Sequencer(EventNumbers(database))
    with _subscribed(url, "steady.events", came), _relay(database, JetStreamPublisher([url], "steady.events")) as relay:
        sequencer.subscribe(relay.wake)
        sequencer.begin()
        relay.begin()
        begun = perf_counter()
        for number in range(RATE * STEADY_SECONDS):
            sleep(max(0.0, begun + number / RATE - perf_counter()))
            happen(database, f"steady-{number}")
            committed[f"steady-{number}-1"] = perf_counter()
            sequencer.wake()
        until(lambda: len(came) == len(committed))
        sequencer.stop()
    return sorted(came[name] - at for name, at in committed.items())


@contextmanager
def _subscribed(url: str, prefix: str, came: dict[str, float]) -> Iterator[None]:
    """Notes when each event comes, on an event loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def note(message: Msg) -> None:
        came[(message.headers or {})["Nats-Msg-Id"]] = perf_counter()

    async def subscribe() -> Client:
        client = await nats.connect(url)
        await client.subscribe(f"{prefix}.>", cb=note)
        await client.flush()
        return client

    client = asyncio.run_coroutine_threadsafe(subscribe(), loop).result()
    yield
    asyncio.run_coroutine_threadsafe(client.close(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def with_events(directory: Path, events: int) -> Database:
    database = Database(f"sqlite:///{directory / 'facade.db'}", seconds=LONG)
    migrations.upgrade(database)
    hints = {"order_id": "019a5c00-0000-7000-8000-000000000001", "customer_id": "C12345"}
    context = {"owner": "partner-acme", "customer_id": "C12345", "actor": "partner-acme", "correlation_id": "c-1"}
    rows = [
        {
            "subject_type": "order",
            "subject": f"019a5c00-0000-7000-8000-{number // OF_A_SUBJECT:012}",
            "sequence": 1 + number % OF_A_SUBJECT,
            "type": "OrderSubmitted",
            "at": "2026-05-03T12:00:00.000000Z",
            "payload": jsontext.text({**hints, "context": context}),
            "number": number + 1,
            "document": DOCUMENT,
        }
        for number in range(events)
    ]
    with database.writing() as connection:
        connection.execute(sa.insert(outbox), rows)
        connection.commit()
    return database


def _median(database: Database, publisher: Callable[[], EventPublisher], batch: int, count: int, rounds: int) -> str:
    rates = []
    for _ in range(rounds):
        _rewind(database, count)
        platform = publisher()
        platform.publish([StreamMessage("first", "order", "first", b"{}")])  # connects, and creates the topic
        with mock.patch.object(relaying, "BATCH", batch), _relay(database, platform) as relay:
            begun = perf_counter()
            while stream_backlog(database, "bench").waiting:
                relay.round()
            rates.append(count / (perf_counter() - begun))
            assert not relay.problem, relay.problem
    return f"{statistics.median(rates):,.0f}"


@contextmanager
def _relay(database: Database, publisher: EventPublisher) -> Iterator[EventRelay]:
    table_of_duty = DutyTable(database, duty_of_stream("bench"))
    duty = Duty(table_of_duty, "bench", LONG)
    relay = EventRelay(SqlEventStream(database), table_of_duty, duty, publisher, stream_messages(""))
    yield relay
    relay.stop()


def _rewind(database: Database, count: int) -> None:
    """The last `count` events are to be published."""
    its = {"name": duty_of_stream("bench"), "node": "", "beats": 0, "milliseconds": 0}
    with database.writing() as connection:
        last = connection.scalar(sa.select(sa.func.max(outbox.c.number))) or 0
        connection.execute(sa.delete(duties).where(duties.c.name == its["name"]))
        connection.execute(sa.insert(duties).values(cursor=last - count, **its))
        connection.commit()


if __name__ == "__main__":
    main()
