"""Criteria evaluated over documents in plain Python: what every database must answer.

Written from canonical.shared.criteria's account of what criteria mean, and on purpose not from the SQL.
"""

import operator
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from functools import cmp_to_key
from typing import Any

from canonical.shared.criteria import (
    AllOf,
    AnyElement,
    AnyOf,
    Compare,
    Constant,
    Criterion,
    Not,
    Operator,
    Path,
    Present,
    SortBy,
    SortKey,
    Within,
)
from canonical.shared.paging import SORTED_CHARACTERS

_RELATIONS = {
    Operator.EQUAL: operator.eq,
    Operator.GREATER: operator.gt,
    Operator.GREATER_OR_EQUAL: operator.ge,
    Operator.LESS: operator.lt,
    Operator.LESS_OR_EQUAL: operator.le,
}
_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt]((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(\.\d+)?([Zz]|[+-](?:0\d|1[0-5]):[0-5]\d)", re.ASCII
)


def meets(document: Any, criterion: Criterion) -> bool:
    match criterion:
        case AllOf(parts):
            return all(meets(document, part) for part in parts)
        case AnyOf(parts):
            return any(meets(document, part) for part in parts)
        case Not(part):
            return not meets(document, part)
        case Present(path):
            return any(isinstance(at, dict) and path[-1].name in at for at in reached(document, path[:-1]))
        case Within(path, low, high):
            return any(isinstance(text, str) and low <= text < high for text in reached(document, path))
        case AnyElement(path, inside):
            return any(meets(element, inside) for element in reached(document, path) if isinstance(element, dict))
        case Compare(path, sign, constants):
            return any(related(value, sign, one) for value in reached(document, path) for one in constants)


def reached(value: Any, path: Path) -> Iterator[Any]:
    if not path:
        yield value
        return
    step = path[0]
    if not isinstance(value, dict) or step.name not in value:
        return
    found = value[step.name]
    if step.many:
        if isinstance(found, dict):
            return
        for element in found if isinstance(found, list) else [found]:
            yield from reached(element, path[1:])
    else:
        yield from reached(found, path[1:])


def related(value: Any, sign: Operator, constant: Constant) -> bool:
    if constant is None:
        return value is None
    if isinstance(constant, bool):
        return isinstance(value, bool) and value is constant
    if isinstance(constant, datetime):
        at = instant(value)
        return at is not None and bool(_RELATIONS[sign](at, constant))
    if isinstance(constant, int | Decimal):
        return (
            isinstance(value, int | Decimal) and not isinstance(value, bool) and bool(_RELATIONS[sign](value, constant))
        )
    if not isinstance(value, str):
        return False
    if sign is Operator.MATCHES:
        return re.search(constant.replace("$", r"\Z"), value, re.DOTALL | re.ASCII) is not None
    return bool(_RELATIONS[sign](value, constant))


def instant(value: Any) -> datetime | None:
    match = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    day, time, fraction, offset = match.groups()
    try:
        return datetime.fromisoformat(f"{day}T{time}{(fraction or '')[:7]}{offset.upper()}")
    except ValueError:
        return None


def in_order(documents: list[dict[str, Any]], keys: tuple[SortKey, ...]) -> list[str]:
    """The ids, sorted."""

    def value(document: dict[str, Any], key: SortKey) -> Any:
        found = next(reached(document, key.path), None)
        if key.by is SortBy.INSTANT:
            return instant(found)
        fits: Any = {SortBy.TEXT: str, SortBy.NUMBER: (int, Decimal), SortBy.BOOLEAN: bool}[key.by]
        if key.by is SortBy.NUMBER and isinstance(found, bool):
            return None
        if isinstance(found, str):
            found = found[:SORTED_CHARACTERS]
        return found if isinstance(found, fits) else None

    def compare(left: dict[str, Any], right: dict[str, Any]) -> int:
        for key in keys:
            mine, other = value(left, key), value(right, key)
            if mine is None or other is None:
                if (mine is None) != (other is None):
                    return 1 if mine is None else -1
            elif mine != other:
                return (1 if mine > other else -1) * (-1 if key.descending else 1)
        newest_first = not keys or keys[0].descending
        return (1 if left["id"] > right["id"] else -1) * (-1 if newest_first else 1)

    return [document["id"] for document in sorted(documents, key=cmp_to_key(compare))]
