from pathlib import Path
from typing import Any

import pytest
import yaml

from facade.contract.overlay import OverlayError
from facade.contract.prepare import prepare, prepare_file

OFFICIAL: dict[str, Any] = {
    "openapi": "3.0.1",
    "paths": {
        "/thing": {
            "get": {
                "operationId": "listThing",
                "summary": "s",
                "responses": {
                    "200": {
                        "description": "d",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing_FVO"}}},
                    }
                },
            }
        }
    },
    "components": {"schemas": {"Thing_FVO": {"allOf": [{"properties": {"id": {}, "name": {}, "kind": {}}}]}}},
}
TOLD = {
    "overlay": "1.0.0",
    "actions": [
        {
            "target": "$.paths['/thing'].get",
            "update": {
                "summary": "s",
                "description": "d",
                "security": [],
                "responses": {"200": {"description": "d"}},
            },
        }
    ],
}


def test_a_text_of_the_class_comes_before_one_of_the_attribute() -> None:
    texts = {"Thing": "A thing.", "Thing.name": "What it is called.", "name": "A name.", "id": "An id."}
    prepared = prepare(OFFICIAL, [{**TOLD, "x-texts": texts}])
    thing = prepared["components"]["schemas"]["Thing_FVO"]
    properties = thing["allOf"][0]["properties"]
    assert thing["description"] == "A thing."
    assert {name: node.get("description") for name, node in properties.items()} == {
        "id": "An id.",
        "name": "What it is called.",
        "kind": None,
    }


def test_a_text_for_what_is_not_there_is_an_error_in_the_last_overlay_only() -> None:
    foundation = {"overlay": "1.0.0", "x-texts": {"colour": "Its colour."}}
    prepare(OFFICIAL, [foundation, {**TOLD, "x-texts": {"id": "An id."}}])
    with pytest.raises(OverlayError, match="colour"):
        prepare(OFFICIAL, [{**TOLD, **foundation}])


def test_an_overlay_builds_on_several(tmp_path: Path) -> None:
    (tmp_path / "official.yaml").write_text(yaml.safe_dump(OFFICIAL))
    for name, text in (("first", "First."), ("second", "Second.")):
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump({"overlay": "1.0.0", "x-texts": {"id": text, name: "x"}}))
    overlay = {**TOLD, "x-extends": ["first.yaml", "second.yaml"]}
    (tmp_path / "overlay.yaml").write_text(yaml.safe_dump(overlay))
    assert "description: Second." in prepare_file(tmp_path / "official.yaml", tmp_path / "overlay.yaml")
