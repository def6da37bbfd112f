"""Positions as clients hand them back: whole, or refused."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.shared.criteria import SortBy
from canonical.shared.paging import SORTED_CHARACTERS, Position
from facade.contract.violations import ContractViolation
from facade.web.cursors import LONGEST, Course

EVERY = Course("orders", (SortBy.TEXT, SortBy.NUMBER, SortBy.INSTANT, SortBy.BOOLEAN))
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=SORTED_CHARACTERS)
NUMBERS = st.integers().map(str) | st.floats(allow_nan=False, allow_infinity=False).map(repr)
TIMES = st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999)
POSITIONS = st.builds(
    lambda *marks, key: Position(marks, key),
    *(st.none() | known for known in (TEXTS, NUMBERS, TIMES, st.booleans())),
    key=st.text("0123456789abcdef-", min_size=1, max_size=36),
)


def refused(cursor: str, course: Course = EVERY) -> bool:
    with pytest.raises(ContractViolation) as raised:
        course.read(cursor)
    [violation] = raised.value.violations
    return violation.pointer == "/cursor"


def made(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


GIVEN = EVERY.written(Position(("a", "1", 2, True), "key"), 7)
DIGEST = json.loads(base64.urlsafe_b64decode(str(GIVEN) + "=="))[0]


@given(POSITIONS, st.integers(0, 10**15))
def test_a_position_comes_back_as_it_was(position: Position, seen: int) -> None:
    cursor = EVERY.written(position, seen)
    assert cursor is not None
    assert EVERY.read(cursor) == (position, seen)


def test_the_longest_position_fits() -> None:
    longest = Course("orders", (SortBy.TEXT,) * 5)
    cursor = longest.written(Position(("\x01" * SORTED_CHARACTERS,) * 5, "k" * 36), 10**15)
    assert cursor is not None
    assert len(cursor) <= LONGEST


@pytest.mark.parametrize(
    ("marks", "key"),
    [
        (("a" * 101, "1", 2, True), "key"),
        (("a\0", "1", 2, True), "key"),
        (("a", "inf", 2, True), "key"),
        (("a", "1" * 1_001, 2, True), "key"),
        (("a", "1", 2, True), "k" * 37),
    ],
)
def test_a_position_that_no_cursor_can_hold_is_not_written(marks: tuple[Any, ...], key: str) -> None:
    assert EVERY.written(Position(marks, key), 0) is None


@pytest.mark.parametrize(
    "told",
    [
        [],
        {},
        "x",
        7,
        None,
        [DIGEST],
        [DIGEST, 0, "key"],
        [DIGEST, 0, "key", "a", "1", 2],
        [DIGEST, 0, "key", "a", "1", 2, True, True],
        ["another list", 0, "key", "a", "1", 2, True],
        [None, 0, "key", "a", "1", 2, True],
        [DIGEST, -1, "key", "a", "1", 2, True],
        [DIGEST, True, "key", "a", "1", 2, True],
        [DIGEST, 1.5, "key", "a", "1", 2, True],
        [DIGEST, "0", "key", "a", "1", 2, True],
        [DIGEST, 10**16, "key", "a", "1", 2, True],
        [DIGEST, 2**70, "key", "a", "1", 2, True],
        [DIGEST, 0, None, "a", "1", 2, True],
        [DIGEST, 0, "k" * 37, "a", "1", 2, True],
        [DIGEST, 0, "k\0", "a", "1", 2, True],
        [DIGEST, 0, ["key"], "a", "1", 2, True],
        [DIGEST, 0, "\ud800", "a", "1", 2, True],
        [DIGEST, 0, "key", "\ud800", "1", 2, True],
        [DIGEST, 0, "key", 7, "1", 2, True],
        [DIGEST, 0, "key", "a" * 101, "1", 2, True],
        [DIGEST, 0, "key", {"a": 1}, "1", 2, True],
        [DIGEST, 0, "key", "a", 1, 2, True],
        [DIGEST, 0, "key", "a", "NaN", 2, True],
        [DIGEST, 0, "key", "a", "Infinity", 2, True],
        [DIGEST, 0, "key", "a", "1); DROP TABLE orders; --", 2, True],
        [DIGEST, 0, "key", "a", "1e99999", 2, True],
        [DIGEST, 0, "key", "a", "1" * 1_001, 2, True],
        [DIGEST, 0, "key", "a", "１", 2, True],
        [DIGEST, 0, "key", "a", "1", "2", True],
        [DIGEST, 0, "key", "a", "1", 2.0, True],
        [DIGEST, 0, "key", "a", "1", True, True],
        [DIGEST, 0, "key", "a", "1", 10**20, True],
        [DIGEST, 0, "key", "a", "1", -(10**20), True],
        [DIGEST, 0, "key", "a", "1", 2, 1],
        [DIGEST, 0, "key", "a", "1", 2, "true"],
    ],
    ids=ascii,
)
def test_what_somebody_made_up_is_refused(told: Any) -> None:
    assert refused(made(told))


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "=",
        "A",
        "====",
        "é",
        "A" * 100_000,
        "+/",
        " ",
        "\0",
        made(b"\xff"),
        made(b'["\\ud800"]'),
        made(b"[" * 5_000),
    ],
    ids=lambda cursor: ascii(cursor)[:20],
)
def test_what_is_no_cursor_at_all_is_refused(cursor: str) -> None:
    assert refused(cursor)
    assert refused(f"{GIVEN}=")


@given(st.text(max_size=40) | st.binary(max_size=60).map(made))
def test_any_text_is_refused_and_nothing_worse(cursor: str) -> None:
    assert refused(cursor)


@pytest.mark.parametrize("course", [Course("others", EVERY.by), Course("orders", EVERY.by[::-1]), Course("orders")])
def test_a_cursor_is_good_for_the_list_that_it_was_given_for(course: Course) -> None:
    assert refused(str(GIVEN), course)
