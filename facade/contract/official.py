"""Reduces an official TM Forum file to its structure, in one form for all generations.

Names, types, required members, enumerations and addresses stay. Prose and examples are removed.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from facade.contract.swagger import METHODS, to_openapi3

_PROSE = {"description", "summary", "title", "example", "examples", "externalDocs", "termsOfService", "contact"}
_NAMING = {
    "callbacks", "content", "headers", "mapping", "parameters", "paths", "patternProperties", "properties",
    "requestBodies", "responses", "schemas", "scopes", "securitySchemes",
}  # fmt: skip
_VERBATIM = {"enum", "default", "required"}
_REFERENCED = ("headers", "parameters", "requestBodies", "responses", "schemas")
_LISTENER = "/listener/"


class PreparationError(ValueError):
    """The official file or its overlay cannot give a usable contract; the message lists what is missing."""


def structure_of(official: Mapping[str, Any]) -> dict[str, Any]:
    """The structure of an OpenAPI 3.0 or Swagger 2.0 file, as OpenAPI 3.0.

    References to shared parameters, bodies and answers are replaced by their targets, so that one overlay fits files
    that share them (v5) and files that repeat them (v4). Every operation has a `parameters` list. The listener's
    operations become callbacks of the registration.
    """
    if str(official.get("swagger", "")).startswith("2"):
        document = to_openapi3(official)
    elif str(official.get("openapi", "")).startswith("3.0"):
        document = copy.deepcopy(dict(official))
    else:
        raise PreparationError("neither OpenAPI 3.0 nor Swagger 2.0")
    document.get("components", {}).pop("examples", None)
    document = {key: _without_prose(value, naming=key in _NAMING) for key, value in document.items()}
    for _, _, operation in operations(document):
        operation["parameters"] = [_inlined(p, document) for p in operation.get("parameters", [])]
        if "requestBody" in operation:
            operation["requestBody"] = _inlined(operation["requestBody"], document)
        answers = operation["responses"]
        operation["responses"] = {str(status): _inlined(r, document) for status, r in answers.items()}
    _listeners_as_callbacks(document["paths"])
    components = document.setdefault("components", {})
    document["components"] = {name: components[name] for name in ("schemas", "headers") if name in components}
    return document


def _listeners_as_callbacks(paths: dict[str, Any]) -> None:
    """The official files list the listener's operations beside ours; OpenAPI 3.0 has callbacks for them.

    So the events and their schemas stay, and are not taken for operations of ours.
    """
    served = {
        path.removeprefix(_LISTENER): paths.pop(path)["post"] for path in list(paths) if path.startswith(_LISTENER)
    }
    if not served or "/hub" not in paths:
        return
    paths["/hub"]["post"]["callbacks"] = {
        name: {
            "{$request.body#/callback}": {
                "post": {
                    "requestBody": operation["requestBody"],
                    "responses": {status: {} for status in operation["responses"] if status.startswith("2")},
                }
            }
        }
        for name, operation in served.items()
    }


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every operation as (path, method, operation)."""
    for path, item in document.get("paths", {}).items():
        for method in METHODS:
            if isinstance(item.get(method), dict):
                yield path, method, item[method]


def finished(document: dict[str, Any]) -> dict[str, Any]:
    """The contract after the overlays: no empty paths, no siblings of `$ref`, nothing unreferenced.

    OpenAPI 3.0 ignores the siblings of a `$ref`, and TM Forum puts defaults there; such a reference is wrapped in
    `allOf`, where its siblings count. Raises PreparationError for a reference without a target.
    """
    document["paths"] = {path: item for path, item in document["paths"].items() if item}
    wrapped = {key: _wrapped_references(value) for key, value in document.items()}
    _prune(wrapped)
    return wrapped


def reference_target(document: Mapping[str, Any], reference: str) -> Any:
    """The target of a local `$ref`. Raises PreparationError if there is none."""
    node: Any = document
    for written in reference.removeprefix("#/").split("/"):
        part = written.replace("~1", "/").replace("~0", "~")
        if not isinstance(node, Mapping) or part not in node:
            raise PreparationError(f"{reference} has no target")
        node = node[part]
    return node


def _without_prose(node: Any, naming: bool = False) -> Any:
    if isinstance(node, list):
        return [_without_prose(entry) for entry in node]
    if not isinstance(node, Mapping):
        return node
    result = {}
    for key, value in node.items():
        if not naming and key in _PROSE:
            continue
        verbatim = not naming and key in _VERBATIM
        result[key] = value if verbatim else _without_prose(value, naming=not naming and key in _NAMING)
    return result


def _inlined(node: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        node = reference_target(document, str(node["$ref"]))
    return copy.deepcopy(dict(node))


def _wrapped_references(node: Any, naming: bool = False) -> Any:
    if isinstance(node, list):
        return [_wrapped_references(entry) for entry in node]
    if not isinstance(node, Mapping):
        return node
    if not naming and isinstance(node.get("$ref"), str) and len(node) > 1:
        siblings = {key: value for key, value in node.items() if key != "$ref"}
        return {"allOf": [{"$ref": node["$ref"]}], **siblings}
    return {key: _wrapped_references(value, naming=not naming and key in _NAMING) for key, value in node.items()}


def _prune(document: dict[str, Any]) -> None:
    """Keep the components that the served operations refer to, also through a discriminator's mapping."""
    used: set[str] = set()
    waiting = [document["paths"]]
    while waiting:
        for reference in set(_references(waiting.pop())) - used:
            used.add(reference)
            waiting.append(reference_target(document, reference))
    components = document["components"]
    for section in _REFERENCED:
        kept = {n: v for n, v in components.get(section, {}).items() if f"#/components/{section}/{n}" in used}
        if kept:
            components[section] = kept
        else:
            components.pop(section, None)


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for entry in node:
            yield from _references(entry)
    elif isinstance(node, Mapping):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        discriminator = node.get("discriminator")
        if isinstance(discriminator, Mapping):
            for target in discriminator.get("mapping", {}).values():
                yield target if target.startswith("#/") else f"#/components/schemas/{target}"
        for key, value in node.items():
            if key != "discriminator" or not isinstance(value, Mapping) or "propertyName" not in value:
                yield from _references(value)
