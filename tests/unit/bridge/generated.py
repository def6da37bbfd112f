"""Bodies made from a contract's schemas: valid, deep, with extensions and names of the other version among them."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

from facade.contract.classes import ClassCatalog, plain_name

TEXTS = ["a", "7", "month", "Customer", "Individual", ""]
VALUES = [
    "a", 7, True, Decimal("0.5"), None, [], ["a", "b"], [1, Decimal("2.5")], ["a", 1], [True], {"k": "a"}, [{"k": 1}],
    [[1]],
]  # fmt: skip
SCALARS = ["a", 7, True, Decimal("0.50")]
FOREIGN = [
    "colour", "x/y", "creationDate", "orderDate", "note", "version", "agreementItem", "quoteItemId", "itemId", "intent",
]  # fmt: skip
DEPTH = 5
SCALAR_TYPES: dict[str | None, list[Any]] = {
    "string": TEXTS, "integer": [0, 1, 9], "number": [1, Decimal("0.5"), Decimal("2.0")],
    "boolean": [True, False], "object": [{"k": 1}],
}  # fmt: skip


class Bodies:
    """Makes instances of the classes of one contract, the same for the same seed."""

    def __init__(self, spec: dict[str, Any], *, typed: bool, odd: bool = True) -> None:
        """`typed`: every object shows its `@type`, as in v5. `odd`: with unknown classes and the other's names."""
        self.catalog = ClassCatalog(spec["components"]["schemas"])
        self.typed, self.odd = typed, odd

    def make(self, name: str, seed: int) -> dict[str, Any]:
        return self._object(Random(seed), name, DEPTH)

    def _object(self, random: Random, name: str, depth: int) -> dict[str, Any]:
        slot = self.catalog.slot(name)
        if slot is not None and slot.dispatches:
            name = random.choice(sorted(slot.classes.values()))
        shape = self.catalog.shape(name)
        body = {}
        for member, node in shape.properties.items():
            wanted = member in shape.required or random.random() < 0.3
            if wanted and member != "@type":
                value = "add" if member == "orderItemAction" else self._value(random, node, depth - 1)
                if value is not None or member in shape.required:
                    body[member] = value
        if "@type" in shape.properties:
            self._name_class(random, body, name)
        if random.random() < 0.15:
            body.setdefault(random.choice(FOREIGN if self.odd else FOREIGN[:2]), random.choice(SCALARS))
        return body

    def _name_class(self, random: Random, body: dict[str, Any], name: str) -> None:
        own = plain_name(name)
        sent = [None, None, own, own, *(["Extended", "Individual", "ExtendedRef"] if self.odd else [])]
        chosen = own if self.typed else random.choice(sent)
        if chosen is not None:
            body["@type"] = chosen

    def _value(self, random: Random, node: dict[str, Any], depth: int) -> Any:
        name = self.catalog.name_of(node)
        node = self.catalog.schemas[name] if name else node
        if "enum" in node:
            return random.choice(node["enum"])
        if name and (self.catalog.shape(name).properties or "anyOf" in node):
            return self._object(random, name, depth) if depth > 0 else None
        if node.get("type") == "array":
            count = random.choice([0, 1, 1, 2]) if depth > 0 else 0
            return [v for v in (self._value(random, node["items"], depth) for _ in range(count)) if v is not None]
        if node.get("format") in ("date-time", "date"):
            return "2026-05-03T08:00:00Z"
        return random.choice(SCALAR_TYPES.get(node.get("type"), VALUES))
