"""Events as the canonical API shows them; `specs/events/asyncapi.yaml` describes them."""

from typing import Any

from canonical.events.recorded import RecordedEvent
from canonical.shared import jsontext
from facade.tmf.bridge import COMPLEMENT


def event_document(event: RecordedEvent, *, with_document: bool) -> dict[str, Any]:
    shown = {
        "number": event.number,
        "id": event.id,
        "type": event.type,
        "version": event.version,
        "at": _text(event),
        "subject": {"type": event.subject_type, "id": event.subject, "sequence": event.sequence},
        "owner": event.owner,
        "customerId": event.customer_id,
        "actor": event.origin.actor,
        "correlationId": event.origin.correlation_id,
        "causationId": event.origin.causation_id,
        "hints": {_camel(name): _hint(name, value) for name, value in event.hints.items()},
    }
    return shown | {"document": _document(event)} if with_document else shown


def _text(event: RecordedEvent) -> str:
    """With microseconds, as it is recorded."""
    return event.at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _hint(name: str, value: Any) -> Any:
    return [_camel(one) for one in value] if name == "fields" else value


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.title, others))


def _document(event: RecordedEvent) -> dict[str, Any] | None:
    if event.document is None:
        return None
    document: dict[str, Any] = jsontext.read_kept(event.document)
    return {name: value for name, value in document.items() if name != COMPLEMENT}
