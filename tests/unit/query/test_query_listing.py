"""Pages, sorting, selection and links of a collection."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.shared.criteria import PathStep, SortBy, SortKey
from canonical.shared.paging import Found, Position
from facade.contract.violations import ContractViolation
from facade.tmf.query.attributes import Kind
from facade.tmf.query.listing import Listing, read_listing
from facade.tmf.query.refusals import NotSupported
from facade.tmf.query.selection import selected, selection_of
from tests.unit.query.sample import ATTRIBUTES

DOCUMENT: dict[str, Any] = {
    "@type": "ProductOrder",
    "id": "1",
    "href": "h",
    "state": "held",
    "note": [{"@type": "Note", "id": "n", "author": "Ann", "text": "x"}, {"@type": "Note", "text": "y"}],
    "productOrderItem": [{"@type": "ProductOrderItem", "id": "1", "product": {"@type": "UNI", "name": "line"}}],
}
IDENTITY = {"@type": "ProductOrder", "id": "1", "href": "h"}


def listing(query: str) -> Listing:
    return read_listing(query.encode(), ATTRIBUTES, "ProductOrder")


def refused(query: str) -> tuple[str, str]:
    with pytest.raises(ContractViolation) as raised:
        listing(query)
    [violation] = raised.value.violations
    return violation.pointer, violation.message


def part(fields: str) -> Any:
    return selected(DOCUMENT, selection_of(fields, ATTRIBUTES))


@pytest.mark.parametrize(
    "query", ["sort=-creationDate,+state", "sort=-creationDate,state", "sort=-creationDate,%2Bstate"]
)
def test_a_plus_and_nothing_sort_upwards_and_a_minus_downwards(query: str) -> None:
    assert listing(query).sort == (
        SortKey((PathStep("creationDate"),), SortBy.INSTANT, descending=True),
        SortKey((PathStep("state"),), SortBy.TEXT),
    )


@pytest.mark.parametrize(
    ("query", "pointer", "said"),
    [
        ("sort=foo", "/sort", "unknown attribute foo"),
        ("sort=", "/sort", "unknown attribute"),
        ("sort=note.author", "/sort", "several values in one resource"),
        ("sort=note", "/sort", "no simple value"),
        ("sort=id,id,id,id,id,id", "/sort", "at most 5 attributes"),
        ("sort=id&sort=state", "/sort", "given once"),
        ("filter", "/filter", "given once, with a value"),
        ("limit=x", "/limit", "a whole number"),
        ("offset=-1", "/offset", "a whole number"),
        ("cursor=x", "/cursor", "cursor is not for this list"),
        ("cursor=", "/cursor", "cursor is not for this list"),
        ("cursor=%00", "/cursor", "cursor is not for this list"),
        (f"cursor={'A' * 9_000}", "/cursor", "cursor is not for this list"),
        (f"cursor={'A' * 90_000}", "/cursor", "cursor is not for this list"),
        ("cursor=x&cursor=x", "/cursor", "given once"),
        ("cursor", "/cursor", "given once"),
    ],
)
def test_what_cannot_be_listed_is_refused_by_name(query: str, pointer: str, said: str) -> None:
    at, message = refused(query)
    assert at == pointer
    assert said in message


REST = "state=held&sort=-creationDate&note.author=%22a,b%22&creationDate%3E2026-01-01"
LAST = Position((1_767_225_600_000_000,), "o-1")


def test_links_keep_the_rest_of_the_query() -> None:
    wanted = listing("state=held&offset=20&limit=10&sort=-creationDate&note.author=%22a,b%22&creationDate>2026-01-01")
    found = Found([*range(10)], 45, LAST)
    links = wanted.page.headers("https://x.example/o", found, wanted.kept)["Link"].split(", ")
    assert links[0] == f'<https://x.example/o?{REST}&offset=20&limit=10>; rel="self"'
    assert [link.rpartition('rel="')[2].rstrip('"') for link in links] == ["self", "first", "prev", "next", "last"]
    following = links[3].partition("?")[2].partition(">")[0]
    page = listing(following).page
    assert (page.after, page.offset, page.limit) == (LAST, 30, 10)
    before, name, cursor = following.partition("cursor=")
    encoded = f"{before}{name}%{ord(cursor[0]):02X}{cursor[1:]}"
    assert listing(encoded).page.after == LAST, "however the address is written"
    report = listing(f"fields=id&{following}").page
    assert report.after == LAST, "what is shown of each makes no difference"


@pytest.mark.parametrize(
    "other",
    [
        "state=held&sort=-creationDate&note.author=%22a,b%22",
        f"{REST}&category=x",
        REST.replace("-creationDate", "creationDate"),
        REST.replace("sort=-creationDate&", ""),
        REST.replace("sort=-creationDate", "sort=state"),
        REST.replace("held", "failed"),
    ],
)
def test_a_cursor_belongs_to_the_query_that_it_was_given_for(other: str) -> None:
    page = listing(f"{REST}&limit=10").page
    following = page.next_query(Found([1], 45, LAST))
    assert listing(f"{REST}&{following}").page.after == LAST
    pointer, message = refused(f"{other}&{following}")
    assert (pointer, "cursor is not for this list" in message) == ("/cursor", True)


def test_a_cursor_belongs_to_its_resource() -> None:
    following = listing("limit=10").page.next_query(Found([1], 45, Position((), "o-1")))
    with pytest.raises(ContractViolation):
        read_listing(str(following).encode(), ATTRIBUTES, "CancelProductOrder")


@given(st.binary(max_size=60))
def test_any_bytes_are_a_query_or_a_refusal(query: bytes) -> None:
    try:
        wanted = read_listing(query, ATTRIBUTES, "ProductOrder")
    except (ContractViolation, NotSupported):
        return
    assert not set(wanted.kept) & set('<>" \r\n')


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("none", IDENTITY),
        ("", IDENTITY),
        ("href", IDENTITY),
        ("state", IDENTITY | {"state": "held"}),
        (" state , id", IDENTITY | {"state": "held"}),
        ("note", IDENTITY | {"note": DOCUMENT["note"]}),
        (
            "note.text",
            IDENTITY | {"note": [{"@type": "Note", "id": "n", "text": "x"}, {"@type": "Note", "text": "y"}]},
        ),
        ("note.text,note", IDENTITY | {"note": DOCUMENT["note"]}),
        ("note,note.text", IDENTITY | {"note": DOCUMENT["note"]}),
        ("productOrderItem.product.name", IDENTITY | {"productOrderItem": DOCUMENT["productOrderItem"]}),
    ],
)
def test_fields_selects_attributes_at_any_depth(fields: str, expected: Any) -> None:
    assert part(fields) == expected


def test_without_fields_everything_is_shown() -> None:
    assert selected(DOCUMENT, selection_of(None, ATTRIBUTES)) is DOCUMENT


@pytest.mark.parametrize(
    "fields", ["foo", "note.foo", "state.foo", "id;state", "*", "note..text", ".id", "[]", "note[0]"]
)
def test_an_unknown_field_is_refused(fields: str) -> None:
    with pytest.raises(ContractViolation) as raised:
        selection_of(fields, ATTRIBUTES)
    assert [violation.pointer for violation in raised.value.violations] == ["/fields"]


def test_jsonpath_in_fields_is_not_supported() -> None:
    with pytest.raises(NotSupported, match="fields: JSONPath is not supported"):
        selection_of("note[?(@.author=='X')]", ATTRIBUTES)


@pytest.mark.parametrize(
    ("path", "kind", "in_list"),
    [
        ("id", Kind.TEXT, False),
        ("creationDate", Kind.INSTANT, False),
        ("@type", Kind.TEXT, False),
        ("note", Kind.OBJECT, True),
        ("relatedParty.partyOrPartyRole.@referredType", Kind.TEXT, True),
        ("productOrderItem.productOrderItem.quantity", Kind.NUMBER, True),
        ("productOrderItem.product.productCharacteristic.value", Kind.ANY, True),
        ("productOrderItem.product.isBundle", Kind.BOOLEAN, True),
        ("productOrderItem.product.place.place.name", Kind.TEXT, True),
    ],
)
def test_attributes_are_those_of_the_published_schema(path: str, kind: Kind, in_list: bool) -> None:
    attribute = ATTRIBUTES.find("q", tuple(path.split(".")))
    assert attribute.kind is kind
    assert attribute.in_list == in_list
    assert ".".join(step.name for step in attribute.steps) == path
