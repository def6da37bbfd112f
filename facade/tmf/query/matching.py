"""Whether a document in memory meets a criterion, as the databases decide it for stored ones."""

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import re2  # type: ignore[import-untyped]

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
    Within,
)

MOST_MATCHED = 100_000
"""Characters of a text that a regular expression looks at."""
_RELATIONS: Mapping[Operator, Callable[[Any, Any], Any]] = MappingProxyType(
    {
        Operator.EQUAL: operator.eq,
        Operator.GREATER: operator.gt,
        Operator.GREATER_OR_EQUAL: operator.ge,
        Operator.LESS: operator.lt,
        Operator.LESS_OR_EQUAL: operator.le,
    }
)
_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt]((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(\.\d{1,6})?\d*([Zz]|[+-](?:0\d|1[0-5]):[0-5]\d)",
    re.ASCII,
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
            return any(isinstance(at, dict) and path[-1].name in at for at in _reached(document, path[:-1]))
        case Within(path, low, high):
            return any(isinstance(text, str) and low <= text < high for text in _reached(document, path))
        case AnyElement(path, inside):
            return any(meets(element, inside) for element in _reached(document, path) if isinstance(element, dict))
        case Compare(path, sign, constants):
            return any(_related(value, sign, one) for value in _reached(document, path) for one in constants)


def _reached(value: Any, path: Path) -> Iterator[Any]:
    """The values at the path; each element of a list where the step allows many."""
    if not path:
        yield value
        return
    step, rest = path[0], path[1:]
    if not isinstance(value, dict) or step.name not in value:
        return
    found = value[step.name]
    if not step.many:
        yield from _reached(found, rest)
    elif not isinstance(found, dict):
        for element in found if isinstance(found, list) else (found,):
            yield from _reached(element, rest)


def _related(value: Any, sign: Operator, constant: Constant) -> bool:
    match constant:
        case None | bool():
            return value is constant
        case datetime():
            at = _instant(value)
            return at is not None and bool(_RELATIONS[sign](at, constant))
        case int() | Decimal():
            is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
            return is_number and bool(_RELATIONS[sign](value, constant))
        case str() if isinstance(value, str):
            if sign is Operator.MATCHES:
                return _compiled(constant).search(value[:MOST_MATCHED]) is not None
            return bool(_RELATIONS[sign](value, constant))
    return False


@lru_cache(maxsize=500)
def _compiled(pattern: str) -> Any:
    """By RE2, in time linear to the text, as everywhere that clients send patterns."""
    options = re2.Options()
    options.max_mem = 2 * 1024 * 1024
    options.dot_nl = True
    options.log_errors = False
    return re2.compile(pattern, options)


def _instant(value: Any) -> datetime | None:
    found = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    day, time, fraction, offset = found.groups()
    try:
        return datetime.fromisoformat(f"{day}T{time}{fraction or ''}{offset.upper()}")
    except ValueError:
        return None
