"""Events reach a real broker in order, whoever of the two dies."""

import asyncio
import random
import socket
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from adapters.events import relay as relaying
from adapters.events.duty import Duty
from adapters.events.relay import EventRelay
from adapters.persistence.database import Database
from adapters.persistence.duties import DutyTable, duty_of_stream
from adapters.persistence.event_stream import SqlEventStream
from adapters.persistence.stream_backlog import stream_backlog
from adapters.persistence.tables import duties, outbox
from adapters.streams import kafka
from adapters.streams.jetstream import JetStreamPublisher
from adapters.streams.kafka import KafkaPublisher
from canonical.events.ports import EventPublisher, NotPublished, StreamMessage
from canonical.shared import jsontext
from facade.cli import main
from facade.portal.cloud_events import stream_messages
from tests.support.brokers import NatsServer, consumed, count_stored, delete_stream, kafka_cluster, nats_server, stored
from tests.support.delivering import LEASE, NODES, happen
from tests.support.waiting import let_pass, until

RELAY = """
import signal, sys
from adapters.events.duty import Duty
from adapters.events.relay import EventRelay
from adapters.persistence.database import Database
from adapters.persistence.duties import DutyTable, duty_of_stream
from adapters.persistence.event_stream import SqlEventStream
from adapters.streams.jetstream import JetStreamPublisher
from facade.portal.cloud_events import stream_messages
database, server, prefix, node = sys.argv[1:]
database = Database(database)
table = DutyTable(database, duty_of_stream("nats"))
publisher = JetStreamPublisher([server], prefix)
EventRelay(SqlEventStream(database), table, Duty(table, node, 1.0), publisher, stream_messages("")).begin()
signal.pause()
"""
"""A node that publishes, in a process of its own."""
SUBJECTS = [f"s{number}" for number in (1, 2, 1, 3, 1, 2, 4, 4)]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with nats_server(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture(autouse=True)
def retried_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relaying, "LAST_RETRY_SECONDS", 1.0)


def emptied(database: Database) -> Database:
    with database.writing() as connection:
        connection.execute(sa.delete(outbox))
        connection.commit()
    return database


@contextmanager
def relaying_to(database: Database, platform: str, publisher: EventPublisher) -> Iterator[EventRelay]:
    table = DutyTable(database, duty_of_stream(platform))
    duty = Duty(table, next(NODES), LEASE)
    relay = EventRelay(SqlEventStream(database), table, duty, publisher, stream_messages(""))
    relay.begin()
    yield relay
    relay.stop()


def all_published(database: Database, platform: str) -> None:
    until(lambda: stream_backlog(database, platform).waiting == 0, lambda: stream_backlog(database, platform))


def in_order(bodies: list[bytes | None]) -> dict[str, list[int]]:
    """The sequences of each subject, as they came."""
    found: dict[str, list[int]] = defaultdict(list)
    for body in bodies:
        assert body is not None
        subject = jsontext.read(body)["data"]["subject"]
        found[subject["id"]].append(subject["sequence"])
    return found


def test_a_broker_that_dies_and_a_node_that_publishes_again_lose_and_double_nothing(
    sqlite_database: Database, broker: NatsServer
) -> None:
    database = emptied(sqlite_database)
    happen(database, *SUBJECTS)
    with relaying_to(database, "nats", JetStreamPublisher([broker.url], "killed.events")) as relay:
        all_published(database, "nats")
        broker.kill()
        happen(database, *SUBJECTS)
        until(lambda: relay.problem)
        assert stream_backlog(database, "nats").published == len(SUBJECTS)
        broker.start()
        all_published(database, "nats")
        assert relay.problem is None
    with database.writing() as connection:  # as if the node had died before it stored its cursor
        connection.execute(sa.update(duties).where(duties.c.name == "stream-nats").values(cursor=3))
        connection.commit()
    with relaying_to(database, "nats", JetStreamPublisher([broker.url], "killed.events")):
        all_published(database, "nats")
    expected = 2 * len(SUBJECTS)
    assert asyncio.run(count_stored(broker.url, "killed-events")) == expected
    found = asyncio.run(stored(broker.url, "killed.events", expected))
    assert in_order([one.data for one in found]) == {
        "s1": [1, 2, 3, 4, 5, 6], "s2": [1, 2, 3, 4], "s3": [1, 2], "s4": [1, 2, 3, 4]
    }  # fmt: skip
    first = found[0]
    assert (first.subject, first.headers) == (
        "killed.events.order.s1",
        {"Nats-Msg-Id": "s1-1", "Content-Type": "application/cloudevents+json"},
    )


def test_of_two_nodes_one_publishes_and_the_other_one_goes_on(postgres_database: Database, broker: NatsServer) -> None:
    database = emptied(postgres_database)

    def a_publisher() -> EventPublisher:
        return JetStreamPublisher([broker.url], "two.events")

    with relaying_to(database, "nats", a_publisher()) as second:
        with relaying_to(database, "nats", a_publisher()) as first:
            for _ in range(5):
                happen(database, *SUBJECTS)
                all_published(database, "nats")
            counts = {first.published, second.published}
            assert counts == {0, 5 * len(SUBJECTS)}
        happen(database, *SUBJECTS)
        all_published(database, "nats")
    found = in_order([one.data for one in asyncio.run(stored(broker.url, "two.events", 6 * len(SUBJECTS)))])
    assert found["s1"] == [*range(1, 19)]
    assert all(sequences == sorted(sequences) for sequences in found.values())
    assert asyncio.run(count_stored(broker.url, "two-events")) == 6 * len(SUBJECTS)


