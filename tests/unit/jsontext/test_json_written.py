"""What we write and read again keeps every digit; what is equal by value has one text."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.shared.jsontext import by_value, number_of, read, read_kept, text, write


@pytest.mark.parametrize(
    "written",
    ["0", "-0", "-0.0", "1.50", "1E+5", "1E+400", "18446744073709551615", "18446744073709551616",
     "[36893488147419103233]", "-9223372036854775808", "-9223372036854775809", '{"a":[-0,1.500]}', '"-0"',
     "0.1000000000000000055511151231257827"],
)  # fmt: skip
def test_what_is_kept_comes_back_as_it_is(written: str) -> None:
    assert text(read_kept(written)) == written
    assert text(read_kept(written.encode())) == written


@pytest.mark.parametrize("broken", ["", "{", "NaN", '{"a":-0,', "-0 x"])
def test_what_was_never_written_is_not_read(broken: str) -> None:
    with pytest.raises(ValueError):
        read_kept(broken)


class Colour(StrEnum):
    RED = "red"


@dataclass
class Pair:
    first: int
    second: Decimal


def test_enums_dataclasses_and_tuples_are_written() -> None:
    assert write({"colour": Colour.RED, "pair": Pair(1, Decimal("2.0")), "many": (1, 2)}) == (
        b'{"colour":"red","pair":{"first":1,"second":2.0},"many":[1,2]}'
    )


@pytest.mark.parametrize("value", [object(), {"a": {1, 2}}, Decimal("NaN"), Decimal("Infinity"), [2**70, object()]])
def test_what_json_has_no_word_for_is_a_defect_unless_it_is_replaced(value: Any) -> None:
    with pytest.raises(TypeError):
        write(value)
    with pytest.raises(TypeError):
        by_value(value)
    assert b"?" in write(value, lambda one: "?")


EQUAL = [
    ["10", "10.0", "1e1", "1E+1", "100e-1", "10.000000000000000000000"],
    ["0", "-0", "0.0", "-0.0", "0e5", "0e-5"],
    ["36893488147419103233", "36893488147419103233.0", "3.6893488147419103233e19"],
    ["36893488147419103234"],
    ["1.5", "1.50", "15e-1", "0.15e1"],
    ["-1.5"],
    ["1.50000000000000000000000001"],
    ["18446744073709551615", "18446744073709551615.0"],
    ["18446744073709551616", "18446744073709551616.0"],
    ["1e400", "10e399"],
    ["1e-400"],
    ["true"],
    ["1", "1.0"],
    ['"1"'],
    ["null"],
    ['{"a":1,"b":2.0}', '{"b":2,"a":1.0}'],
]


def test_what_is_equal_has_one_text_and_what_differs_has_two() -> None:
    texts = [{by_value(read(written.encode())) for written in alike} for alike in EQUAL]
    assert [len(found) for found in texts] == [1] * len(EQUAL)
    assert len(set().union(*texts)) == len(EQUAL)


@given(st.decimals(allow_nan=False, allow_infinity=False), st.integers(0, 30))
def test_zeros_behind_a_number_change_nothing(number: Decimal, zeros: int) -> None:
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    longer = Decimal((number.is_signed(), (*number.as_tuple().digits, *[0] * zeros), exponent - zeros))
    assert by_value(number) == by_value(longer)


@given(st.decimals(-100, 100, places=3), st.decimals(-100, 100, places=2))
def test_texts_are_equal_when_the_values_are(one: Decimal, other: Decimal) -> None:
    assert (by_value(one) == by_value(other)) == (one == other)


@pytest.mark.parametrize(
    ("written", "number"),
    [("7", 7), ("007", 7), ("-0", Decimal("-0")), ("1.50", Decimal("1.50")), ("1e400", Decimal("1E+400")), ("x", None),
     ("", None), ("1e", None), (" 1", None), ("1_0", None), ("١", None), ("nan", None), ("1e1000", None),
     ("9" * 5000, None), ("1e99999999999999999999", None), (".5", None)],
)  # fmt: skip
def test_a_text_is_a_number_or_none(written: str, number: Any) -> None:
    assert str(number_of(written)) == str(number)
