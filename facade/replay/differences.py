"""What differs between two outcomes, and the same difference of many payloads told once."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from canonical.shared import jsontext
from facade.contract.pointers import escaped

MISSING = "nothing"
LONGEST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Difference:
    """At `pointer` into the outcome; `before` and `after` are JSON texts, or "nothing"."""

    pointer: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Group:
    """The differences of one operation at places that differ in the numbers of list entries only."""

    operation: str
    place: str
    payloads: int
    first: str
    example: Difference


def differences(before: Any, after: Any) -> Iterator[Difference]:
    """Where two JSON values differ. Numbers are compared by value."""
    if jsontext.by_value(before) != jsontext.by_value(after):
        yield from _walked(before, after, "")


def grouped(found: Iterable[tuple[str, str, Iterable[Difference]]]) -> list[Group]:
    """`found` names operation and payload. In the order of their first payloads."""
    groups: dict[tuple[str, str], tuple[set[str], str, Difference]] = {}
    for operation, name, ones in found:
        for one in ones:
            place = re.sub(r"/\d+(?=/|$)", "/*", one.pointer)
            payloads, _, _ = groups.setdefault((operation, place), (set(), name, one))
            payloads.add(name)
    return [Group(*key, len(payloads), first, example) for key, (payloads, first, example) in groups.items()]


def _walked(before: Any, after: Any, pointer: str) -> Iterator[Difference]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in before | after:
            yield from _below(before, after, name, f"{pointer}/{escaped(name)}")
    elif isinstance(before, list) and isinstance(after, list):
        sides = dict(enumerate(before)), dict(enumerate(after))
        for index in sides[0] | sides[1]:
            yield from _below(*sides, index, f"{pointer}/{index}")
    elif jsontext.by_value(before) != jsontext.by_value(after):
        yield Difference(pointer, _shown(before), _shown(after))


def _below(before: Mapping[Any, Any], after: Mapping[Any, Any], key: Any, pointer: str) -> Iterator[Difference]:
    if key in before and key in after:
        yield from _walked(before[key], after[key], pointer)
    else:
        shown = [_shown(side[key]) if key in side else MISSING for side in (before, after)]
        yield Difference(pointer, *shown)


def _shown(value: Any) -> str:
    text = jsontext.text(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
