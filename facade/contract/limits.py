"""Limits of every document, checked before any recursive walk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from facade.contract.pointers import Token, dotted, pointer, shortened
from facade.contract.violations import Code, Violation


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one document; the defaults are some ten times the size of the largest published example."""

    depth: int = 64
    nodes: int = 50_000
    violations: int = 50


@dataclass(frozen=True, slots=True)
class Survey:
    """The result of one cheap pass over a document.

    `has_whole_decimals`: it has a number such as 1.0 or 1e1, which may have to be read as an integer. `has_nulls`: one
    may have to be left out. `unstorable`: `first_unstorable` finds something in it.
    """

    refusal: Violation | None = None
    has_whole_decimals: bool = False
    has_nulls: bool = False
    unstorable: bool = False
    values: int = 0


def too_many_values(content: bytes, limits: Limits) -> Violation | None:
    """Finds what `survey` would refuse before the text is parsed, because nothing else runs while a parser creates half
    a million lists.

    Counts the characters outside texts, where each comma and each bracket belongs to a value of its own.
    """
    if max(content.count(b","), content.count(b"[") + content.count(b"{")) < limits.nodes:
        return None
    unescaped = content.replace(b"\\\\", b"").replace(b'\\"', b"")
    bare = b"".join(unescaped.split(b'"')[::2])
    values = max(bare.count(b",") + 1, bare.count(b"[") + bare.count(b"{"))
    return _too_many(limits) if values > limits.nodes else None


def _too_many(limits: Limits) -> Violation:
    return Violation("", Code.TOO_MANY_RECORDS, f"The body has more than {limits.nodes} values.")


def too_deep(limits: Limits) -> Violation:
    """For a document that has more levels than it may have."""
    return Violation("", Code.OTHER_ISSUE, f"The body is nested deeper than {limits.depth} levels.")


def survey(document: Any, limits: Limits) -> Survey:
    """Measure a parsed document, level by level and without recursion.

    Refuses what is too deep or too large, and sees the NUL character, which PostgreSQL does not store. Costs about
    40 ns for each value.
    """
    level: list[Any] = [document]
    depth = nodes = 0
    whole_decimals = nulls = unstorable = False
    while level:
        depth += 1
        nodes += len(level)
        if depth > limits.depth:
            return Survey(too_deep(limits))
        if nodes > limits.nodes:
            return Survey(_too_many(limits))
        below: list[Any] = []
        for value in level:
            kind = type(value)
            if kind is str:
                unstorable = unstorable or "\0" in value
            elif kind is dict:
                unstorable = unstorable or "\0" in "".join(value)
                below.extend(value.values())
            elif kind is list:
                below.extend(value)
            elif kind is Decimal:
                whole_decimals = whole_decimals or value == value.to_integral_value()
            elif value is None:
                nulls = True
        level = below
    return Survey(None, whole_decimals, nulls, unstorable, nodes)


def first_unstorable(document: Any) -> Violation:
    """The position of the first NUL in an unstorable document. Walks the document up to there."""
    for path, value in _walk(document, ()):
        if isinstance(value, str) and "\0" in value:
            return Violation(pointer(path), Code.INVALID_VALUE, f"{dotted(path)} must not contain the NUL character.")
        if isinstance(value, dict):
            for name in value:
                if "\0" in name:
                    message = f"{dotted(path)} has a member whose name contains the NUL character."
                    return Violation(pointer((*path, shortened(name))), Code.UNEXPECTED_PROPERTY, message)
    raise ValueError("every value of the document can be stored")


def _walk(value: Any, path: tuple[Token, ...]) -> Iterator[tuple[tuple[Token, ...], Any]]:
    """Every value with its path. Recursive: only for documents whose depth is already known to be bounded."""
    yield path, value
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _walk(member, (*path, name))
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _walk(entry, (*path, index))
