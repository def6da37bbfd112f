"""Brokers for tests: a real NATS server, and librdkafka's mock of a Kafka cluster."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nats
from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, Producer, TopicPartition
from nats.aio.msg import Msg

from tests.support.waiting import LONG, until

PARTITIONS = 4
"""Of a topic of the mock cluster."""
NATS_SERVER = Path(sys.executable).with_name("nats-server")


class NatsServer:
    """With JetStream, whose files stay in `directory` when the server is killed and started again."""

    def __init__(self, directory: Path, *options: str) -> None:
        self._directory = directory
        self._options = options
        self._log = directory / "nats.log"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.url = f"nats://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        store = str(self._directory / "jetstream")
        command = [str(NATS_SERVER), "-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", store, *self._options]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        until(self._listens, self._log.read_text)

    def _listens(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=LONG) as connection:
                return connection.recv(4) == b"INFO"
        except OSError:
            return False

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def nats_server(directory: Path, *options: str) -> Iterator[NatsServer]:
    server = NatsServer(directory, *options)
    server.start()
    try:
        yield server
    finally:
        server.kill()


async def stored(url: str, prefix: str, count: int) -> list[Msg]:
    """The first messages of the stream, in their order."""
    client = await nats.connect(url)
    subscription = await client.jetstream().subscribe(f"{prefix}.>", ordered_consumer=True)
    found = [await subscription.next_msg(timeout=LONG) for _ in range(count)]
    await client.close()
    return found


async def count_stored(url: str, stream: str) -> int:
    """How many messages a stream of JetStream has."""
    client = await nats.connect(url)
    info = await client.jetstream().stream_info(stream)
    await client.close()
    return info.state.messages


async def delete_stream(url: str, stream: str) -> None:
    client = await nats.connect(url)
    await client.jetstream().delete_stream(stream)
    await client.close()


@contextmanager
def kafka_cluster() -> Iterator[str]:
    """The brokers of librdkafka's mock cluster, which makes topics as they are used."""
    host = Producer({"test.mock.num.brokers": 3, "bootstrap.servers": "mock", "log_level": 2})
    brokers = host.list_topics(timeout=LONG).brokers.values()
    yield ",".join(f"{one.host}:{one.port}" for one in brokers)
    host.close()


def consumed(brokers: str, topic: str, count: int) -> list[Message]:
    """The first messages of a topic, those of one partition in their order."""
    options = {"bootstrap.servers": brokers, "group.id": "test", "log_level": 2}
    consumer = Consumer(options)
    consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in range(PARTITIONS)])
    found = consumer.consume(count, timeout=LONG)
    consumer.close()
    return found
