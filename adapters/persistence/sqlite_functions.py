"""Functions that SQLite lacks for searching documents: times as instants, numbers with all digits, regular expressions
in linear time, a time limit.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache, wraps
from typing import Any

import re2  # type: ignore[import-untyped]

from canonical.shared.deadline import seconds_left, within
from canonical.shared.jsontext import Number, number_of
from canonical.shared.notation import scientific

# Hours of an offset end at 15 as in PostgreSQL, which knows no time zone beyond.
INSTANT_SHAPE = (
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.][0-9]+)?"
    "(?:[Zz]|[+-](?:0[0-9]|1[0-5]):[0-5][0-9])$"
)
STEPS = 1_000
"""Steps of SQLite's virtual machine between two looks at the clock. A step may parse a large document."""
MANY_STEPS = 50_000
"""The same for statements that parse none."""
MOST_MATCHED = 100_000
"""Characters of one text that a regular expression is looked for in; the rest of a longer one is not searched."""
_INSTANT = re.compile(INSTANT_SHAPE, re.ASCII)
_FRACTION = re.compile(r"([.][0-9]{6})[0-9]+")
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # the offset is taken off as a number: in UTC it may leave Python's years


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
    past = at.replace(tzinfo=None) - EPOCH - offset
    return (past.days * 86_400 + past.seconds) * 1_000_000 + past.microseconds


def matches(pattern: str, text: Any) -> bool:
    """Whether the expression is found in the first MOST_MATCHED characters, in time linear to their number (RE2)."""
    return isinstance(text, str) and _compiled(pattern).search(text[:MOST_MATCHED]) is not None


@lru_cache(maxsize=50)
def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.max_mem = 2 * 1024 * 1024  # what one expression that is kept may hold
    options.dot_nl = True  # as in PostgreSQL, where a dot is any character
    options.log_errors = False
    return re2.compile(pattern, options)


def number(written: Any) -> str | None:
    """A number of a document as `sortable` writes it; None for what is none."""
    found = number_of(written) if isinstance(written, str) else None
    return None if found is None else sortable(found)


def sortable(value: Number) -> str:
    """A text that sorts by code points as the number does. Equal numbers have the same text.

    The sign comes first, then the power of ten, then the digits. For a negative number all digits are complemented, so
    that a larger absolute value sorts first, and `~`, which sorts after every digit, ends the text.
    """
    if not value:
        return "1"
    digits, _, power = scientific(value).replace(".", "").lstrip("-").partition("E")
    place = f"{_MIDDLE + int(power):05}"
    return f"2{place}{digits}" if value > 0 else "0" + f"{place}{digits}~".translate(_TURNED)


def digits(sorted_by: str) -> str:
    """A number from what `sortable` made of it."""
    sign = "-" if sorted_by[0] == "0" else ""
    place, shown = sorted_by[1:6], sorted_by[6:].removesuffix("~")
    if sign:
        place, shown = place.translate(_TURNED), shown.translate(_TURNED)
    return f"{sign}{shown[0]}.{shown[1:] or 0}E{int(place) - _MIDDLE}" if shown else "0"


_MIDDLE = 50_000
_TURNED = str.maketrans("0123456789", "9876543210")


class Late(Exception):
    """Ends a statement from inside a function; SQLite reports it as a failure of the function."""


@contextmanager
def stopping(connection: Any, seconds: float) -> Iterator[None]:
    """Statements on the driver's connection fail after `seconds`, because nobody waits for their result then."""
    with within(seconds):
        connection.set_progress_handler(_late, STEPS)
        try:
            yield
        finally:
            connection.set_progress_handler(_late, MANY_STEPS)


def _late() -> bool:
    return not seconds_left()


def _punctual(function: Callable[..., Any]) -> Callable[..., Any]:
    """One call can take as long as thousands of SQLite's own steps."""

    @wraps(function)
    def call(*arguments: Any) -> Any:
        if _late():
            raise Late
        return function(*arguments)

    return call


def install(connection: Any) -> None:
    """Give a new connection of the driver the functions, and have its statements end at the deadline."""
    connection.set_progress_handler(_late, MANY_STEPS)
    connection.create_function("json_instant", 1, microseconds, deterministic=True)
    connection.create_function("json_number", 1, _punctual(number), deterministic=True)
    connection.create_function("text_matches", 2, _punctual(matches), deterministic=True)
