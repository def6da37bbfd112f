"""What others send is read with every digit, or refused with the place of what would be lost."""

import tracemalloc
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.shared.jsontext import MOST_DIGITS, Fault, FaultKind, Inexact, NotJson, read, text

REPEATED, NUMBER = FaultKind.REPEATED_NAME, FaultKind.NUMBER

NUMBERS: list[tuple[str, Any]] = [
    ("0", 0),
    ("-0", Decimal("-0")),
    ("-0.0", Decimal("-0.0")),
    ("10", 10),
    ("1.50", Decimal("1.50")),
    ("1E5", Decimal("1E+5")),
    ("1e5", Decimal("1E+5")),
    ("100e-2", Decimal("1.00")),
    ("1e400", Decimal("1E+400")),
    ("-1e-400", Decimal("-1E-400")),
    ("18446744073709551615", 2**64 - 1),
    ("18446744073709551616", 2**64),
    ("-9223372036854775809", -(2**63) - 1),
    ("36893488147419103233", 2**65 + 1),
    ("0.10000000000000000000000000000001", Decimal("0.10000000000000000000000000000001")),
]


FRAMES: list[tuple[str, Callable[[Any], Any]]] = [
    ("%s", lambda found: found),
    (" %s ", lambda found: found),
    ("[%s]", lambda found: found[0]),
    ('{"a":%s}', lambda found: found["a"]),
    ('{"a" : [1, %s\n]}', lambda found: found["a"][1]),
    ('["-0",%s,true]', lambda found: found[1]),
]


@pytest.mark.parametrize(("written", "value"), NUMBERS)
@pytest.mark.parametrize(("frame", "inside"), FRAMES)
def test_a_number_is_read_with_every_digit(
    frame: str, inside: Callable[[Any], Any], written: str, value: int | Decimal
) -> None:
    found = inside(read((frame % written).encode()))
    assert type(found) is type(value)
    assert str(found) == str(value)


REFUSED: list[tuple[str, list[Fault]]] = [
    ('{"a":1,"a":1}', [Fault(("a",), REPEATED)]),
    ('{"a":1,"\\u0061":2}', [Fault(("a",), REPEATED)]),
    ('{"a":1,"a":2,"a":3}', [Fault(("a",), REPEATED)]),
    ('{"":1,"":2}', [Fault(("",), REPEATED)]),
    ('[{"a":{"b":[1,{"c":1,"d":2,"c":{}}]}}]', [Fault((0, "a", "b", 1, "c"), REPEATED)]),
    ('{"a":{"x":1,"x":2},"b":[{"y":1,"y":2}]}', [Fault(("a", "x"), REPEATED), Fault(("b", 0, "y"), REPEATED)]),
    ('{"a":{"x":1,"x":2},"a":{"x":1,"x":2}}', [Fault(("a",), REPEATED), *[Fault(("a", "x"), REPEATED)] * 2]),
    ('{"-0":-0,"-0":0}', [Fault(("-0",), REPEATED)]),
    (f'{{"a":{"9" * (MOST_DIGITS + 1)}}}', [Fault(("a",), NUMBER)]),
    (f"[1,-{'9' * (MOST_DIGITS + 1)}]", [Fault((1,), NUMBER)]),
    (f"[{'9' * 5_000}]", [Fault((0,), NUMBER)]),
    (f"[0.{'1' * (MOST_DIGITS + 1)}]", [Fault((0,), NUMBER)]),
    (f"[1e{MOST_DIGITS}]", [Fault((0,), NUMBER)]),
    (f"[1e-{MOST_DIGITS + 1}]", [Fault((0,), NUMBER)]),
    ("[1e999999999, 0e999999999]", [Fault((0,), NUMBER), Fault((1,), NUMBER)]),
    ("[1e99999999999999999999]", [Fault((0,), NUMBER)]),
    ("[1e-99999999999999999999]", [Fault((0,), NUMBER)]),
    ('{"a":1e9999,"a":1}', [Fault(("a",), REPEATED), Fault(("a",), NUMBER)]),
]


@pytest.mark.parametrize(("content", "faults"), REFUSED, ids=[content[:40] for content, _ in REFUSED])
def test_what_would_be_lost_is_refused_with_its_place(content: str, faults: list[Fault]) -> None:
    with pytest.raises(Inexact) as refused:
        read(content.encode())
    assert list(refused.value.faults) == faults


def test_the_longest_numbers_are_read() -> None:
    longest = ["9" * MOST_DIGITS, f"0.{'1' * MOST_DIGITS}", f"1e{MOST_DIGITS - 1}", f"1e-{MOST_DIGITS}"]
    found = read(f"[{','.join(longest)}]".encode())
    assert [Decimal(one) for one in found] == [Decimal(one) for one in longest]


