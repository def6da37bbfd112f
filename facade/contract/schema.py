"""OpenAPI 3.0 schemas → JSON Schema draft 7 that dispatches on the discriminator.

The conversions:
- a discriminated class or union: a chain of if/then/else on `@type`, following the rules of `classes`;
- `oneOf` without a discriminator: `anyOf`. TM Forum's branches overlap, and "exactly one" refuses good documents;
- `nullable`: also null;
- `readOnly` in a request, `writeOnly` in an answer: forbidden there, and not required;
- integers: limited to the range that every JSON parser keeps exactly (RFC 7493), or to 32 bits when declared so;
- `date-time`, `date`: strict RFC 3339, without the year 0000 and leap seconds, which Python cannot represent.

Compiled from the contract with its references, never from what Connexion resolved: Connexion 3.3 replaces
references by what they point to, and recursive schemas come out as cyclic dictionaries that no compiler takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from facade.contract.classes import REFERENCE_MEMBERS, ClassCatalog, Slot, schema_name
from facade.contract.pointers import escaped

_ASSERTIONS = {
    "type", "enum", "const", "required", "minimum", "maximum", "multipleOf", "minLength", "maxLength", "pattern",
    "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties",
}  # fmt: skip
CHECKED_FORMATS = {"date-time", "date", "uri", "email", "uuid"}
_YEAR = "(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
FORMAT_PATTERNS = {
    f"^{_YEAR}-": "date",
    f"^{_YEAR}-[0-9]{{2}}-[0-9]{{2}}[Tt][0-9]{{2}}:[0-9]{{2}}:[0-5]": "date-time",
}
_PATTERN_OF = {name: pattern for pattern, name in FORMAT_PATTERNS.items()}
EXACT_INTEGER = 2**53 - 1
_INTEGER_BOUNDS = {"int32": (-(2**31), 2**31 - 1), None: (-EXACT_INTEGER, EXACT_INTEGER)}
_OWN = ":own"  # suffix of the definition that holds a class's own constraints, without dispatch


class Side(Enum):
    """Who wrote the document."""

    REQUEST = "readOnly"
    RESPONSE = "writeOnly"


class SchemaConverter:
    """Converts schemas of one contract for one side of the exchange."""

    def __init__(self, catalog: ClassCatalog, side: Side) -> None:
        self._catalog = catalog
        self._side = side
        self._definitions: dict[str, Any] = {}

    def document(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """A self-contained draft 7 schema that says what `schema` says."""
        root = self._convert(schema)
        needed: dict[str, Any] = {}
        waiting = [root]
        while waiting:
            for name in _references(waiting.pop()):
                if name not in needed:
                    needed[name] = self._definition(name)
                    waiting.append(needed[name])
        return {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "allOf": [root],
            "definitions": dict(sorted(needed.items())),
        }

    def _definition(self, key: str) -> Any:
        if key not in self._definitions:
            name = key.removesuffix(_OWN)
            schema = self._catalog.schemas[name]
            slot = self._catalog.slot(name)
            if slot is None or key.endswith(_OWN):
                self._definitions[key] = self._convert(schema, inherits=True)
            else:
                self._definitions[key] = self._dispatch(slot, schema)
        return self._definitions[key]

    def _reference(self, name: str, own: bool = False) -> dict[str, Any]:
        slot = self._catalog.slot(name)
        if slot is not None and (not slot.dispatches or (own and not slot.is_union)):
            name += _OWN
        return {"$ref": f"#/definitions/{escaped(name)}"}

    def _dispatch(self, slot: Slot, schema: Mapping[str, Any]) -> dict[str, Any]:
        verdict = self._unknown_class(slot)
        for member in ("@baseType", slot.property_name):
            for key, name in reversed(list(slot.classes.items())):
                if slot.is_union or member == slot.property_name or name != slot.value_fallback:
                    condition = {"properties": {member: {"const": key}}, "required": [member]}
                    verdict = {"if": condition, "then": self._reference(name, own=True), "else": verdict}
        if not slot.is_union:
            return verdict
        return self._nullable({"type": "object", "required": [slot.property_name], **verdict}, schema)

    def _unknown_class(self, slot: Slot) -> dict[str, Any]:
        value = self._own(slot.value_fallback)
        if not slot.references or slot.value_fallback == slot.reference_fallback:
            return value
        named = {"properties": {slot.property_name: {"type": "string", "pattern": "Ref$"}}}
        shaped = {"propertyNames": {"enum": sorted(REFERENCE_MEMBERS)}, "required": ["id"]}
        return {
            "if": {"anyOf": [{**named, "required": [slot.property_name]}, shaped]},
            "then": self._own(slot.reference_fallback),
            "else": value,
        }

    def _own(self, name: str | None) -> dict[str, Any]:
        return self._reference(name, own=True) if name else {}

    def _convert(self, node: Any, inherits: bool = False) -> Any:
        """`inherits`: the node is a named class, and references in its `allOf` are its parents."""
        if not isinstance(node, Mapping):
            return node
        if isinstance(node.get("$ref"), str):
            return self._reference(schema_name(node["$ref"]), own=inherits)
        slot = None if inherits else self._catalog.slot_of(node)
        if slot is not None:
            return self._dispatch(slot, node)
        result = {key: value for key, value in node.items() if key in _ASSERTIONS}
        if "allOf" in node:
            result["allOf"] = [self._convert(part, inherits) for part in node["allOf"]]
        for key in ("oneOf", "anyOf"):
            if key in node:
                branches = {"anyOf": [self._convert(part) for part in node[key]]}
                result["allOf"] = [*result.get("allOf", ()), branches]
        for key in ("items", "not", "additionalProperties"):
            if key in node:
                result[key] = self._convert(node[key])
        if "properties" in node:
            self._members(node, result)
        _bounds(node, result)
        _format(node, result)
        return self._nullable(result, node)

    def _members(self, node: Mapping[str, Any], result: dict[str, Any]) -> None:
        hidden = {
            name
            for name, schema in node["properties"].items()
            if isinstance(schema, Mapping) and schema.get(self._side.value) is True
        }
        result["properties"] = {
            name: False if name in hidden else self._convert(schema) for name, schema in node["properties"].items()
        }
        if hidden and "required" in result:
            result["required"] = [name for name in result["required"] if name not in hidden]

    @staticmethod
    def _nullable(result: dict[str, Any], node: Mapping[str, Any]) -> dict[str, Any]:
        if node.get("nullable") is not True:
            return result
        return {"if": {"type": "null"}, "then": True, "else": result}


def _bounds(node: Mapping[str, Any], result: dict[str, Any]) -> None:
    for side in ("Minimum", "Maximum"):  # draft 4 booleans, as in OpenAPI 3.0 → draft 7 numbers
        limit = node.get(side.lower())
        if node.get(f"exclusive{side}") is True and limit is not None:
            result[f"exclusive{side}"] = result.pop(side.lower())
    if node.get("type") == "integer" and "enum" not in node:
        low, high = _INTEGER_BOUNDS.get(node.get("format"), _INTEGER_BOUNDS[None])
        if "exclusiveMinimum" not in result:
            result.setdefault("minimum", low)
        if "exclusiveMaximum" not in result:
            result.setdefault("maximum", high)


def _format(node: Mapping[str, Any], result: dict[str, Any]) -> None:
    name = node.get("format")
    if name not in CHECKED_FORMATS:
        return
    result["format"] = name
    if name in _PATTERN_OF:
        result["allOf"] = [*result.get("allOf", ()), {"pattern": _PATTERN_OF[name]}]


def _references(node: Any) -> set[str]:
    if isinstance(node, list):
        return set().union(*map(_references, node)) if node else set()
    if not isinstance(node, Mapping):
        return set()
    if isinstance(node.get("$ref"), str):
        return {schema_name(node["$ref"])}
    return set().union(*(_references(value) for value in node.values())) if node else set()
