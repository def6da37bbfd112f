import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from facade.contract.cli import contract as command
from facade.contract.official import PreparationError, structure_of
from facade.contract.prepare import prepare
from facade.contract.validator import Contract

REF = "#/components/schemas/"
EXAMPLES = {"e": {"$ref": "#/components/examples/e"}}
THING = {"application/json": {"schema": {"$ref": REF + "Thing"}, "examples": EXAMPLES}}
OFFICIAL: dict[str, Any] = {
    "openapi": "3.0.1",
    "info": {"title": "Official", "description": "Long official prose", "version": "5"},
    "servers": [{"url": "https://serverRoot"}],
    "paths": {
        "/thing": {
            "post": {
                "operationId": "createThing",
                "summary": "Official words",
                "requestBody": {"$ref": "#/components/requestBodies/Thing"},
                "responses": {"201": {"$ref": "#/components/responses/201"}, "400": {"description": "Official"}},
            },
            "get": {"operationId": "listThing", "responses": {"200": {"description": "Official"}}},
        },
        "/hub": {"post": {"operationId": "createHub", "responses": {"201": {"description": "Official"}}}},
    },
    "components": {
        "schemas": {
            "Thing": {
                "description": "Official words",
                "type": "object",
                "properties": {
                    "description": {"type": "string", "description": "Official", "example": "x"},
                    "kind": {"$ref": REF + "Kind", "default": "a"},
                    "part": {"$ref": REF + "Part"},
                },
            },
            "Kind": {"type": "string", "enum": ["a", "b "], "example": "a"},
            "Part": {
                "type": "object",
                "discriminator": {"propertyName": "@type", "mapping": {"Gear": REF + "Gear", "Part": REF + "Part"}},
            },
            "Gear": {"allOf": [{"$ref": REF + "Part"}]},
            "Orphan": {"type": "object"},
        },
        "requestBodies": {"Thing": {"description": "x", "content": THING}},
        "responses": {"201": {"description": "Official", "content": THING}},
        "examples": {"e": {"value": {"description": "Official example"}}},
    },
}  # fmt: skip
ACTIONS: list[dict[str, Any]] = [
    {"target": "$.servers[0]", "update": {"url": "/things/v5"}},
    {"target": "$.info", "update": {"title": "Things"}},
    {"target": "$.paths['/hub']", "remove": True},
    {"target": "$.paths['/thing'].get", "remove": True},
    {"target": "$.paths['/thing'].post", "update": {
        "summary": "Make a thing", "description": "Ours.", "security": [{"oauth2": ["thing:create"]}],
        "requestBody": {"description": "Ours."},
        "responses": {"201": {"description": "Ours."}, "400": {"description": "Ours."}},
    }},
    {"target": "$.components.schemas.Kind.enum", "update": "b", "x-mends": "a blank too many"},
    {"target": "$.components.schemas.Thing.properties.part", "update": {"description": "The part."}},
]  # fmt: skip


def overlay(actions: list[dict[str, Any]] = ACTIONS) -> dict[str, Any]:
    return {"overlay": "1.0.0", "info": {"title": "t", "version": "1"}, "actions": actions}


def test_structure_stays_and_official_prose_goes() -> None:
    prepared = prepare(OFFICIAL, [overlay()])
    text = yaml.safe_dump(prepared)
    assert "Official" not in text
    assert prepared["components"]["schemas"]["Thing"]["properties"]["description"] == {"type": "string"}
    assert prepared["paths"]["/thing"]["post"]["operationId"] == "createThing"
    assert prepared["servers"] == [{"url": "/things/v5"}]


def test_what_is_not_served_goes_with_all_that_only_it_needed() -> None:
    prepared = prepare(OFFICIAL, [overlay()])
    assert list(prepared["paths"]) == ["/thing"]
    assert set(prepared["components"]["schemas"]) == {"Thing", "Kind", "Part", "Gear"}
    assert set(prepared["components"]) == {"schemas"}


def test_what_a_listener_serves_becomes_callbacks_of_the_registration() -> None:
    listener = {
        "operationId": "listen", "description": "Official", "tags": ["notification listener"],
        "requestBody": {"description": "Official", "content": {"application/json": {"schema": {"$ref": REF + "Gear"}}}},
        "responses": {"204": {"description": "Official"}, "default": {"description": "Official"}},
    }  # fmt: skip
    official = {**OFFICIAL, "paths": {**OFFICIAL["paths"], "/listener/thingCreateEvent": {"post": listener}}}
    structure = structure_of(official)
    assert set(structure["paths"]) == {"/thing", "/hub"}
    body = {"content": {"application/json": {"schema": {"$ref": REF + "Gear"}}}}
    assert structure["paths"]["/hub"]["post"]["callbacks"] == {
        "thingCreateEvent": {"{$request.body#/callback}": {"post": {"requestBody": body, "responses": {"204": {}}}}}
    }
    assert "/listener" not in str(prepare(official, [overlay()])), "without a hub there are no callbacks"


def test_classes_named_only_in_a_mapping_are_kept() -> None:
    assert "Gear" in prepare(OFFICIAL, [overlay()])["components"]["schemas"]


def test_what_stands_beside_a_reference_gets_its_effect() -> None:
    properties = prepare(OFFICIAL, [overlay()])["components"]["schemas"]["Thing"]["properties"]
    assert properties["kind"] == {"allOf": [{"$ref": REF + "Kind"}], "default": "a"}
    assert properties["part"] == {"allOf": [{"$ref": REF + "Part"}], "description": "The part."}