def test_nodes_and_brokers_that_are_killed_at_any_time_lose_nothing(
    sqlite_database: Database, broker: NatsServer
) -> None:
    database, chance = emptied(sqlite_database), random.Random(622)
    address = database.url.render_as_string(hide_password=False)

    nodes: dict[str, subprocess.Popen[bytes]] = {}

    def start() -> None:
        name = next(NODES)
        nodes[name] = subprocess.Popen([sys.executable, "-c", RELAY, address, broker.url, "kills.events", name])

    def kill_the_one_that_publishes() -> None:
        before = stream_backlog(database, "nats").published
        happen(database, *(f"s{chance.randrange(8)}" for _ in range(40)))
        until(lambda: stream_backlog(database, "nats").published > before)
        let_pass(chance.uniform(0, 0.05))
        node = nodes.pop(until(lambda: DutyTable(database, duty_of_stream("nats")).read().node))
        node.kill()
        node.wait()

    start()
    start()
    try:
        for _ in range(2):
            for _ in range(4):
                happen(database, *(f"s{chance.randrange(8)}" for _ in range(40)))
                let_pass(chance.uniform(0, 0.05))
            start()
            kill_the_one_that_publishes()
            broker.kill()
            happen(database, *(f"s{chance.randrange(8)}" for _ in range(10)))
            broker.start()
        all_published(database, "nats")
    finally:
        for node in nodes.values():
            node.kill()
            node.wait()
    happened = stream_backlog(database, "nats").published
    assert asyncio.run(count_stored(broker.url, "kills-events")) == happened
    found = in_order([one.data for one in asyncio.run(stored(broker.url, "kills.events", happened))])
    assert all(sequences == [*range(1, len(sequences) + 1)] for sequences in found.values()), found


def test_what_a_broker_lost_is_published_again(sqlite_database: Database, broker: NatsServer) -> None:
    database = emptied(sqlite_database)
    address = database.url.render_as_string(hide_password=False)

    def republish(after: int, platform: str = "nats") -> Result:
        words = ["republish", "--after", str(after)]
        return CliRunner().invoke(main, words, env={"DATABASE_URL": address, "STREAM": platform})

    happen(database, *SUBJECTS)
    with relaying_to(database, "nats", JetStreamPublisher([broker.url], "lost.events")):
        all_published(database, "nats")
        asyncio.run(delete_stream(broker.url, "lost-events"))
        assert republish(3).stdout == "5 events are published again\n"
        all_published(database, "nats")
    found = [one.headers for one in asyncio.run(stored(broker.url, "lost.events", 5))]
    assert {one and one["Nats-Msg-Id"] for one in found} == {"s3-1", "s1-3", "s2-2", "s4-1", "s4-2"}
    assert "the last event that was published is number 8: give a smaller one" in republish(8).stderr
    assert "STREAM is off, so nothing is published" in republish(0, "off").stderr


def test_an_id_with_characters_that_a_subject_cannot_have_is_encoded(broker: NatsServer) -> None:
    publisher = JetStreamPublisher([broker.url], "odd.events")
    publisher.publish([StreamMessage("a.b *>-1", "order", "a.b *>", b"{}")])
    publisher.close()
    [one] = asyncio.run(stored(broker.url, "odd.events", 1))
    assert one.subject == "odd.events.order.a%2Eb%20%2A%3E"


def refusal(publisher: EventPublisher) -> str:
    with pytest.raises(NotPublished) as refused:
        publisher.publish([StreamMessage("a-1", "order", "a", b"{}")])
    publisher.close()
    return str(refused.value)


def _read_no_events(server: socket.socket, over: threading.Event) -> None:
    """As a NATS server that stands still after it was asked for its streams."""
    with suppress(OSError), server.accept()[0] as client:
        client.sendall(b'INFO {"server_id":"x","version":"2.10.0","headers":true,"max_payload":1048576,"proto":1}\r\n')
        got = b""
        while b"STREAM.NAMES" not in got:
            got += client.recv(4096)
            if got.endswith(b"PING\r\n"):
                client.sendall(b"PONG\r\n")
        [inbox] = [line.split()[-2] for line in got.split(b"\r\n") if b"STREAM.NAMES" in line]
        [number] = [line.split()[-1] for line in got.split(b"\r\n") if line.startswith(b"SUB")]
        body = b'{"type":"x","total":1,"offset":0,"limit":1,"streams":["s"]}'
        client.sendall(b"MSG %b %b %d\r\n%b\r\n" % (inbox, number, len(body), body))
        over.wait()


