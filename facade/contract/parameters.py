"""Checks query, path and header parameters against the contract, and reports all mistakes at once.

Replaces Connexion 3.3's parameter validator, which stops at the first mistake, answers a page of jsonschema's text and
copies every schema for every request.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any
from urllib.parse import parse_qs

import jsonschema_rs
from starlette.datastructures import Headers

from facade.contract.violations import Code, ContractViolation, Violation

_INTEGERS = 18  # digits: more than any limit of ours, and few enough for every integer type
_compiled: dict[int, tuple[Mapping[str, Any], jsonschema_rs.Draft7Validator]] = {}


class ContractParameterValidator:
    """What Connexion makes anew for each request."""

    def __init__(self, parameters: Sequence[Mapping[str, Any]], **_: Any) -> None:
        self._parameters = parameters

    def validate(self, scope: MutableMapping[str, Any]) -> None:
        """Raises ContractViolation; pointers are the parameters' names."""
        query = (
            parse_qs(scope["query_string"].decode("latin1"), keep_blank_values=True) if scope["query_string"] else {}
        )
        headers = Headers(scope=scope)
        found: list[Violation] = []
        for parameter in self._parameters:
            name, place = parameter["name"], parameter["in"]
            if place == "query":
                value = query.get(name, [None])[0]
            elif place == "path":
                value = scope["path_params"].get(name)
            else:
                value = headers.get(name)
            found += _mistakes(parameter, name, place, None if value is None else str(value))
        if found:
            raise ContractViolation(found)


def _mistakes(parameter: Mapping[str, Any], name: str, place: str, text: str | None) -> list[Violation]:
    pointer = f"/{name}"
    if text is None:
        missing = Violation(pointer, Code.MISSING_PROPERTY, f"The {place} parameter {name} is required.")
        return [missing] if parameter.get("required") else []
    schema = parameter["schema"]
    value: str | int = text
    if schema.get("type") == "integer":
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= _INTEGERS):
            return [Violation(pointer, Code.INVALID_FORMAT, f"The {place} parameter {name} must be a whole number.")]
        value = int(text)
    return [
        Violation(pointer, Code.INVALID_VALUE, f"The {place} parameter {name} is refused: {_reason(error, schema)}.")
        for error in _validator(schema).iter_errors(value)
    ]


def _reason(error: jsonschema_rs.ValidationError, schema: Mapping[str, Any]) -> str:
    keyword = error.kind.name
    limit = schema.get(keyword)
    return _REASONS[keyword].format(limit) if keyword in _REASONS else f"its {keyword} does not fit"


_REASONS = {
    "minimum": "it must be at least {}",
    "maximum": "it must be at most {}",
    "minLength": "it must have at least {} characters",
    "maxLength": "it must have at most {} characters",
    "enum": "it must be one of {}",
    "pattern": "it must match {}",
    "format": "it must be a {}",
}


def _validator(schema: Mapping[str, Any]) -> jsonschema_rs.Draft7Validator:
    """Compiled once: the schema is kept with it, so that its identity stays its own."""
    kept = _compiled.get(id(schema))
    if kept is None:
        plain = {key: value for key, value in schema.items() if key not in ("example", "nullable", "description")}
        kept = _compiled[id(schema)] = (schema, jsonschema_rs.Draft7Validator(plain, validate_formats=True))
    return kept[1]
