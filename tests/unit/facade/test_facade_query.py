"""Pages, and parameters that are not taken."""

import re
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from canonical.shared.paging import Found, Position
from facade.contract.violations import Code, ContractViolation
from facade.web.cursors import Course
from facade.web.paging import DEFAULT_LIMIT, MAX_LIMIT, MAX_NAMED, MAX_OFFSET, Page, only, page_of

LIST = Course("things")


def refused(call: Any, *arguments: Any) -> list[tuple[str, Code]]:
    with pytest.raises(ContractViolation) as raised:
        call(*arguments)
    return [(violation.pointer, violation.code) for violation in raised.value.violations]


def test_without_parameters_the_first_page_of_the_default_size_is_meant() -> None:
    assert page_of({}, LIST) == Page(0, DEFAULT_LIMIT, asked=False, course=LIST)


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ({"offset": "0"}, Page(0, DEFAULT_LIMIT, asked=True, course=LIST)),
        ({"limit": "0"}, Page(0, 0, asked=True, course=LIST)),
        ({"offset": str(MAX_OFFSET), "limit": str(MAX_LIMIT)}, Page(MAX_OFFSET, MAX_LIMIT, asked=True, course=LIST)),
        ({"limit": "007"}, Page(0, 7, asked=True, course=LIST)),
    ],
)
def test_a_page_is_what_was_asked_for(query: dict[str, str], page: Page) -> None:
    assert page_of(query, LIST) == page


@pytest.mark.parametrize(
    "text",
    [
        "-1",
        "+1",
        "1.0",
        "1e2",
        "",
        " ",
        " 1",
        "1 ",
        "x",
        "0x10",
        "1_000",
        "٣",
        "³",
        "५",
        "9" * 5000,
        "NaN",
        "null",
        "\0",
    ],
)
@pytest.mark.parametrize("name", ["offset", "limit"])
def test_what_is_no_whole_number_within_bounds_is_refused(name: str, text: str) -> None:
    assert refused(page_of, {name: text}, LIST) == [(f"/{name}", Code.INVALID_VALUE)]


def test_a_number_beyond_the_bounds_is_refused() -> None:
    assert refused(page_of, {"offset": str(MAX_OFFSET + 1)}, LIST) == [("/offset", Code.INVALID_VALUE)]
    assert refused(page_of, {"limit": str(MAX_LIMIT + 1)}, LIST) == [("/limit", Code.INVALID_VALUE)]


@given(st.text(max_size=12))
def test_any_text_is_a_page_or_a_refusal(text: str) -> None:
    try:
        page = page_of({"limit": text}, LIST)
    except ContractViolation:
        return
    assert 0 <= page.limit <= MAX_LIMIT


def found(shown: int, total: int, *, more: bool = False, key: str = "k") -> Found[int]:
    return Found(list(range(shown)), total, Position((), key) if more else None)


def links(page: Page, here: Found[int]) -> dict[str, dict[str, str]]:
    """The query of each link, by its relation."""
    header = page.headers("https://x.example/o", here)["Link"]
    linked = re.findall(r'<https://x\.example/o\?([^>]*)>; rel="(\w+)"', header)
    return {name: dict(parse_qsl(query)) for query, name in linked}


def at(offset: int, limit: int) -> dict[str, str]:
    return {"offset": str(offset), "limit": str(limit)}


def test_a_page_in_the_middle_links_to_all_others() -> None:
    page = Page(20, 10, asked=True, course=LIST)
    found_links = links(page, found(10, 45, more=True))
    following = found_links.pop("next")
    assert found_links == {"self": at(20, 10), "first": at(0, 10), "prev": at(10, 10), "last": at(40, 10)}
    assert following.keys() == {"limit", "cursor"}
    assert LIST.read(following["cursor"]) == (Position((), "k"), 30)
    headers = page.headers("https://x.example/o", found(10, 45))
    assert (headers["X-Total-Count"], headers["X-Result-Count"]) == ("45", "10")


