"""The catalogue of events (AsyncAPI) against the events that the code records."""

import typing
from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from typing import Any

import jsonschema_rs
import pytest

from canonical.processes.recorded_events import EVENT_TYPES, SUBJECT_TYPES
from canonical.shared import jsontext
from facade.app import spec_of
from facade.portal.cloud_events import cloud_event, stream_messages
from facade.portal.event_shapes import event_document
from tests.support.notified import an_event

CATALOGUE = spec_of("events/asyncapi.yaml")
MESSAGES: dict[str, Any] = CATALOGUE["components"]["messages"]
EXAMPLES = [(name, one["payload"]) for name, message in MESSAGES.items() for one in message.get("examples", ())]
IN_ENVELOPE = ("sequence", "at")


def camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.title, others))


def resolved(schema: Any) -> Any:
    """The schema, with what its references lead to."""
    while "$ref" in schema:
        found: Any = CATALOGUE
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def validator(name: str) -> Any:
    """What an event of this type has to be."""
    schema = {**MESSAGES[name]["payload"], "components": CATALOGUE["components"]}
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def hints_of(name: str) -> Any:
    [shape] = [part for part in MESSAGES[name]["payload"]["allOf"] if "properties" in part]
    return resolved(shape["properties"]["hints"])


def test_every_type_of_event_that_is_recorded_is_in_the_catalogue_and_no_other() -> None:
    assert set(MESSAGES) == set(EVENT_TYPES)
    assert set(CATALOGUE["channels"]["events"]["messages"]) == set(EVENT_TYPES)


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_the_catalogue_has_the_hints_of_each_event(name: str) -> None:
    kinds = typing.get_type_hints(EVENT_TYPES[name])
    hints = {camel(one.name): kinds[one.name] for one in fields(EVENT_TYPES[name]) if one.name not in IN_ENVELOPE}
    described = hints_of(name)
    assert (set(described["properties"]), set(described["required"])) == (set(hints), set(hints))
    for hint, kind in hints.items():
        assert schema_of(kind).items() <= described["properties"][hint].items(), hint


def schema_of(kind: Any) -> dict[str, Any]:
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return {"type": "string", "enum": list(kind)}
    if typing.get_origin(kind) is tuple:
        return {"type": "array", "items": {"type": "string"}}
    known: dict[Any, dict[str, Any]] = {
        str: {"type": "string"},
        int: {"type": "integer"},
        datetime | None: {"type": ["string", "null"], "format": "date-time"},
    }
    return known[kind]


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_each_example_is_an_event_of_its_type(name: str, example: Any) -> None:
    validator(name).validate(jsontext.read(jsontext.write(example)))
    assert example["id"] == f"{example['subject']['id']}-{example['subject']['sequence']}"


def test_there_is_an_example_of_each_shape_of_hints() -> None:
    shown = {jsontext.text(hints_of(name)) for name, _ in EXAMPLES}
    assert {jsontext.text(hints_of(name)) for name in MESSAGES} == shown


def test_an_event_of_another_type_or_without_a_hint_is_none() -> None:
    example = dict(EXAMPLES)["OrderRejected"]
    assert validator("OrderRejected").is_valid(example)
    assert not validator("OrderFailed").is_valid(example)
    assert not validator("OrderRejected").is_valid(example | {"hints": {}})
    assert not validator("OrderRejected").is_valid({name: example[name] for name in example if name != "owner"})


def test_the_canonical_api_shows_events_as_the_catalogue_describes_them() -> None:
    ours, theirs = (spec["components"]["schemas"]["Event"] for spec in (spec_of("canonical/v1.yaml"), CATALOGUE))
    assert set(ours["properties"]) == set(theirs["properties"])
    assert set(ours["required"]) == set(theirs["required"])


PLATFORMS = ("jetStream", "kafka")


def envelope() -> Any:
    schema = {**CATALOGUE["components"]["schemas"]["CloudEvent"], "components": CATALOGUE["components"]}
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_each_platform_has_an_example_of_an_event_in_its_envelope(platform: str) -> None:
    message = CATALOGUE["channels"][platform]["messages"]["CloudEvent"]
    [example] = message["examples"]
    jsonschema_rs.Draft202012Validator(message["headers"]).validate(example["headers"])
    envelope().validate(example["payload"])
    validator(example["payload"]["type"]).validate(example["payload"]["data"])


def test_the_subjects_of_nats_name_every_kind_of_subject() -> None:
    assert set(CATALOGUE["channels"]["jetStream"]["parameters"]["subjectType"]["enum"]) == SUBJECT_TYPES


def test_an_event_is_published_as_the_catalogue_describes_it() -> None:
    hints = {"order_id": "o-1", "customer_id": "C12345"}
    event = an_event("order", {"id": "o-1"}, "OrderSubmitted", subject="o-1", sequence=3, hints=hints)
    published = stream_messages("https://api.example/telco/")(event)
    assert (published.event_id, published.subject_type, published.subject) == ("o-1-3", "order", "o-1")
    made = jsontext.read(published.body)
    envelope().validate(made)
    validator("OrderSubmitted").validate(made["data"])
    assert made == cloud_event(event, "https://api.example/telco/api/v1/events")
    assert made["data"] == event_document(event, with_document=False)
    told = {name: value for name, value in made.items() if name != "data"}
    assert told == {
        "specversion": "1.0",
        "id": "o-1-3",
        "source": "https://api.example/telco/api/v1/events",
        "type": "OrderSubmitted",
        "subject": "order/o-1",
        "time": "2026-05-03T12:00:00.000000Z",
        "datacontenttype": "application/json",
        "partitionkey": "o-1",
    }


def test_without_a_public_address_the_source_is_the_path_of_the_feed() -> None:
    event = an_event("order", None)
    assert jsontext.read(stream_messages("")(event).body)["source"] == "/api/v1/events"


def test_an_envelope_without_an_attribute_of_cloudevents_is_none() -> None:
    made = cloud_event(an_event("order", None), "/api/v1/events")
    assert envelope().is_valid(made)
    for name in ("specversion", "id", "source", "type"):
        assert not envelope().is_valid({key: value for key, value in made.items() if key != name})
