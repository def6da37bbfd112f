"""Regular expressions in the catalog, read by the product's library and by Python's own."""

from collections.abc import Iterator

import pytest

from adapters.patterns.linear import compiled
from canonical.catalog import patterns

by_default = patterns._compile


@pytest.fixture(params=[by_default, compiled], ids=["re", "re2"], autouse=True)
def compiler(request: pytest.FixtureRequest) -> Iterator[None]:
    patterns.install(request.param)
    yield
    patterns.install(by_default)


@pytest.mark.parametrize(
    ("pattern", "text", "met"),
    [
        ("[0-9]{3}", "123", True),
        ("[0-9]{3}", "1234", False),
        ("a|ab", "ab", True),
        ("", "", True),
        ("(", "anything", True),
        ("[z-a]", "anything", True),
        ("ž+", "žž", True),
    ],
)
def test_a_pattern_matches_the_whole_text_and_a_wrong_one_forbids_nothing(pattern: str, text: str, met: bool) -> None:
    assert patterns.matches(pattern, text) is met


def test_what_could_take_for_ever_is_read_in_linear_time_or_not_at_all() -> None:
    patterns.install(compiled)
    assert patterns.matches("(a+)+$", "a" * 5_000 + "b") is False
    assert patterns.matches("(.*a){20}", "a" * 5_000) is True
    assert not patterns.is_regular(r"(a)\1")
    assert not patterns.is_regular("(?=a)a")
    assert patterns.matches(r"(a)\1", "nothing like it")


def test_a_count_that_python_cannot_hold_is_no_regular_expression() -> None:
    patterns.install(by_default)
    assert not patterns.is_regular("a{99999999999}")
