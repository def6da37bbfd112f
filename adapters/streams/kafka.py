"""Publishes events to Apache Kafka."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from canonical.events.ports import NotPublished, StreamMessage

ACKNOWLEDGED_WITHIN = 10.0
CONTENT_TYPE = b"application/cloudevents+json; charset=UTF-8"
DEFAULTS: Mapping[str, str | int | bool] = MappingProxyType(
    {
        "client.id": "tmf-facade",
        "message.timeout.ms": int(1000 * ACKNOWLEDGED_WITHIN),
        "log_level": 2,  # whoever publishes tells what fails
    }
)
SAFE: Mapping[str, str | int | bool] = MappingProxyType({"enable.idempotence": True, "acks": "all"})


class KafkaPublisher:
    """Publishes to a topic. The key of a message is the id of its aggregate, so all events of one are in one partition.

    `brokers` is a list of `host:9092` with commas. `properties` are librdkafka's, for security and times; `ca` has the
    certificates of the authorities that sign the brokers' certificates. Raises ValueError for unusable properties. It
    connects with the first event, and anew after each failure.
    """

    def __init__(
        self, brokers: str, topic: str, properties: Mapping[str, str] = MappingProxyType({}), ca: Path | None = None
    ) -> None:
        self._topic = topic
        self._troubles: list[KafkaError] = []
        self._properties: dict[str, Any] = {**DEFAULTS, **properties, **SAFE, "bootstrap.servers": brokers}
        self._properties["error_cb"] = self._troubles.append
        if ca is not None:
            if "ssl" not in properties.get("security.protocol", "").lower():
                raise ValueError("certificates check a broker only with security.protocol=SSL or SASL_SSL")
            self._properties["ssl.ca.location"] = str(ca)
        self._producer: Producer | None = None
        try:
            Producer(self._properties).close()
        except KafkaException as error:
            raise ValueError(error.args[0].str()) from error

    def publish(self, messages: Sequence[StreamMessage]) -> None:
        self._troubles.clear()
        if self._producer is None:
            self._producer = Producer(self._properties)
        refused: list[KafkaError] = []

        def told(error: KafkaError | None, _: Message) -> None:
            if error is not None:
                refused.append(error)

        headers: dict[str, str | bytes | None] = {"content-type": CONTENT_TYPE}
        try:
            for one in messages:
                self._producer.produce(self._topic, one.body, one.subject.encode(), headers=headers, on_delivery=told)
            late = self._producer.flush(ACKNOWLEDGED_WITHIN)
        except (KafkaException, BufferError) as error:  # such as a message that is larger than allowed
            self.close()
            name = error.args[0].name() if isinstance(error, KafkaException) else "queue full"
            raise NotPublished(f"Kafka did not take all events: {name}") from error
        if refused or late:
            reasons = [*self._troubles, *refused]
            self.close()
            told_by = reasons[0].name() if reasons else "no acknowledgement"
            raise NotPublished(f"Kafka did not take all events: {told_by}") from KafkaException(*reasons[:1])

    def close(self) -> None:
        """What is not acknowledged is dropped, so that it does not come behind newer events."""
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.purge()
            producer.flush(0)


def properties_in(text: str) -> dict[str, str]:
    """The lines `name=value` of a file of properties. Raises ValueError, which names the line."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = (part.strip() for part in line.partition("="))
        if not (name and equals):
            raise ValueError(f"line {number} is not name=value")
        found[name] = value
    return found
