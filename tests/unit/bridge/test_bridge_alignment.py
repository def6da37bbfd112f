"""Which entries of a list are which after a change, and changes of one version carried into the other."""

from typing import Any

import pytest

from facade.tmf.bridge.alignment import aligned, merged


@pytest.mark.parametrize(
    ("old", "new", "stayed"),
    [
        (["a", "b"], ["b", "a"], {0: 1, 1: 0}),
        (["a", "a"], ["a"], {0: 0}),
        ([1, True], [True, 1], {0: 1, 1: 0}),
        ([{"id": "1", "x": 1}, {"id": "2"}], [{"id": "2", "x": 2}, {"id": "1"}], {0: 1, 1: 0}),
        ([{"id": "1"}], [{"id": "2"}], {}),
        ([{"id": "1", "x": 1}, {"id": "1", "x": 2}], [{"id": "1", "x": 3}], {}),
        ([{"name": "n", "x": 1}, {}], [{"name": "n", "x": 2}], {0: 0}),
        ([{"name": "n"}], [{"name": "m"}], {0: 0}),
        ([{"party": {"id": "A"}, "role": "x"}], [{"party": {"id": "B"}, "role": "x"}], {}),
        ([{"party": {"id": "A"}, "role": "x"}], [{}, {"party": {"id": "A"}, "role": "y"}], {0: 1}),
        ([{"x": 1}, {"x": 2}], [{"x": 3}], {}),
        ([{"x": 1}], [{"x": 3}], {0: 0}),
    ],
)
def test_an_entry_is_known_by_what_it_is_by_its_id_or_by_its_position(
    old: list[Any], new: list[Any], stayed: dict[int, int]
) -> None:
    assert aligned(old, new) == stayed


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "result"),
    [
        ({"a": 1}, {"a": 1, "ours": 2}, {"a": 3}, {"a": 3, "ours": 2}),
        ({"a": 1}, {"a": 1, "ours": 2}, {}, {"ours": 2}),
        ({"a": 1, "supplied": 0}, {"a": 1}, {"a": 2, "supplied": 0}, {"a": 2}),
        ({}, {"ours": 1}, {"ours": 2, "new": 3}, {"ours": 2, "new": 3}),
        (
            [{"id": "1"}], [{"id": "1", "ours": 1}],
            [{"id": "2"}, {"id": "1", "a": 2}], [{"id": "2"}, {"id": "1", "ours": 1, "a": 2}],
        ),
        ([{"id": "1"}], [{"id": "1", "ours": 1}], [{"id": "2"}], [{"id": "2"}]),
        ({"id": "1"}, {"id": "1", "ours": 1}, {"id": "2"}, {"id": "2"}),
        ({"id": "1"}, {"id": "1", "ours": 1}, {"id": "1", "a": 2}, {"id": "1", "a": 2, "ours": 1}),
        ({}, {"ours": 1}, {"id": "2"}, {"id": "2", "ours": 1}),
        ([], [], [1], [1]),
        ("a", "A", "b", "b"),
        ("a", "A", "a", "A"),
    ],
)  # fmt: skip
def test_what_changed_in_one_version_is_changed_in_the_other_and_no_more(
    base: Any, ours: Any, theirs: Any, result: Any
) -> None:
    assert merged(base, ours, theirs, ()) == result


def test_entries_that_one_version_hides_stay_beside_those_that_stay() -> None:
    ours, base = [{"hidden": 1}, {"id": "1"}, {"hidden": 2}, {"id": "2"}], [{"id": "1"}, {"id": "2"}]
    hidden = {("list", "0"), ("list", "2")}
    later = [{"id": "2"}, {"id": "1", "a": 1}, {"id": "3"}]
    assert merged(base, ours, later, hidden, ("list",)) == [
        {"hidden": 1}, {"id": "2"}, {"id": "1", "a": 1}, {"hidden": 2}, {"id": "3"},
    ]  # fmt: skip
    assert merged(base, ours, [{"id": "3"}], hidden, ("list",)) == [{"id": "3"}]
