"""What a client asks of a collection, read from the raw query string.

Raw, because Connexion hands on declared parameters only, and because `%3E` may stand between a name and its value.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from canonical.shared.criteria import Criterion, SortBy, SortKey, all_of
from facade.tmf.query.attributes import Attributes, Kind
from facade.tmf.query.basic import criteria_of
from facade.tmf.query.bounds import bounded
from facade.tmf.query.jsonpath import criterion_of
from facade.tmf.query.refusals import MAX_TEXT, refusal
from facade.web.cursors import CURSOR, Course
from facade.web.paging import PAGING, Page, page_of

RESERVED = ("fields", "filter", "sort", *PAGING)
MAX_SORT_KEYS = 5
MAX_PARAMETERS = 100
_SORTED_AS = {
    Kind.TEXT: SortBy.TEXT,
    Kind.NUMBER: SortBy.NUMBER,
    Kind.BOOLEAN: SortBy.BOOLEAN,
    Kind.INSTANT: SortBy.INSTANT,
}


@dataclass(frozen=True, slots=True)
class Listing:
    """A part of a collection. `kept` is the query without its page, for links to other pages."""

    criterion: Criterion | None
    sort: tuple[SortKey, ...]
    page: Page
    fields: str | None
    kept: str


def read_listing(query_string: bytes, attributes: Attributes, resource: str) -> Listing:
    """What is asked of a collection of `resource`. Raises ContractViolation naming the parameter, or NotSupported."""
    reserved: dict[str, str] = {}
    filters: list[str] = []
    kept: list[bytes] = []
    pieces = [piece for piece in query_string.split(b"&") if piece]
    if len(pieces) > MAX_PARAMETERS:
        raise refusal("query", f"a query has at most {MAX_PARAMETERS} parameters")
    for piece in pieces:
        text = _decoded(piece)
        name, equals, value = text.partition("=")
        if name not in RESERVED:
            filters.append(text)
        elif name in reserved or not equals:
            raise refusal(name, f"{name} is given once, with a value")
        else:
            reserved[name] = value
        if name not in PAGING:
            kept.append(piece)
    # The filter first: where its && was not encoded, its error says so.
    by_path = [criterion_of(reserved["filter"], attributes)] if "filter" in reserved else []
    criteria = [*criteria_of(filters, attributes), *by_path]
    bounded(criteria)
    sort = sort_of(reserved["sort"], attributes) if "sort" in reserved else ()
    page = page_of(reserved, Course(_about(resource, kept), tuple(key.by for key in sort)))
    return Listing(all_of(*criteria), sort, page, reserved.get("fields"), "&".join(map(_safe, kept)))


def _about(resource: str, kept: Iterable[bytes]) -> str:
    """Which list it is: what is shown of its members makes no difference."""
    return "\n".join((resource, *(_safe(piece) for piece in kept if not piece.startswith(b"fields="))))


def sort_of(text: str, attributes: Attributes) -> tuple[SortKey, ...]:
    """`-a,+b.c` as keys; `+`, which a query string turns into a blank, or nothing is ascending."""
    keys: list[SortKey] = []
    for part in text.split(","):
        name = part.strip(" ").removeprefix("+")
        descending = name.startswith("-")
        attribute = attributes.find("sort", tuple(name.removeprefix("-").split(".")))
        if attribute.kind not in _SORTED_AS:
            raise refusal("sort", f"{name[:60]} is no simple value that could be sorted by")
        if attribute.in_list:
            raise refusal("sort", f"{name[:60]} has several values in one resource, so there is no order by it")
        if attribute.words is not None and not attribute.words.keeps_order:
            raise refusal("sort", f"{name[:60]} is shown in words of the partner's profile, and ours sort otherwise")
        keys.append(SortKey(attribute.steps, _SORTED_AS[attribute.kind], descending))
        if len(keys) > MAX_SORT_KEYS:
            raise refusal("sort", f"sort takes at most {MAX_SORT_KEYS} attributes")
    return tuple(keys)


def _decoded(piece: bytes) -> str:
    name = piece.partition(b"=")[0].decode("ascii", "replace")[:60]
    if name == CURSOR:
        return unquote_to_bytes(piece).decode("ascii", "replace")
    if len(piece) > 3 * MAX_TEXT:
        raise refusal(name, f"a parameter has at most {MAX_TEXT} characters")
    try:
        text = unquote_to_bytes(piece.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise refusal(name, "a parameter is UTF-8, percent-encoded") from None
    if len(text) > MAX_TEXT + len(name):
        raise refusal(name, f"a parameter has at most {MAX_TEXT} characters")
    return text


def _safe(piece: bytes) -> str:
    """As it came, but fit to stand between the angle brackets of a Link."""
    return quote(piece, safe="%=~:@!$'()*+,;/?.-_[]")
