"""JSON that somebody else wrote."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from itertools import islice
from typing import Any

import jiter

from canonical.shared.jsontext.numbers import MINUS_ZERO, Number, decimal, integer, within_limits

MOST_FAULTS = 50
DEEPEST = 128
"""Levels of a document in which faults are looked for."""
Path = tuple[str | int, ...]


class FaultKind(Enum):
    REPEATED_NAME = "the object has the name twice"
    NUMBER = "the number is beyond the limits"


@dataclass(frozen=True, slots=True)
class Fault:
    """What would be lost, and where: the names and positions that lead there from the whole document."""

    path: Path
    kind: FaultKind


class Unreadable(ValueError):
    """The text cannot be taken for one document with one meaning."""


class NotJson(Unreadable):
    """It breaks RFC 8259, or is nested too deeply to be read."""

    def __init__(self, line: int, column: int, *, too_deep: bool = False) -> None:
        super().__init__(f"line {line}, column {column}")
        self.line = line
        self.column = column
        self.too_deep = too_deep


class Inexact(Unreadable):
    """It is JSON, and part of what it says would be lost: `faults` has the first of them, one at least."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(f"{fault.kind.value}: {fault.path}" for fault in faults[:3]))
        self.faults = faults


def read(content: bytes) -> Any:
    """The value with all its digits. Raises NotJson or Inexact."""
    try:
        value = jiter.from_json(
            content, allow_inf_nan=False, cache_mode="keys", catch_duplicate_keys=True, float_mode="decimal"
        )
    except ValueError as error:
        # Also for repeated names and long numbers, of which it says the line but not the place in the document.
        fault = _refusal(str(error))
        _read_slowly(content, fault)
        raise fault from error
    if MINUS_ZERO.search(content) or not _all_within_limits(value):
        return _read_slowly(content)
    return value


def _all_within_limits(value: Any) -> bool:
    level = [value]
    while level:
        below: list[Any] = []
        for one in level:
            kind = type(one)
            if kind is str:
                continue
            if kind is dict:
                below.extend(one.values())
            elif kind is list:
                below.extend(one)
            elif (kind is int or kind is Decimal) and not within_limits(one):
                return False
        level = below
    return True


_PLACE = re.compile(r" at line ([0-9]+) column ([0-9]+)$")
_TOO_DEEP = "recursion limit exceeded"  # in jiter's words


def _refusal(message: str) -> NotJson:
    place = _PLACE.search(message)
    line, column = (int(place[1]), int(place[2])) if place else (1, 1)
    return NotJson(line, max(column, 1), too_deep=message.startswith(_TOO_DEEP))


class _TooLong:
    """Stands for a number beyond the limits."""


class _Repeating:
    """Stands for an object that has a name twice."""

    def __init__(self, members: list[tuple[str, Any]]) -> None:
        self.members = members


_FAULTY = (dict, list, _Repeating, _TooLong)


def _object(members: list[tuple[str, Any]]) -> Any:
    made = dict(members)
    return made if len(made) == len(members) else _Repeating(members)


def _integer(digits: str) -> Number | _TooLong:
    number = integer(digits)
    return _TooLong() if number is None else number


def _decimal(written: str) -> Decimal | _TooLong:
    number = decimal(written)
    return _TooLong() if number is None else number


def _not_json(constant: str) -> Any:
    raise NotJson(1, 1)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_decimal, parse_constant=_not_json
)


def _read_slowly(content: bytes, otherwise: NotJson | None = None) -> Any:
    """The same by the standard library, three times as slow, which lets us see every name and number as it is written.

    Raises Inexact with the places of what would be lost.
    """
    try:
        value = _DECODER.decode(content.decode())
    except json.JSONDecodeError as error:
        raise otherwise or NotJson(error.lineno, error.colno) from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise otherwise or NotJson(1, 1) from error
    faults = tuple(islice(_faults(value), MOST_FAULTS))
    if faults:
        raise Inexact(faults)
    return value


def _faults(value: Any) -> Iterator[Fault]:
    """In the order in which they stand in the document. Raises NotJson where it is too deep.

    Walks with one path that grows and shrinks: a path for each value would fill the memory.
    """
    path: list[str | int] = []
    yield from _own_faults(value, path)
    open_: list[Iterator[tuple[str | int, Any]]] = [_below(value)]
    while open_:
        found = next(open_[-1], None)
        if found is None:
            open_.pop()
            if path:
                path.pop()
            continue
        name, one = found
        path.append(name)
        if len(path) > DEEPEST:
            raise NotJson(1, 1, too_deep=True)
        yield from _own_faults(one, path)
        open_.append(_below(one))


def _own_faults(value: Any, path: list[str | int]) -> Iterator[Fault]:
    if isinstance(value, _TooLong):
        yield Fault(tuple(path), FaultKind.NUMBER)
    elif isinstance(value, _Repeating):
        for name in _repeated(value.members):
            yield Fault((*path, name), FaultKind.REPEATED_NAME)


def _below(value: Any) -> Iterator[tuple[str | int, Any]]:
    """What may have faults inside a value, each with its name or position."""
    members: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, _Repeating):
        members = value.members
    elif isinstance(value, dict):
        members = value.items()
    elif isinstance(value, list):
        members = enumerate(value)
    return (member for member in members if isinstance(member[1], _FAULTY))


def _repeated(members: list[tuple[str, Any]]) -> list[str]:
    seen: set[str] = set()
    again: dict[str, None] = {}
    for name, _ in members:
        if name in seen:
            again[name] = None
        seen.add(name)
    return list(again)
