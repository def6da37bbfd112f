"""Payloads made from a contract: whatever its schemas allow, extensions and words of the other version among it."""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from random import Random
from typing import Any

from facade.contract.classes import ClassCatalog, plain_name
from facade.contract.pointers import pointer
from facade.tmf.patch import apply_patch

JSON_PATCH = "application/json-patch+json"

DEPTH = 6
"""Objects within objects. Below, only what is required is sent."""

TEXTS = (
    "", "a", "7", "month", "year", "Days", "Customer", "Individual", "BillingAccount", "modify", "change", "a/b~c",
    "ü", "日本", "\U0001f600", "<&\"'\\>", "two\nlines", "x" * 300,
)  # fmt: skip
TIMES = (
    "2026-05-03T08:00:00Z",
    "2026-05-03t08:00:00.5+02:00",
    "0001-01-02T00:00:00Z",
    "2024-02-29T23:59:59.123456-11:30",
)
INTEGERS = (0, 1, 2, 12, -7, 2**31, 2**53 - 1)
NUMBERS: tuple[Any, ...] = (
    0, 3, -2, Decimal("0.5"), Decimal("1.5"), Decimal("12.0"), Decimal("1E+2"), Decimal("-0.10"), Decimal("49.90"),
    Decimal("0.123456789012345678901"),
)  # fmt: skip
BY_FORMAT: Mapping[Any, tuple[str, ...]] = {
    "date-time": TIMES,
    "date": ("2026-05-03", "0001-01-01"),
    "uri": ("https://x.example/a?b=c#d", "urn:x:y"),
}


class Payloads:
    """Instances of the classes of one contract, the same for the same seed.

    `words`: names of attributes that extensions may have, beside new ones.
    """

    def __init__(self, spec: Mapping[str, Any], words: Iterable[str]) -> None:
        self._catalog = ClassCatalog(spec["components"]["schemas"])
        self._words = tuple(sorted(words))

    def of(self, name: str, seed: int) -> dict[str, Any]:
        return self._object(Random(seed), name, DEPTH)

    def _object(self, random: Random, name: str, depth: int) -> dict[str, Any]:
        slot = self._catalog.slot(name)
        kind = None
        if slot is not None and slot.dispatches:
            kind, name = random.choice(sorted(slot.classes.items()))
        shape = self._catalog.shape(name)
        body: dict[str, Any] = {}
        for member in random.sample(sorted(shape.properties), len(shape.properties)):
            if member in shape.required or (depth > 0 and random.random() < 0.3):
                body[member] = self._value(random, shape.properties[member], depth - 1)
        if "@type" in shape.properties:
            self._name_class(random, body, kind or plain_name(name), needed="@type" in shape.required)
        if depth > 0 and random.random() < 0.25:
            extension = random.choice((*self._words, self._text(random)))
            if extension not in shape.properties:
                body[extension] = self._anything(random, 3)
        return body

    @staticmethod
    def _name_class(random: Random, body: dict[str, Any], own: str, *, needed: bool) -> None:
        sent = random.choice((None, None, own, own, own.removesuffix("Ref"), "Extended", "ExtendedRef", ""))
        body.pop("@type", None)
        if needed or sent is not None:
            body["@type"] = own if needed else sent

    def _value(self, random: Random, node: Mapping[str, Any], depth: int) -> Any:
        name = self._catalog.name_of(node)
        node = self._catalog.schemas[name] if name else node
        if "enum" in node:
            return random.choice(node["enum"])
        if name and (self._catalog.shape(name).properties or "anyOf" in node):
            return self._object(random, name, depth)
        match node.get("type"):
            case "array":
                least = node.get("minItems", 0)
                count = least + random.choice((0, 0, 1, 1, 2)) if depth > 0 else least
                return [self._value(random, node["items"], depth) for _ in range(count)]
            case "string":
                known = BY_FORMAT.get(node.get("format"))
                return random.choice(known) if known else self._text(random)
            case "integer":
                return random.choice(INTEGERS[:5] if node.get("format") == "int32" else INTEGERS)
            case "number":
                return random.choice(NUMBERS)
            case "boolean":
                return random.random() < 0.5
            case "object":
                return {self._text(random): self._anything(random, 2)}
            case _:
                return self._anything(random, 3)

    def _anything(self, random: Random, depth: int) -> Any:
        kind = random.randrange(8 if depth > 0 else 5)
        if kind < 2:
            return self._text(random)
        if kind < 5:
            return random.choice((None, True, False, *INTEGERS, *NUMBERS))
        if kind == 5:
            return [self._anything(random, depth - 1) for _ in range(random.randrange(4))]
        return {
            random.choice((*self._words, self._text(random))): self._anything(random, depth - 1)
            for _ in range(random.randrange(4))
        }

    @staticmethod
    def _text(random: Random) -> str:
        if random.random() < 0.5:
            return random.choice(TEXTS)
        return "".join(random.choice(string.ascii_letters) for _ in range(random.randrange(1, 9)))


Way = tuple[str | int, ...]


def a_patch(document: dict[str, Any], other: dict[str, Any], seed: int) -> tuple[str, Any]:
    """The media type and body of a patch that can be applied to `document`; `other` has new values."""
    random = Random(seed)
    if random.random() < 0.3:
        names = random.sample(sorted({*document, *other}), 2)
        return "application/merge-patch+json", {name: other.get(name) for name in names}
    operations: list[dict[str, Any]] = []
    for _ in range(random.randrange(1, 4)):
        after = apply_patch(JSON_PATCH, document, operations)
        found = list(_ways(after))
        way = random.choice([one for one in found if len(one) > 1] or found)
        operations.append(_operation(random, after, way))
    return JSON_PATCH, operations


def _operation(random: Random, document: dict[str, Any], way: Way) -> dict[str, Any]:
    value: Any = document
    for token in way:
        value = value[token]
    path, number = pointer(way), random.random()
    if isinstance(way[-1], int) and number < 0.5:
        kind = random.choice(("remove", "move", "add", "copy"))
        to = pointer((*way[:-1], random.choice((0, way[-1]))))
        return {
            "remove": {"op": kind, "path": path},
            "move": {"op": kind, "from": path, "path": to},
            "copy": {"op": kind, "from": path, "path": to},
            "add": {"op": kind, "path": pointer((*way[:-1], "-")), "value": value},
        }[kind]
    if isinstance(value, str) and number < 0.8:
        return {"op": "replace", "path": path, "value": "changed"}
    return {"op": "remove", "path": path} if number < 0.9 else {"op": "test", "path": path, "value": value}


def _ways(value: Any, at: Way = ()) -> Iterator[Way]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for token, member in members:
        yield (*at, token)
        yield from _ways(member, (*at, token))
