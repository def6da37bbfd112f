"""The words and amounts that items are found by."""

from decimal import Decimal

import pytest

from canonical.catalog.words import LONGEST, MOST, costing, having, terms_of, words_of
from canonical.shared.criteria import AllOf, Within
from canonical.shared.money import Money


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Fibre 1000", ["fibre", "1000"]),
        ("Straße Zürich", ["strasse", "zurich"]),
        ("ΣΊΣΥΦΟΣ Σίσυφος", ["σισυφοσ", "σισυφοσ"]),
        ("AX/7590 10.5 a_b c++", ["ax", "7590", "10", "5", "a", "b", "c"]),
        ("ﬁbre №1 ①", ["fibre", "no1", "1"]),
        ("東京 タワー", ["東京", "タワー"]),
        (" -\t.'\"% ", []),
        ("x" * 100, ["x" * LONGEST]),
    ],
)
def test_words_have_no_case_and_no_accents(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_each_word_counts_once_and_not_too_many() -> None:
    found = list(terms_of(["a b a", None, " ".join(f"w{number}" for number in range(MOST + 5))]))
    assert (found[:2], len(found)) == ([("word", "a"), ("word", "b")], MOST - 1)


def test_the_longest_word_is_looked_up_first() -> None:
    criterion = having("a bcd ef")
    assert isinstance(criterion, AllOf)
    assert [(one.low, one.selective) for one in criterion.parts if isinstance(one, Within)] == [
        ("bcd", True),
        ("ef", False),
        ("a", False),
    ]
    assert having(" - ") is None


def euros(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


@pytest.mark.parametrize(
    ("amount", "least", "most", "found"),
    [
        ("49.90", "49.90", "49.90", True),
        ("49.9", "49.90", "50", True),
        ("49.900001", "0", "49.90", False),
        ("9.90", "10", "100", False),
        ("100", "9", "1000", True),
        ("-5", "0", "10", False),
        ("999999999999", "1000", "999999999999", True),
    ],
)
def test_amounts_sort_as_numbers(amount: str, least: str, most: str, found: bool) -> None:
    ((path, text),) = terms_of([], [euros(amount), None])
    within = costing(euros(least), euros(most))
    assert isinstance(within, Within)
    assert path == within.path[0].name
    assert (within.low <= text < within.high) is found
    other = costing(Money(Decimal(least), "CZK"), Money(Decimal(most), "CZK"))
    assert isinstance(other, Within)
    assert other.path != within.path
