"""Events as a listener's notifier gets them, and whether notifications keep their contract."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from itertools import count
from typing import Any

from canonical.events.recorded import Origin, RecordedEvent
from canonical.listeners.listener import Listener
from canonical.shared import jsontext
from facade.app import spec_of
from facade.bootstrap.declared import TMF_APIS
from facade.bootstrap.deliveries import notifier_of
from facade.contract.classes import ClassCatalog
from facade.contract.validator import Contract
from facade.partners.profiles import DEFAULT, Profile
from facade.tmf.hub.notifier import Notifier
from tests.support.builders import NOON

_subjects = count(1)
OWNER = "partner-acme"


def an_event(
    kind: str, document: Mapping[str, Any] | None, type: str = "SomethingChanged", **more: Any
) -> RecordedEvent:
    text = None if document is None else jsontext.text(document)
    told: dict[str, Any] = {
        "number": 7,
        "type": type,
        "at": NOON,
        "subject_type": kind,
        "subject": f"0197a000-0000-7000-8000-{next(_subjects):012}",
        "sequence": 2,
        "owner": OWNER,
        "customer_id": "C12345",
        "origin": Origin(correlation_id="c-1"),
        "hints": {},
        "document": text,
    }
    return RecordedEvent(**{**told, **more})


def a_listener(api: str = "TMF622", version: str = "v5", **more: Any) -> Listener:
    told: dict[str, Any] = {
        "id": f"{api}-{version}",
        "owner": OWNER,
        "api": api,
        "version": version,
        "callback": "https://listener.example/events",
        "query": "",
        "created_at": datetime.fromisoformat("2026-01-01T00:00:00Z"),
        "address": f"https://facade.example/{api}/{version}",
    }
    return Listener(**{**told, **more})


def a_notifier(profiles: Mapping[str, Profile] | None = None) -> Notifier:
    return notifier_of(TMF_APIS, lambda client: (profiles or {}).get(client, DEFAULT))


def sent(
    notifier: Notifier, listener: Listener, event: RecordedEvent, before: Mapping[str, Any] | None = None
) -> dict[str, Any] | None:
    """The body of the notification; None for no notification. Fails for one that breaks its contract."""
    made = notifier.notification(listener, event, None if before is None else jsontext.text(before))
    if made is None:
        return None
    body: dict[str, Any] = jsontext.read_kept(made.body.decode())
    assert body.get("eventType", made.event_type) == made.event_type
    assert_keeps_contract(listener.api, listener.version, made.event_type, body)
    return body


def assert_keeps_contract(api: str, version: str, event_type: str, body: Mapping[str, Any]) -> None:
    """By the schema that the contract's callback names for the event type; its wrapper declares the resource."""
    spec = next(one for one in TMF_APIS if one.name == api).versions[version].spec
    assert _callbacks(spec).response_errors(event_type, 200, body) == []
    catalog = ClassCatalog(spec_of(spec)["components"]["schemas"])
    assert set(body["event"]) <= set(catalog.shape_of(catalog.shape(event_type).properties["event"]).properties)


@cache
def _callbacks(spec: str) -> Contract:
    """A contract whose operations answer with what the callbacks of the hub send."""
    whole = spec_of(spec)
    paths = {}
    for callback in whole["paths"]["/hub"]["post"]["callbacks"].values():
        [item] = callback.values()
        schema = item["post"]["requestBody"]["content"]["application/json"]["schema"]
        name = schema["$ref"].rpartition("/")[2]
        answers = {"200": {"description": name, "content": {"application/json": {"schema": schema}}}}
        paths[f"/{name}"] = {"get": {"operationId": name, "responses": answers}}
    return Contract({**whole, "paths": paths})
