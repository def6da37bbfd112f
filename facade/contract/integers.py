"""Which members are integers, to tell quickly whether a body writes one of them as 1.0.

Prices are full of whole floats that nobody has to read as integers: only a float under one of these names makes the
slow way necessary.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


class IntegerNames:
    """The names under which any schema of a contract declares an integer or a list of them."""

    def __init__(self, schemas: Mapping[str, Any]) -> None:
        self._schemas = schemas
        self._names = frozenset(name for schema in schemas.values() for name in self._declared(schema))

    def written_as_float(self, document: Any) -> bool:
        """Whether any float stands where some schema may want an integer. `document` is bounded already."""
        waiting = [document]
        while waiting:
            value = waiting.pop()
            if type(value) is dict:
                for name in self._names & value.keys():
                    found = value[name]
                    if type(found) is float or (type(found) is list and float in map(type, found)):
                        return True
                waiting.extend(value.values())
            elif type(value) is list:
                waiting.extend(value)
        return False

    def _declared(self, schema: Any) -> Iterator[str]:
        if not isinstance(schema, dict):
            return
        for name, member in schema.get("properties", {}).items():
            if self._is_integer(member) or self._is_integer(member.get("items", {})):
                yield name
            yield from self._declared(member)
        for part in (*schema.get("allOf", ()), *schema.get("oneOf", ()), *schema.get("anyOf", ())):
            yield from self._declared(part)

    def _is_integer(self, schema: Mapping[str, Any]) -> bool:
        named = self._schemas.get(schema.get("$ref", "").rpartition("/")[2], schema)
        return bool(named.get("type") == "integer")