def test_a_page_at_a_cursor_links_to_itself_by_the_cursor_and_to_those_before_by_offsets() -> None:
    cursor = LIST.written(Position((), "k"), 30)
    page = page_of({"cursor": str(cursor), "limit": "10"}, LIST)
    assert (page.after, page.offset, page.asked) == (Position((), "k"), 30, True)
    found_links = links(page, found(10, 45, more=True, key="l"))
    assert found_links["self"] == {"limit": "10", "cursor": cursor}
    assert (found_links["prev"], found_links["first"]) == (at(20, 10), at(0, 10))
    assert LIST.read(found_links["next"]["cursor"]) == (Position((), "l"), 40)


def test_a_page_begins_at_a_cursor_or_at_an_offset() -> None:
    query = {"cursor": str(LIST.written(Position((), "k"), 30)), "offset": "0"}
    assert refused(page_of, query, LIST) == [("/offset", Code.INVALID_VALUE)]


def test_where_no_cursor_can_hold_a_position_the_next_page_is_linked_by_its_offset() -> None:
    page = Page(20, 10, asked=True, course=LIST)
    assert links(page, found(10, 45, more=True, key="k" * 37))["next"] == at(30, 10)


def test_the_ends_of_the_list_link_no_further() -> None:
    assert links(Page(0, 10, asked=True), found(10, 10)).keys() == {"self", "first", "last"}
    assert "next" not in links(Page(40, 10, asked=True), found(5, 45))
    assert "prev" not in links(Page(0, 10, asked=True), found(10, 45))
    assert links(Page(3, 10, asked=True), found(10, 45))["prev"] == at(0, 10)


def test_the_page_before_one_past_the_end_is_the_last_that_exists() -> None:
    for offset in (45, 50, 60, 1_000):
        assert links(Page(offset, 10, asked=True), found(0, 45))["prev"] == at(40, 10)
    assert links(Page(30, 10, asked=True), found(0, 30))["prev"] == at(20, 10)
    assert links(Page(7, 10, asked=True), found(0, 0)).keys() == {"self", "first"}
    assert links(Page(7, 0, asked=True), found(0, 30)).keys() == {"self", "first"}


def test_an_empty_list_has_no_last_page() -> None:
    assert links(Page(0, 10, asked=False), found(0, 0)).keys() == {"self", "first"}


def test_a_page_of_nothing_links_to_no_next_one() -> None:
    assert links(Page(0, 0, asked=True), found(0, 45)).keys() == {"self", "first"}


@pytest.mark.parametrize(("asked", "shown", "status"), [(True, 5, 206), (True, 10, 200), (False, 5, 200)])
def test_a_part_that_was_asked_for_is_answered_as_a_part(asked: bool, shown: int, status: int) -> None:
    assert Page(0, 10, asked).status(shown, total=10) == status


def query(text: str) -> MultiDict[str, str]:
    return MultiDict((name, value) for name, _, value in (pair.partition("=") for pair in text.split("&")))


def test_parameters_that_would_be_ignored_are_refused_by_name() -> None:
    only(query("limit=1"), ("limit", "offset"))
    assert refused(only, query("limit=1&state=x&sort=y"), ("limit",)) == [
        ("/sort", Code.INVALID_VALUE),
        ("/state", Code.INVALID_VALUE),
    ]


def test_of_a_parameter_that_is_there_twice_neither_value_is_taken() -> None:
    assert refused(only, query("limit=1&limit=3&offset=0"), ("limit", "offset")) == [("/limit", Code.INVALID_VALUE)]


def test_of_very_many_parameters_a_few_are_named() -> None:
    many = query("&".join(f"a{number}=1" for number in range(5000)))
    assert len(refused(only, many, ("limit",))) == MAX_NAMED


def test_a_parameters_name_is_cut_and_escaped_in_the_pointer() -> None:
    assert refused(only, query("a/b~c=1"), ()) == [("/a~1b~0c", Code.INVALID_VALUE)]
    [(pointer, _)] = refused(only, query(f"{'x' * 5000}=1"), ())
    assert len(pointer) == 61
