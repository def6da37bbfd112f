"""Pages, and parameters that are not taken."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from facade.contract.violations import Code, ContractViolation
from facade.query import DEFAULT_LIMIT, MAX_LIMIT, MAX_NAMED, MAX_OFFSET, Page, only, page_of


def refused(call: Any, *arguments: Any) -> list[tuple[str, Code]]:
    with pytest.raises(ContractViolation) as raised:
        call(*arguments)
    return [(violation.pointer, violation.code) for violation in raised.value.violations]


def test_without_parameters_the_first_page_of_the_default_size_is_meant() -> None:
    assert page_of({}) == Page(0, DEFAULT_LIMIT, asked=False)


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ({"offset": "0"}, Page(0, DEFAULT_LIMIT, asked=True)),
        ({"limit": "0"}, Page(0, 0, asked=True)),
        ({"offset": str(MAX_OFFSET), "limit": str(MAX_LIMIT)}, Page(MAX_OFFSET, MAX_LIMIT, asked=True)),
        ({"limit": "007"}, Page(0, 7, asked=True)),
    ],
)
def test_a_page_is_what_was_asked_for(query: dict[str, str], page: Page) -> None:
    assert page_of(query) == page


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
    assert refused(page_of, {name: text}) == [(f"/{name}", Code.INVALID_VALUE)]


def test_a_number_beyond_the_bounds_is_refused() -> None:
    assert refused(page_of, {"offset": str(MAX_OFFSET + 1)}) == [("/offset", Code.INVALID_VALUE)]
    assert refused(page_of, {"limit": str(MAX_LIMIT + 1)}) == [("/limit", Code.INVALID_VALUE)]


@given(st.text(max_size=12))
def test_any_text_is_a_page_or_a_refusal(text: str) -> None:
    try:
        page = page_of({"limit": text})
    except ContractViolation:
        return
    assert 0 <= page.limit <= MAX_LIMIT


def links(page: Page, shown: int, total: int) -> dict[str, tuple[int, int]]:
    header = page.headers("https://x.example/o", shown, total)["Link"]
    found = re.findall(r'<https://x\.example/o\?offset=(\d+)&limit=(\d+)>; rel="(\w+)"', header)
    return {name: (int(offset), int(limit)) for offset, limit, name in found}


def test_a_page_in_the_middle_links_to_all_others() -> None:
    page = Page(20, 10, asked=True)
    assert links(page, 10, 45) == {
        "self": (20, 10),
        "first": (0, 10),
        "prev": (10, 10),
        "next": (30, 10),
        "last": (40, 10),
    }
    headers = page.headers("https://x.example/o", 10, 45)
    assert (headers["X-Total-Count"], headers["X-Result-Count"]) == ("45", "10")


def test_the_ends_of_the_list_link_no_further() -> None:
    assert links(Page(0, 10, asked=True), 10, 10).keys() == {"self", "first", "last"}
    assert "next" not in links(Page(40, 10, asked=True), 5, 45)
    assert "prev" not in links(Page(0, 10, asked=True), 10, 45)
    assert links(Page(3, 10, asked=True), 10, 45)["prev"] == (0, 10)


def test_an_empty_list_has_no_last_page() -> None:
    assert links(Page(0, 10, asked=False), 0, 0).keys() == {"self", "first"}


def test_a_page_of_nothing_links_to_no_next_one() -> None:
    assert links(Page(0, 0, asked=True), 0, 45).keys() == {"self", "first"}


@given(st.integers(1, 20), st.integers(0, 60))
def test_following_next_shows_everything_once_and_ends(limit: int, total: int) -> None:
    offset, shown = 0, 0
    for _ in range(100):
        here = min(limit, max(0, total - offset))
        shown += here
        found = links(Page(offset, limit, asked=True), here, total)
        if "next" not in found:
            assert shown == total
            assert found.get("last", (0, limit))[0] == offset
            return
        offset = found["next"][0]
    raise AssertionError("the links never end")


@pytest.mark.parametrize(("asked", "shown", "status"), [(True, 5, 206), (True, 10, 200), (False, 5, 200)])
def test_a_part_that_was_asked_for_is_answered_as_a_part(asked: bool, shown: int, status: int) -> None:
    assert Page(0, 10, asked).status(shown, total=10) == status


def query(text: str) -> MultiDict[str, str]:
    return MultiDict(pair.split("=", 1) for pair in text.split("&"))


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
