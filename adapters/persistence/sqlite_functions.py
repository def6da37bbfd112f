"""What SQLite lacks for searching documents: times as instants, and regular expressions that cannot hang."""

import re
from datetime import datetime
from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]

# Hours of an offset end at 15 as in PostgreSQL, which knows no time zone beyond.
INSTANT_SHAPE = (
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.][0-9]+)?"
    "(?:[Zz]|[+-](?:0[0-9]|1[0-5]):[0-5][0-9])$"
)
_INSTANT = re.compile(INSTANT_SHAPE, re.ASCII)
_FRACTION = re.compile(r"([.][0-9]{6})[0-9]+")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # the offset is taken off as a number: in UTC it may leave Python's years


def microseconds(text: Any) -> int | None:
    """The instant an RFC 3339 text names, in microseconds since 1970; None where it names none."""
    if not isinstance(text, str) or not _INSTANT.match(text) or text.endswith("\n"):
        return None
    try:
        at = datetime.fromisoformat(_FRACTION.sub(r"\1", text).upper())
    except ValueError:
        return None
    return since_epoch(at)


def since_epoch(at: datetime) -> int:
    """An aware time in microseconds since 1970, also where UTC has no such year in Python."""
    offset = at.utcoffset()
    assert offset is not None, "times have an offset"
    past = at.replace(tzinfo=None) - _EPOCH - offset
    return (past.days * 86_400 + past.seconds) * 1_000_000 + past.microseconds


def matches(pattern: str, text: Any) -> bool:
    """Whether the expression is found in the text, in time linear to its length (RE2)."""
    return isinstance(text, str) and _compiled(pattern).search(text) is not None


@lru_cache(maxsize=200)
def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.dot_nl = True  # as in PostgreSQL, where a dot is any character
    options.log_errors = False
    return re2.compile(pattern, options)


def install(connection: Any) -> None:
    """Give a new connection of the driver the functions."""
    connection.create_function("json_instant", 1, microseconds, deterministic=True)
    connection.create_function("text_matches", 2, matches, deterministic=True)
