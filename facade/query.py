"""Pages of lists, and query parameters that are not taken (TMF630 part 1, section 4.5)."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from facade.contract.pointers import escaped
from facade.contract.violations import Code, ContractViolation, Violation

DEFAULT_LIMIT = 20
MAX_LIMIT = 200
MAX_OFFSET = 10_000_000
MAX_NAMED = 50
"""Parameters that one refusal names."""


@dataclass(frozen=True, slots=True)
class Page:
    """`asked`: the client named an offset or a limit, so a part of the list is what it wants (206)."""

    offset: int
    limit: int
    asked: bool

    def status(self, shown: int, total: int) -> int:
        return 206 if self.asked and shown < total else 200

    def headers(self, address: str, shown: int, total: int, kept: str = "") -> dict[str, str]:
        """Counts and links of a page that shows `shown` of `total`, reached at `address`.

        `kept` is the rest of the query, which every link repeats.
        """
        address = f"{address}?{kept}&" if kept else f"{address}?"
        starts = {"self": self.offset, "first": 0}
        if self.offset > 0:
            starts["prev"] = max(0, self.offset - self.limit)
        if self.offset + shown < total and shown:
            starts["next"] = self.offset + shown
        if total and self.limit:
            starts["last"] = (total - 1) // self.limit * self.limit
        links = [
            f'<{address}{urlencode({"offset": start, "limit": self.limit})}>; rel="{name}"'
            for name, start in starts.items()
        ]
        return {"X-Total-Count": str(total), "X-Result-Count": str(shown), "Link": ", ".join(links)}


def page_of(query: Mapping[str, str]) -> Page:
    """The page that the query asks for. Raises ContractViolation naming the parameter."""
    offset, limit = _count(query, "offset", 0, MAX_OFFSET), _count(query, "limit", DEFAULT_LIMIT, MAX_LIMIT)
    return Page(offset, limit, asked="offset" in query or "limit" in query)


def only(query: MultiDict[str, str], allowed: Collection[str]) -> None:
    """Refuse query parameters that would otherwise be ignored in silence. Raises ContractViolation."""
    if found := list(islice(_ignored(query, allowed), MAX_NAMED)):
        raise ContractViolation(found)


def _ignored(query: MultiDict[str, str], allowed: Collection[str]) -> Iterator[Violation]:
    for name in sorted(query):
        shown = name[:60]
        if name not in allowed:
            text = f"unknown query parameter {shown}"
            yield Violation(f"/{escaped(shown)}", Code.INVALID_VALUE, text, tuple(allowed))
        elif len(query.getlist(name)) > 1:
            yield Violation(f"/{escaped(shown)}", Code.INVALID_VALUE, f"{shown} is given once")


def _count(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = query.get(name, str(default))
    if text.isascii() and text.isdigit() and len(text) <= len(str(most)) and int(text) <= most:
        return int(text)
    message = f"{name} must be a whole number from 0 to {most}"
    raise ContractViolation([Violation(f"/{name}", Code.INVALID_VALUE, message)])
