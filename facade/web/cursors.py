"""Cursors: opaque texts for positions in lists.

They are not signed: an invented cursor leads to a position in a list that its caller may see anyway. Every part is
checked, and a cursor is valid only for its own list: the same resource, filters and sort keys.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from canonical.shared import jsontext
from canonical.shared.criteria import SortBy
from canonical.shared.paging import SORTED_CHARACTERS, Mark, Position
from facade.contract.violations import Code, ContractViolation, Violation

CURSOR = "cursor"
LONGEST = 8_000
"""Characters: five texts of which every character is escaped, and some."""
LONGEST_KEY = 36
MOST_SEEN = 10**15
_TEXT = re.compile(r"[A-Za-z0-9_-]+")
_FIRST, _LAST = -62_135_769_600_000_000, 253_402_473_600_000_000
"""Microseconds since 1970 a day before the year 1, and one after the year 9999."""


@dataclass(frozen=True, slots=True)
class Course:
    """A list that a client pages through: `about` names the resource, its filters and sort keys."""

    about: str
    by: tuple[SortBy, ...] = ()

    def written(self, position: Position, seen: int) -> str | None:
        """The cursor for a position with `seen` members before it; None for a position that no cursor can hold."""
        if not _fits(position, seen, self.by):
            return None
        told = jsontext.write([self._digest(), seen, position.key, *position.marks])
        cursor = base64.urlsafe_b64encode(told).rstrip(b"=").decode()
        return cursor if len(cursor) <= LONGEST else None

    def read(self, cursor: str) -> tuple[Position, int]:
        """The position, and how many members were seen before it. Raises ContractViolation at `/cursor`."""
        if len(cursor) > LONGEST or not _TEXT.fullmatch(cursor):
            _refuse()
        try:
            told: Any = jsontext.read(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        except (binascii.Error, jsontext.Unreadable):
            _refuse()
        if not isinstance(told, list) or len(told) != 3 + len(self.by) or told[0] != self._digest():
            _refuse()
        position = Position(tuple(told[3:]), told[2])
        if not _fits(position, told[1], self.by):
            _refuse()
        return position, told[1]

    def _digest(self) -> str:
        return hashlib.sha256(self.about.encode()).hexdigest()[:12]


def _fits(position: Position, seen: object, by: Sequence[SortBy]) -> bool:
    return (
        type(seen) is int
        and 0 <= seen <= MOST_SEEN
        and _is_text(position.key, LONGEST_KEY)
        and all(map(_is_mark, position.marks, by))
    )


def _is_mark(mark: Mark, by: SortBy) -> bool:
    match by:
        case _ if mark is None:
            return True
        case SortBy.TEXT:
            return _is_text(mark, SORTED_CHARACTERS)
        case SortBy.BOOLEAN:
            return isinstance(mark, bool)
        case SortBy.INSTANT:
            return type(mark) is int and _FIRST <= mark <= _LAST
        case SortBy.NUMBER:
            return isinstance(mark, str) and jsontext.number_of(mark) is not None


def _is_text(value: object, longest: int) -> bool:
    return isinstance(value, str) and len(value) <= longest and "\0" not in value


def _refuse() -> NoReturn:
    text = "this cursor is not for this list; follow `next` of the page before, or start again without a cursor"
    raise ContractViolation([Violation(f"/{CURSOR}", Code.INVALID_VALUE, text)])
