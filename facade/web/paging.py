"""Pages of lists, and the refusal of unknown query parameters (TMF630 part 1, section 4.5)."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from canonical.shared.paging import Found, Position, Slice
from facade.contract.pointers import escaped
from facade.contract.violations import Code, ContractViolation, Violation
from facade.web.cursors import CURSOR, Course

PAGING = ("offset", "limit", CURSOR)
DEFAULT_LIMIT = 20
MAX_LIMIT = 200
MAX_OFFSET = 10_000_000
MAX_NAMED = 50
"""Parameters that one refusal names."""


@dataclass(frozen=True, slots=True)
class Page:
    """`asked`: the client sent an offset, a limit or a cursor, so it wants a part of the list (206).

    With a `cursor`, which stands for the position `after`, `offset` is the number of members before it at that time.
    """

    offset: int
    limit: int
    asked: bool
    cursor: str | None = None
    after: Position | None = None
    course: Course = Course("")

    @property
    def slice(self) -> Slice:
        return Slice(self.offset, self.limit, self.after)

    @property
    def query(self) -> str:
        """The query parameters of this page."""
        return _by_offset(self.offset, self.limit) if self.cursor is None else _by_cursor(self.cursor, self.limit)

    def next_query(self, found: Found[Any]) -> str | None:
        """The query parameters of the next page; None if there is none.

        Uses the position, or the offset if no cursor can hold the position.
        """
        if found.last is None:
            return None
        seen = self.offset + len(found.members)
        cursor = self.course.written(found.last, seen)
        return _by_offset(seen, self.limit) if cursor is None else _by_cursor(cursor, self.limit)

    def status(self, shown: int, total: int) -> int:
        return 206 if self.asked and shown < total else 200

    def headers(self, address: str, found: Found[Any], kept: str = "") -> dict[str, str]:
        """The counts and links of the page at `address`.

        `kept` is the rest of the query, which every link repeats.
        """
        address = f"{address}?{kept}&" if kept else f"{address}?"
        queries = {"self": self.query, "first": _by_offset(0, self.limit)}
        last = (found.total - 1) // self.limit * self.limit if found.total and self.limit else None
        if self.offset > 0 and last is not None:
            before = self.offset - self.limit if self.offset < found.total else last
            queries["prev"] = _by_offset(max(0, before), self.limit)
        following = self.next_query(found)
        if following is not None:
            queries["next"] = following
        if last is not None:
            queries["last"] = _by_offset(last, self.limit)
        links = [f'<{address}{query}>; rel="{name}"' for name, query in queries.items()]
        counts = {"X-Total-Count": str(found.total), "X-Result-Count": str(len(found.members))}
        return counts | {"Link": ", ".join(links)}


def page_of(query: Mapping[str, str], course: Course) -> Page:
    """The page of the list that the query asks for. Raises ContractViolation naming the parameter."""
    limit = whole_number(query, "limit", MAX_LIMIT, DEFAULT_LIMIT)
    if CURSOR not in query:
        offset = whole_number(query, "offset", MAX_OFFSET)
        return Page(offset, limit, asked="offset" in query or "limit" in query, course=course)
    if "offset" in query:
        text = "send a cursor or an offset, not both"
        raise ContractViolation([Violation("/offset", Code.INVALID_VALUE, text)])
    after, seen = course.read(query[CURSOR])
    return Page(seen, limit, asked=True, cursor=query[CURSOR], after=after, course=course)


def _by_offset(offset: int, limit: int) -> str:
    return urlencode({"offset": offset, "limit": limit})


def _by_cursor(cursor: str, limit: int) -> str:
    return urlencode({"limit": limit, CURSOR: cursor})


def only(query: MultiDict[str, str], allowed: Collection[str]) -> None:
    """Refuse query parameters that would otherwise be ignored in silence, and values with NUL, which PostgreSQL cannot
    search. Raises ContractViolation.
    """
    if found := list(islice(_unusable(query, allowed), MAX_NAMED)):
        raise ContractViolation(found)


def _unusable(query: MultiDict[str, str], allowed: Collection[str]) -> Iterator[Violation]:
    for name in sorted(query):
        shown = name[:60]
        if name not in allowed:
            text = f"unknown query parameter {shown}"
            yield Violation(f"/{escaped(shown)}", Code.INVALID_VALUE, text, tuple(allowed))
        elif len(query.getlist(name)) > 1:
            yield Violation(f"/{escaped(shown)}", Code.INVALID_VALUE, f"{shown} must be given only once")
        elif "\0" in query[name]:
            yield Violation(f"/{escaped(shown)}", Code.INVALID_VALUE, f"{shown} has no NUL character")


def whole_number(query: Mapping[str, str], name: str, most: int, default: int = 0) -> int:
    """The value of a parameter, from 0 to `most`. Raises ContractViolation."""
    text = query.get(name, str(default))
    if text.isascii() and text.isdigit() and len(text) <= len(str(most)) and int(text) <= most:
        return int(text)
    message = f"{name} must be a whole number from 0 to {most}"
    raise ContractViolation([Violation(f"/{name}", Code.INVALID_VALUE, message)])