@pytest.mark.parametrize("digits", [1_000_000, -1_000_000])
def test_a_megabyte_of_digits_is_refused(digits: int) -> None:
    content = b"9" * digits if digits > 0 else b"0." + b"9" * -digits
    with pytest.raises(Inexact):
        read(content)


def test_of_many_faults_the_first_are_told() -> None:
    with pytest.raises(Inexact) as refused:
        read(b"[" + b",".join([b'{"a":1,"a":2}'] * 1_000) + b"]")
    assert [fault.path for fault in refused.value.faults] == [(index, "a") for index in range(50)]


def test_faults_in_a_deep_and_wide_document_are_found_with_little_memory() -> None:
    content = b"[" * 100 + b"1," * 200_000 + b'{"a":1,"a":2}' + b"]" * 100
    tracemalloc.start()
    try:
        with pytest.raises(Inexact) as refused:
            read(content)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [fault.path for fault in refused.value.faults] == [(*[0] * 99, 200_000, "a")]
    assert most < 50 * len(content)


@pytest.mark.parametrize("depth", [150, 500, 100_000])
def test_faults_too_deep_to_be_told_are_not_looked_for(depth: int) -> None:
    with pytest.raises(NotJson) as refused:
        read(b'[{"a":1,"a":2},' + b'{"a":' * depth + b"1e9999" + b"}" * depth + b"]")
    assert refused.value.too_deep or depth > 500


BROKEN = [
    b"", b" ", b"{", b"[1,]", b'{"a":1,}', b"1 2", b"01", b"-01", b"1.", b".5", b"+1", b"1e", b"1e+", b"0x1", b"--1",
    b"-", b"NaN", b"Infinity", b"-Infinity", b"nul", b"True", b"'a'", b'"a', b'"\t"', b'"\x00"', b'"\\x"', b'"\\ud800"',
    b'"\\udc00"', b'"\xff"', b'"\xed\xa0\x80"', b"\xef\xbb\xbf1", b"{1:2}", b'{"a"}', b'{"a":}', b"[1}", b"/**/1",
    b'{"a":1,"a":NaN}', b'{"a":1,"a":2} x', b'{"a":1,"a":"\xff"}', b'{"a":-0,"b":01}', b"[" * 300 + b"]" * 300,
    b'{"a":1,"a":' + b"[" * 100_000,
]  # fmt: skip


@pytest.mark.parametrize("content", BROKEN, ids=[ascii(content[:20]) for content in BROKEN])
def test_what_breaks_the_rfc_is_not_json(content: bytes) -> None:
    with pytest.raises(NotJson) as refused:
        read(content)
    assert refused.value.line >= 1
    assert refused.value.column >= 1


def test_the_place_of_a_mistake_is_told() -> None:
    with pytest.raises(NotJson) as refused:
        read(b'{"a":1,\n"b":nope}')
    assert (refused.value.line, refused.value.too_deep) == (2, False)


def test_what_is_nested_too_deeply_is_told_apart() -> None:
    with pytest.raises(NotJson) as refused:
        read(b"[" * 100_000 + b"]" * 100_000)
    assert refused.value.too_deep


@given(st.one_of(st.binary(max_size=30), st.text('[]{}",:0123456789.eE-+ truefalsn\\u', max_size=20).map(str.encode)))
def test_it_takes_what_another_parser_takes(content: bytes) -> None:
    try:
        expected = orjson.loads(content)
    except orjson.JSONDecodeError:
        expected = None
    try:
        found = read(content)
    except NotJson:
        assert expected is None
    except Inexact:
        pass
    else:
        # orjson refuses numbers beyond a double's range, which we read.
        assert expected is not None or found is None or b"e" in content.lower()


VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**40), 10**40),
        st.decimals(-(10**30), 10**30, allow_nan=False, allow_infinity=False),
        st.just(Decimal("-0")),
        st.text(st.characters(exclude_categories=["Cs"])),
    ),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)),
)


@given(VALUES)
def test_what_is_written_is_read_as_it_was(value: Any) -> None:
    assert _spelled(read(text(value).encode())) == _spelled(value)


def _spelled(value: Any) -> Any:
    """Numbers by their digits and not by their value; one that is written as an integer is an `int`."""
    if isinstance(value, dict):
        return {name: _spelled(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_spelled(entry) for entry in value]
    return value if value is None or isinstance(value, bool | str) else ("number", str(value))
