"""JSON written with every digit."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import orjson

from canonical.shared.notation import scientific

_LEAST, _MOST = -(2**63), 2**64 - 1
"""The integers that orjson writes."""

Default = Callable[[Any], Any]


def write(value: Any, default: Default | None = None) -> bytes:
    """JSON in UTF-8, with a `Decimal` as a number.

    `default` makes something else of what JSON has no word for; without it that raises TypeError.
    """
    return _written(value, lambda one: _number(one, default))


def text(value: Any) -> str:
    """The same as a string."""
    return write(value).decode()


def by_value(value: Any) -> bytes:
    """The same text for all values that are equal as JSON: members are sorted, and a number is written in one way.

    Integers of 64 bits are written as they are. Other numbers have an exponent after a capital E, which orjson writes
    in no number of its own.
    """
    return _written(value, _one_way, orjson.OPT_SORT_KEYS)


def _written(value: Any, default: Default, option: int = 0) -> bytes:
    try:
        return orjson.dumps(value, default, option)
    except TypeError:
        # orjson asks `default` about every type that it does not know, but not about integers that are too long for it.
        return orjson.dumps(_with_decimals(value), default, option)


def _with_decimals(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_decimals(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_with_decimals(entry) for entry in value]
    return Decimal(value) if isinstance(value, int) and not _LEAST <= value <= _MOST else value


def _number(value: Any, default: Default | None) -> Any:
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(str(value))
    if default is None:
        raise TypeError(f"JSON has no {type(value).__name__}")
    return default(value)


def _one_way(value: Any) -> int | orjson.Fragment:
    if not isinstance(value, Decimal) or not value.is_finite():
        raise TypeError(f"JSON has no {type(value).__name__}")
    if _LEAST <= value <= _MOST and value == value.to_integral_value():
        return int(value)
    return orjson.Fragment(scientific(value))
