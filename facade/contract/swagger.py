"""Swagger 2.0 → OpenAPI 3.0, as far as TM Forum's v4 files need it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_OUTSIDE_SCHEMA = {"name", "in", "description", "required", "collectionFormat", "allowEmptyValue"}
_JSON = "application/json"


def to_openapi3(document: Mapping[str, Any]) -> dict[str, Any]:
    """The same API in OpenAPI 3.0.1.

    Media types are not carried over: TM Forum's `application/json;charset=utf-8` is matched by no client, so
    every body and answer becomes `application/json` and an overlay adds the others.
    """
    return {
        "openapi": "3.0.1",
        "info": dict(document.get("info", {})),
        "servers": [{"url": str(document.get("basePath", "/")).rstrip("/") or "/"}],
        "tags": _converted(document.get("tags", [])),
        "paths": {path: _path_item(item, document) for path, item in document.get("paths", {}).items()},
        "components": {"schemas": _converted(document.get("definitions", {}), naming=True)},
    }


def _path_item(item: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    shared = item.get("parameters", [])
    return {m: _operation(op, shared, document) for m, op in item.items() if m in METHODS}


def _operation(operation: Mapping[str, Any], shared: list[Any], document: Mapping[str, Any]) -> dict[str, Any]:
    parameters = [_resolved(p, document) for p in [*shared, *operation.get("parameters", [])]]
    result = {k: v for k, v in operation.items() if k not in {"parameters", "consumes", "produces", "responses"}}
    result["parameters"] = [_parameter(p) for p in parameters if p["in"] in {"path", "query", "header"}]
    for body in (p for p in parameters if p["in"] == "body"):
        result["requestBody"] = {
            "required": bool(body.get("required", False)),
            "content": {_JSON: {"schema": _converted(body.get("schema", {}))}},
        }
    result["responses"] = {
        str(status): _response(_resolved(r, document)) for status, r in operation.get("responses", {}).items()
    }
    return result


def _resolved(node: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in node:
        target: Any = document
        for part in str(node["$ref"]).removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def _parameter(parameter: Mapping[str, Any]) -> dict[str, Any]:
    result = {k: parameter[k] for k in ("name", "in", "description", "required") if k in parameter}
    result["schema"] = _converted({k: v for k, v in parameter.items() if k not in _OUTSIDE_SCHEMA})
    return result


def _response(response: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {"description": response.get("description", "")}
    if "headers" in response:
        result["headers"] = {
            name: {"schema": {k: v for k, v in header.items() if k != "description"}}
            for name, header in response["headers"].items()
        }
    if "schema" in response:
        result["content"] = {_JSON: {"schema": _converted(response["schema"])}}
    return result


def _converted(node: Any, naming: bool = False) -> Any:
    """A schema in OpenAPI 3 words. `naming` marks a mapping whose keys are names and not keywords."""
    if isinstance(node, list):
        return [_converted(entry) for entry in node]
    if not isinstance(node, Mapping):
        return node
    result: dict[str, Any] = {}
    for key, value in node.items():
        if naming:
            result[key] = _converted(value)
        elif key == "$ref" and isinstance(value, str):
            result[key] = value.replace("#/definitions/", "#/components/schemas/")
        elif key == "discriminator" and isinstance(value, str):
            result[key] = {"propertyName": value}
        elif key == "x-nullable":
            result["nullable"] = value
        else:
            result[key] = _converted(value, naming=key == "properties")
    return result
