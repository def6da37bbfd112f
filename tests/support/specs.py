"""Schemas of our contracts as the reference validator (jsonschema) understands them."""

from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from facade.contract.validator import JSON, Contract
from facade.contract.violations import Violation

SPECS = Path(__file__).parents[2] / "specs"


@cache
def validator(spec: str, schema: str) -> jsonschema.Draft7Validator:
    """Checks against a component of an OpenAPI 3.0 contract, formats included."""
    components = yaml.load((SPECS / spec).read_text(), Loader=yaml.CSafeLoader)["components"]
    document = {"$ref": f"#/components/schemas/{schema}", "components": _as_json_schema(components)}
    checker = jsonschema.Draft7Validator.FORMAT_CHECKER
    return jsonschema.Draft7Validator(document, format_checker=checker)


def problems(spec: str, schema: str, document: Any) -> list[str]:
    """What is wrong with a document; nothing when it fits."""
    return [f"{error.json_path}: {error.message}" for error in validator(spec, schema).iter_errors(document)]


def mistakes(contract: Contract, operation: str, body: Any, media_type: str = JSON) -> list[Violation]:
    """What the product finds wrong with a request body, leniency granted."""
    return list(contract.check_request(operation, body, media_type).violations)


def _as_json_schema(node: Any) -> Any:
    """OpenAPI 3.0's `nullable` in JSON Schema's words."""
    if isinstance(node, list):
        return [_as_json_schema(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    converted = {name: _as_json_schema(value) for name, value in node.items() if name != "nullable"}
    if node.get("nullable") is not True:
        return converted
    return {"anyOf": [converted, {"type": "null"}]}
