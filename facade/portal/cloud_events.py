"""Events as CloudEvents 1.0, in JSON and structured mode, for streaming platforms."""

from collections.abc import Callable
from typing import Any

from canonical.events.ports import StreamMessage
from canonical.events.recorded import RecordedEvent
from canonical.shared import jsontext
from facade.portal.event_shapes import event_document

EVENTS = "/api/v1/events"
"""The feed: `source` and `id` together are the address of the event, with its document."""


def cloud_event(event: RecordedEvent, source: str) -> dict[str, Any]:
    """`data` is the event as the feed shows it, without its document."""
    data = event_document(event, with_document=False)
    return {
        "specversion": "1.0",
        "id": event.id,
        "source": source,
        "type": event.type,
        "subject": f"{event.subject_type}/{event.subject}",
        "time": data["at"],
        "datacontenttype": "application/json",
        "partitionkey": event.subject,
        "data": data,
    }


def stream_messages(public_url: str) -> Callable[[RecordedEvent], StreamMessage]:
    """What makes the messages. Without a public address, `source` is the path of the feed."""
    source = public_url.rstrip("/") + EVENTS

    def message_of(event: RecordedEvent) -> StreamMessage:
        body = jsontext.write(cloud_event(event, source))
        return StreamMessage(event.id, event.subject_type, event.subject, body)

    return message_of
