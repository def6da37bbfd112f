"""Numbers as SQLite sorts them, there and back."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.persistence.sqlite_functions import digits, number, sortable
from canonical.shared.jsontext import number_of

NUMBERS = st.integers(-(10**40), 10**40) | st.decimals(-(10**20), 10**20, allow_nan=False, places=18)


@given(NUMBERS)
def test_what_a_number_is_sorted_by_gives_the_number_back(value: int | Decimal) -> None:
    assert number_of(digits(sortable(value))) == value
    assert number(digits(sortable(value))) == sortable(value)


@given(NUMBERS, NUMBERS | st.integers(-3, 3))
def test_texts_are_in_the_order_of_the_numbers(one: int | Decimal, other: int | Decimal) -> None:
    assert (sortable(one) < sortable(other), sortable(one) == sortable(other)) == (one < other, one == other)


def test_neighbours_are_in_order() -> None:
    ascending = ["-1e400", "-36893488147419103234", "-36893488147419103233", "-1.5", "-1.49", "-0.1", "-1e-400", "0"]
    ascending += [
        "1e-400",
        "0.1",
        "0.1000000000000000055",
        "0.11",
        "1",
        "1.5",
        "9",
        "10",
        "36893488147419103233",
        "1e400",
    ]
    texts = [number(written) for written in ascending]
    assert texts == sorted(texts, key=str)
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("written", ["0", "-0", "0.0", "1e999", "-1e-999", "9" * 1_000, "-0." + "1" * 999])
def test_so_it_is_at_the_limits(written: str) -> None:
    sorted_by = number(written)
    assert sorted_by is not None
    assert number_of(digits(sorted_by)) == number_of(written)
