"""Differences between outcomes: all of them, and nothing else."""

import copy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.shared.jsontext import by_value
from facade.replay.differences import Difference, differences, grouped

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.text("ab~/", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab~/", max_size=2), inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({"a": 1}, {"a": Decimal("1.0")}, []),
        ({"a": 1}, {"a": True}, [("/a", "1", "true")]),
        ({"a": 1}, {}, [("/a", "1", "nothing")]),
        ({"a": None}, {}, [("/a", "null", "nothing")]),
        ([1], [1, {"b": 2}], [("/1", "nothing", '{"b":2}')]),
        ({"a/b": [1, 2]}, {"a/b": [1, 3]}, [("/a~1b/1", "2", "3")]),
        ({"a": []}, {"a": {}}, [("/a", "[]", "{}")]),
    ],
)
def test_a_difference_has_its_place_and_both_values(before: Any, after: Any, found: list[tuple[str, ...]]) -> None:
    assert list(differences(before, after)) == [Difference(*one) for one in found]


@given(JSON)
def test_nothing_differs_from_itself(value: Any) -> None:
    assert list(differences(value, copy.deepcopy(value))) == []


@given(JSON, JSON)
def test_what_is_not_equal_differs_somewhere(one: Any, other: Any) -> None:
    found = list(differences(one, other))
    assert bool(found) is (by_value(one) != by_value(other))
    swapped = {Difference(each.pointer, each.after, each.before) for each in differences(other, one)}
    assert swapped == set(found)


def test_entries_of_lists_are_told_once() -> None:
    before, after = {"lines": [{"id": "a"}, {"id": "b"}]}, {"lines": [{"id": "x"}, {"id": "y"}]}
    found = list(differences(before, after))
    [group] = grouped([("order", "one", found), ("order", "two", found), ("order", "three", ())])
    assert (group.operation, group.place, group.payloads, group.first) == ("order", "/lines/*/id", 2, "one")
    assert group.example == Difference("/lines/0/id", '"a"', '"x"')


def test_a_long_value_is_shortened() -> None:
    [one] = differences("x" * 1_000, None)
    assert len(one.before) < 300