def test_mends_are_recorded_with_their_reason() -> None:
    mended = prepare(OFFICIAL, [overlay()])["x-mended"]
    assert {"target": "$.components.schemas.Kind.enum", "reason": "a blank too many", "places": 1} in mended
    assert any("default" in mend["reason"] for mend in mended)


def test_unions_whose_branches_overlap_are_open_to_more_than_one() -> None:
    official = copy.deepcopy(OFFICIAL)
    branches = [{"$ref": REF + "Part"}, {"$ref": REF + "Gear"}]
    official["components"]["schemas"]["Thing"]["properties"]["either"] = {"oneOf": branches}
    prepared = prepare(official, [overlay()])
    assert prepared["components"]["schemas"]["Thing"]["properties"]["either"] == {"anyOf": branches}
    assert any(mend["target"] == "$..oneOf" for mend in prepared["x-mended"])


def test_what_the_overlay_left_without_text_or_security_is_named() -> None:
    with pytest.raises(PreparationError) as refusal:
        prepare(OFFICIAL, [overlay(ACTIONS[:4])])
    assert "createThing has no summary or description" in str(refusal.value)
    assert "createThing has no security" in str(refusal.value)
    assert "createThing answer 400 has no description" in str(refusal.value)


def test_a_reference_that_leads_nowhere_is_named() -> None:
    broken = {"target": "$.components.schemas.Thing.properties", "update": {"x": {"$ref": REF + "Nothing"}}}
    with pytest.raises(PreparationError, match="schemas/Nothing has no target"):
        prepare(OFFICIAL, [overlay([*ACTIONS, broken])])


def test_the_official_document_is_not_changed() -> None:
    before = yaml.safe_dump(OFFICIAL)
    prepare(OFFICIAL, [overlay()])
    assert yaml.safe_dump(OFFICIAL) == before


SWAGGER: dict[str, Any] = {
    "swagger": "2.0",
    "info": {"title": "Official", "version": "4"},
    "basePath": "/things/v4/",
    "consumes": ["application/json;charset=utf-8"],
    "paths": {
        "/thing": {
            "parameters": [{"name": "trace", "in": "header", "type": "string"}],
            "post": {
                "operationId": "createThing",
                "consumes": ["application/json;charset=utf-8"],
                "parameters": [
                    {"name": "thing", "in": "body", "required": True, "schema": {"$ref": "#/definitions/Thing"}},
                    {"name": "limit", "in": "query", "type": "integer", "minimum": 0},
                ],
                "responses": {
                    201: {
                        "description": "Official",
                        "schema": {"type": "array", "items": {"$ref": "#/definitions/Thing"}},
                        "headers": {"X-Total-Count": {"type": "integer", "description": "Official"}},
                    }
                },
            },
        }
    },
    "definitions": {
        "Thing": {
            "type": "object",
            "discriminator": "kind",
            "properties": {"kind": {"type": "string", "x-nullable": True}, "discriminator": {"type": "string"}},
        }
    },
}


def test_a_swagger_2_file_becomes_openapi_3() -> None:
    document = structure_of(SWAGGER)
    operation = document["paths"]["/thing"]["post"]
    assert document["openapi"] == "3.0.1"
    assert document["servers"] == [{"url": "/things/v4"}]
    assert operation["requestBody"] == {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": REF + "Thing"}}},
    }
    assert operation["parameters"] == [
        {"name": "trace", "in": "header", "schema": {"type": "string"}},
        {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 0}},
    ]
    answer = operation["responses"]["201"]
    assert answer["headers"]["X-Total-Count"] == {"schema": {"type": "integer"}}
    assert answer["content"]["application/json"]["schema"]["items"] == {"$ref": REF + "Thing"}
    thing = document["components"]["schemas"]["Thing"]
    assert thing["discriminator"] == {"propertyName": "kind"}
    assert thing["properties"]["kind"] == {"type": "string", "nullable": True}
    assert thing["properties"]["discriminator"] == {"type": "string"}


def test_other_documents_are_refused() -> None:
    with pytest.raises(PreparationError, match="neither"):
        structure_of({"openapi": "3.1.0"})


def test_the_command_writes_the_same_bytes_each_time_and_builds_on_a_common_overlay(tmp_path: Path) -> None:
    (tmp_path / "official.yaml").write_text(yaml.safe_dump(OFFICIAL))
    (tmp_path / "common.yaml").write_text(yaml.safe_dump(overlay(ACTIONS[:2])))
    (tmp_path / "overlay.yaml").write_text(yaml.safe_dump({**overlay(ACTIONS[2:]), "x-extends": "common.yaml"}))
    outputs = [tmp_path / "one.yaml", tmp_path / "two.yaml"]
    for output in outputs:
        arguments = ["prepare", str(tmp_path / "official.yaml"), str(tmp_path / "overlay.yaml"), "-o", str(output)]
        result = CliRunner().invoke(command, arguments)
        assert result.exit_code == 0, result.output
    assert outputs[0].read_bytes() == outputs[1].read_bytes()
    prepared = yaml.safe_load(outputs[0].read_text())
    assert prepared["info"]["title"] == "Things"
    assert Contract(prepared).takes_body("createThing")


def test_the_command_explains_a_refusal(tmp_path: Path) -> None:
    (tmp_path / "official.yaml").write_text(yaml.safe_dump(OFFICIAL))
    (tmp_path / "overlay.yaml").write_text(yaml.safe_dump(overlay([])))
    arguments = ["prepare", str(tmp_path / "official.yaml"), str(tmp_path / "overlay.yaml"), "-o", str(tmp_path / "x")]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 1
    assert "createHub has no security" in result.output
    assert not (tmp_path / "x").exists()
