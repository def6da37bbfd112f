"""Which members are integers, to tell quickly whether a body writes one of them as 1.0.

Prices are full of numbers such as 20.00 that nobody has to read as integers; only one of them under one of these names
makes the slow way necessary.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from facade.contract.classes import plain_name


class IntegerNames:
    """The names under which the schemas of a contract declare integers or lists of them.

    A name that is an integer in one class and a number in another (`value`) counts in objects that name their class.
    """

    def __init__(self, schemas: Mapping[str, Any]) -> None:
        self._schemas = schemas
        by_class = {name: frozenset(self._declared(schema, "integer")) for name, schema in schemas.items()}
        numbers = {name for schema in schemas.values() for name in self._declared(schema, "number")}
        self._anywhere = frozenset(name for names in by_class.values() for name in names) - numbers
        self._in_class = {plain_name(name): names - self._anywhere for name, names in by_class.items() if names}

    def written_as_decimal(self, document: Any) -> bool:
        """Whether a `Decimal` stands where a schema wants an integer. `document` is bounded already."""
        waiting = [document]
        while waiting:
            value = waiting.pop()
            if type(value) is dict:
                own = self._in_class.get(str(value.get("@type")), frozenset())
                for name in (self._anywhere | own) & value.keys() if own else self._anywhere & value.keys():
                    found = value[name]
                    if type(found) is Decimal or (type(found) is list and Decimal in map(type, found)):
                        return True
                waiting.extend(value.values())
            elif type(value) is list:
                waiting.extend(value)
        return False

    def _declared(self, schema: Any, kind: str) -> Iterator[str]:
        if not isinstance(schema, dict):
            return
        for name, member in schema.get("properties", {}).items():
            if self._is(member, kind) or self._is(member.get("items", {}), kind):
                yield name
            yield from self._declared(member, kind)
        for part in (*schema.get("allOf", ()), *schema.get("oneOf", ()), *schema.get("anyOf", ())):
            yield from self._declared(part, kind)

    def _is(self, schema: Mapping[str, Any], kind: str) -> bool:
        named = self._schemas.get(schema.get("$ref", "").rpartition("/")[2], schema)
        return bool(named.get("type") == kind)