def test_a_server_that_reads_nothing_stops_neither_the_next_attempt_nor_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("adapters.streams.jetstream.ACKNOWLEDGED_WITHIN", 0.5)
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_read_no_events, args=(server, over), daemon=True).start()
        publisher = JetStreamPublisher([f"nats://127.0.0.1:{server.getsockname()[1]}"], "slow.events")
        events = [StreamMessage(f"a{number}-1", "order", f"a{number}", b"x" * 50_000) for number in range(500)]
        with pytest.raises(NotPublished, match="TimeoutError"):
            publisher.publish(events)
        publisher.close()
        over.set()


def test_a_tls_address_needs_a_server_with_tls(broker: NatsServer) -> None:
    plain = JetStreamPublisher([broker.url.replace("nats://", "tls://user:password@")], "tls.events")
    assert refusal(plain) == "NATS did not take all events: SecureConnRequiredError"


@pytest.mark.parametrize("wrong", ["http://one:4222", "one:4222", "nats://user:secret@", "tls://user:secret@one:x", ""])
def test_what_is_no_server_is_refused_without_its_password(wrong: str) -> None:
    with pytest.raises(ValueError, match="use servers such as nats://host:4222") as refused:
        JetStreamPublisher(["nats://one:4222", wrong], "odd.events")
    assert "secret" not in str(refused.value)


def test_certificates_that_would_check_nobody_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="only with TLS: use servers such as tls://"):
        JetStreamPublisher(["tls://one:4222", "nats://two:4222"], "tls.events", ca=tmp_path)
    for properties in ({}, {"security.protocol": "SASL_PLAINTEXT"}):
        with pytest.raises(ValueError, match="only with security"):
            KafkaPublisher("one:9092", "tls.events", properties, tmp_path)


def test_a_server_is_known_by_its_certificate_and_knows_us_by_a_password(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=broker"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    tls = ("--tls", "--tlscert", str(certificate), "--tlskey", str(key), "--user", "facade", "--pass", "secret")
    with nats_server(tmp_path, *tls) as server:
        address = server.url.replace("nats://", "tls://facade:secret@")
        trusting = JetStreamPublisher([address], "tls.events", ca=certificate)
        trusting.publish([StreamMessage("a-1", "order", "a", b"{}")])
        trusting.close()
        assert "SSLCertVerificationError" in refusal(JetStreamPublisher([address], "tls.events"))
        wrong = JetStreamPublisher([address.replace("secret", "guessed")], "tls.events", ca=certificate)
        assert refusal(wrong) == "NATS did not take all events: AuthorizationError"


def test_kafka_gets_all_events_those_of_a_subject_in_one_partition(sqlite_database: Database) -> None:
    database = emptied(sqlite_database)
    happen(database, *SUBJECTS)
    with kafka_cluster() as brokers:
        with relaying_to(database, "kafka", KafkaPublisher(brokers, "tmf.events")):
            all_published(database, "kafka")
            happen(database, *SUBJECTS)
            all_published(database, "kafka")
        found = consumed(brokers, "tmf.events", 2 * len(SUBJECTS))
    assert in_order([one.value() for one in found]) == {
        "s1": [1, 2, 3, 4, 5, 6], "s2": [1, 2, 3, 4], "s3": [1, 2], "s4": [1, 2, 3, 4]
    }  # fmt: skip
    places: dict[Any, set[Any]] = defaultdict(set)
    for one in found:
        places[one.key()].add(one.partition())
        assert one.headers() == [("content-type", b"application/cloudevents+json; charset=UTF-8")]
    assert {key: len(partitions) for key, partitions in places.items()} == {b"s1": 1, b"s2": 1, b"s3": 1, b"s4": 1}


def test_kafka_that_goes_away_holds_the_cursor(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka, "ACKNOWLEDGED_WITHIN", 3.0)
    database = emptied(sqlite_database)
    happen(database, *SUBJECTS)
    with ExitStack() as relays:
        with kafka_cluster() as brokers:
            publisher = KafkaPublisher(brokers, "tmf.events", {"message.timeout.ms": "2000"})
            relay = relays.enter_context(relaying_to(database, "kafka", publisher))
            all_published(database, "kafka")
        happen(database, *SUBJECTS)
        until(lambda: relay.problem)
        assert stream_backlog(database, "kafka").published == len(SUBJECTS)
    with kafka_cluster() as brokers:
        with relaying_to(database, "kafka", KafkaPublisher(brokers, "tmf.events")):
            all_published(database, "kafka")
        found = in_order([one.value() for one in consumed(brokers, "tmf.events", len(SUBJECTS))])
    assert found == {"s1": [4, 5, 6], "s2": [3, 4], "s3": [2], "s4": [3, 4]}


def test_brokers_that_are_away_are_told_and_properties_that_kafka_does_not_know() -> None:
    away = KafkaPublisher("127.0.0.1:1", "tmf.events", {"message.timeout.ms": "300"})
    assert refusal(away) == "Kafka did not take all events: _TRANSPORT"
    with pytest.raises(ValueError, match='No such configuration property: "nonsense"'):
        KafkaPublisher("127.0.0.1:1", "tmf.events", {"nonsense": "1"})
