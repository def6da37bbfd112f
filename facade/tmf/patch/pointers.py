"""Paths of operations: JSON pointers (RFC 6901), perhaps with a query (TMF630 part 5); and what they lead to."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from facade.contract.pointers import pointer
from facade.contract.violations import Code
from facade.tmf.patch.limits import Limits

Tokens = tuple[str, ...]
_POSITION = re.compile("0|[1-9][0-9]{0,8}")
_BAD_ESCAPE = re.compile("~(?![01])")
END = "-"


@dataclass(frozen=True, slots=True)
class Condition:
    """One `name.name=text` of a query."""

    names: Tokens
    text: str


@dataclass(frozen=True, slots=True)
class Path:
    """A `path` or `from`: the unescaped tokens of its pointer, and the conditions of its query."""

    text: str
    tokens: Tokens
    conditions: tuple[Condition, ...] = ()


class Unreadable(ValueError):
    """A text is no path."""

    def __init__(self, reason: str, code: Code = Code.INVALID_FORMAT) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


class Unresolved(LookupError):
    """A place is not in the document. `reason` and `allowed` contain nothing that the caller wrote in the path."""

    def __init__(self, tokens: Tokens, reason: str, allowed: Sequence[str] = ()) -> None:
        super().__init__(reason)
        self.place = pointer(tokens)
        self.reason = reason
        self.allowed = tuple(allowed)


def read_path(text: str, limits: Limits, *, queries: bool) -> Path:
    """`/productOrderItem/quantity?id=2`. Without `queries` a question mark is part of a name, as in RFC 6901.

    Names and texts of a query may be percent-encoded: `%26` is an `&` of a text. A `+` stays a plus.
    Raises Unreadable.
    """
    if len(text) > limits.pointer:
        raise Unreadable(f"must not be longer than {limits.pointer} characters", Code.INVALID_VALUE)
    if "\0" in text:
        raise Unreadable("must not contain the NUL character", Code.INVALID_VALUE)
    place, mark, query = text.partition("?") if queries else (text, "", "")
    if place and not place.startswith("/"):
        raise Unreadable("must be empty or start with `/`")
    if _BAD_ESCAPE.search(place):
        raise Unreadable("`~` must be followed by 0 (which means `~`) or 1 (which means `/`)")
    tokens = tuple(token.replace("~1", "/").replace("~0", "~") for token in place.split("/")[1:])
    if len(tokens) > limits.depth:
        raise Unreadable(f"must not have more than {limits.depth} names", Code.INVALID_VALUE)
    return Path(text, tokens, _conditions(query, limits) if mark else ())


def _conditions(query: str, limits: Limits) -> tuple[Condition, ...]:
    parts = query.split("&")
    if len(parts) > limits.conditions:
        raise Unreadable(f"must not have more than {limits.conditions} conditions", Code.TOO_MANY_RECORDS)
    conditions = []
    for part in parts:
        key, equals, text = part.partition("=")
        names = tuple(unquote(key).split("."))
        if not equals or not all(names):
            raise Unreadable("its query must be conditions `name=value`, joined by `&`")
        conditions.append(Condition(names, unquote(text)))
    if len({condition.names for condition in conditions}) < len(conditions):
        raise Unreadable("its query must not name an attribute twice: all conditions have to hold", Code.INVALID_VALUE)
    return tuple(conditions)


def is_position(token: str) -> bool:
    """Whether a token names an entry of an array by its position (RFC 6901, section 4), or the end of the array."""
    return token == END or _POSITION.fullmatch(token) is not None


def found(document: Any, tokens: Tokens) -> Any:
    """The value at a place. Raises Unresolved."""
    value = document
    for depth, token in enumerate(tokens):
        reached = tokens[: depth + 1]
        if isinstance(value, dict):
            if token not in value:
                raise Unresolved(reached, "the object has no such member", list(value))
            value = value[token]
        elif isinstance(value, list):
            if not _POSITION.fullmatch(token) or int(token) >= len(value):
                raise Unresolved(reached, _positions(len(value)))
            value = value[int(token)]
        else:
            raise Unresolved(reached, "a simple value has no members")
    return value


def require_addable(document: Any, tokens: Tokens) -> None:
    """Whether something can be added there: its parent is an object, or an array that reaches so far.

    Raises Unresolved.
    """
    if not tokens:
        return
    parent = found(document, tokens[:-1])
    last = tokens[-1]
    if isinstance(parent, list):
        if last != END and not (_POSITION.fullmatch(last) and int(last) <= len(parent)):
            raise Unresolved(tokens, f"the array takes a new entry at 0 to {len(parent)}, or at the end as `-`")
    elif not isinstance(parent, dict):
        raise Unresolved(tokens, "a simple value has no members")


def _positions(length: int) -> str:
    if not length:
        return "the array is empty"
    return f"the array has the entries 0 to {length - 1}" if length > 1 else "the array has the entry 0 alone"
