"""Equality of JSON values, and what differs between two documents."""

from collections.abc import Mapping
from typing import Any


def json_equal(one: Any, other: Any) -> bool:
    """Equal as RFC 6902, section 4.6 has it: 1 equals 1.0, true does not equal 1, and members have no order."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(json_equal(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(json_equal, one, other))
    return bool(one == other)


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The top-level names whose values differ: those of `before` in its order, then those that only `after` has."""
    kept = [name for name in before if name not in after or not json_equal(before[name], after[name])]
    return kept + [name for name in after if name not in before]
