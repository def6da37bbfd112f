"""The notification that one change of a resource makes, in one version of an API.

What a listener is told follows from what it could read before the change and after it, in the words of its version:

    could not read it, can read it         ...CreateEvent
    shows another state                    ...StateChangeEvent
    shows something else                   ...AttributeValueChangeEvent
    could read it, cannot read it          ...DeleteEvent
    shows the same                         no notification

If the document before is not known (the subject was loaded or imported, or its events are those of a release before the
stream), the type of the event says which of the changes it is.

So a listener sees each state that its version shows, and no other. v4 sends the whole resource with every event. v5
sends the whole resource with a create event, and otherwise its id and what changed (TMF630 part 3).
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from canonical.events.recorded import RecordedEvent
from facade.clock import time_text
from facade.tmf.engine.declaration import Resource
from facade.tmf.engine.payload import Payload

TIME_OF_OCCURRENCE: Mapping[str, str] = MappingProxyType({"v4": "timeOcurred", "v5": "timeOccurred"})
"""v4's contracts spell it with one c."""
CREATING = ("Created", "Drafted", "Submitted")
"""How the types of events end that create their subject. A submitted draft has a document before."""
ATTRIBUTES_CHANGED = re.compile("(Amended|Annotated|(?<!Status)(?<!State)Changed)$")
"""The types of events that leave the state as it is."""
LASTING = ("id", "href")
"""With the attributes that begin with `@`, what every partial resource has."""


class Change(StrEnum):
    """What happened to a resource, as the names of event types end."""

    CREATE = "Create"
    STATE = "StateChange"
    ATTRIBUTES = "AttributeValueChange"
    DELETE = "Delete"


@dataclass(frozen=True, slots=True)
class Envelope:
    """A notification. `whole` has the whole resource, `sent` what is sent of it."""

    type: str
    whole: Payload
    sent: Payload


def change_between(before: Payload | None, after: Payload | None, state_attribute: str) -> Change | None:
    """The change between two documents of a resource; None of them where it cannot be read."""
    if before is None or after is None:
        return (None if after is None else Change.CREATE) if before is None else Change.DELETE
    if before.get(state_attribute) != after.get(state_attribute):
        return Change.STATE
    return Change.ATTRIBUTES if before != after else None


def change_named(event: RecordedEvent) -> Change:
    """The change that an event tells of whose subject has no known document before it."""
    if event.type.endswith(CREATING):
        return Change.CREATE
    return Change.ATTRIBUTES if ATTRIBUTES_CHANGED.search(event.type) else Change.STATE


def event_type(resource: Resource[Any], version: str, change: Change) -> str:
    return f"{resource.schema_in(version)}{change}Event"


def envelope(
    event: RecordedEvent,
    resource: Resource[Any],
    version: str,
    types: Collection[str],
    before: Payload | None,
    after: Payload | None,
    first: Change = Change.CREATE,
) -> Envelope | None:
    """The notification of an event; None if this version has none for it. `types` are the event types of its contract.

    `before` and `after` are the documents in the words of the version and its listener. `first`: the change if there is
    none before.
    """
    change = change_between(before, after, resource.state_attribute)
    change = first if change is Change.CREATE else change
    if change is None or (name := event_type(resource, version, change)) not in types:
        return None
    shown = after or before or {}
    part = shown if version == "v4" else _part(change, before or {}, shown)
    head, key = _head(event, name, version), resource.name_in(version)
    return Envelope(name, {**head, "event": {key: shown}}, {**head, "event": {key: part}})


def _head(event: RecordedEvent, name: str, version: str) -> Payload:
    classes = {} if version == "v4" else {"@type": name, "@baseType": "Event"}
    caused = {"correlationId": event.origin.correlation_id} if event.origin.correlation_id else {}
    at = time_text(event.at)
    times = {"eventTime": at, TIME_OF_OCCURRENCE[version]: at}
    return {**classes, "eventId": event.id, "eventType": name, **times, **caused}


def _part(change: Change, before: Payload, shown: Payload) -> Payload:
    """What v5 sends of the resource."""
    if change is Change.CREATE:
        return shown
    lasting = {name: value for name, value in shown.items() if name in LASTING or name.startswith("@")}
    if change is Change.DELETE:
        return lasting
    return lasting | {name: value for name, value in shown.items() if name not in before or before[name] != value}
