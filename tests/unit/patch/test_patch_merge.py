"""RFC 7386 and what we add to it: bounds, and refusals that say what was meant."""

from decimal import Decimal
from typing import Any

import pytest

from facade.contract.violations import ContractViolation
from facade.tmf.patch import Limits, apply_patch, changed, merged

MERGE_TYPES = ["application/json", "application/merge-patch+json", "Application/JSON; charset=utf-8"]
APPENDIX_A: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]
"""Target, patch, result: the whole of RFC 7386, appendix A."""


@pytest.mark.parametrize(("target", "patch", "result"), APPENDIX_A)
def test_a_merge_patch_does_what_the_rfc_shows(target: Any, patch: Any, result: Any) -> None:
    assert merged(target, patch) == result


@pytest.mark.parametrize("media_type", MERGE_TYPES)
def test_both_media_types_merge(media_type: str) -> None:
    before = {"id": "1", "note": [{"text": "a"}], "period": {"start": "x", "end": "y"}}
    patch = {"note": [{"text": "b"}], "period": {"end": None}, "category": "B2B"}
    assert apply_patch(media_type, before, patch) == {
        "id": "1", "note": [{"text": "b"}], "period": {"start": "x"}, "category": "B2B",
    }  # fmt: skip


def test_an_unknown_media_type_is_the_callers_mistake() -> None:
    with pytest.raises(KeyError):
        apply_patch("application/json-patch+query", {}, [])


@pytest.mark.parametrize("patch", [[{"op": "remove", "path": "/a"}], None, "a", 1, True])
def test_a_merge_patch_has_to_be_an_object(patch: Any) -> None:
    with pytest.raises(ContractViolation) as refused:
        apply_patch("application/json", {"a": 1}, patch)
    [violation] = refused.value.violations
    assert violation.pointer == ""
    assert "merge patch is an object" in violation.message


def test_the_result_shares_nothing_with_what_it_was_made_from() -> None:
    before, patch = {"kept": {"x": [1]}}, {"new": {"y": [2]}}
    after = apply_patch("application/json", before, patch)
    after["kept"]["x"].append(9)
    after["new"]["y"].append(9)
    assert (before, patch) == ({"kept": {"x": [1]}}, {"new": {"y": [2]}})


def test_a_merge_that_is_too_deep_or_too_large_is_refused() -> None:
    deep: Any = {}
    for _ in range(100_000):
        deep = {"a": deep}
    small = Limits(nodes=10, size=200, depth=5)
    for patch in (deep, {"a": list(range(20))}, {"a": "x" * 300}):
        with pytest.raises(ContractViolation):
            apply_patch("application/json", {}, patch, small)


def test_a_document_that_grows_beyond_the_limit_is_refused_though_the_patch_is_small() -> None:
    with pytest.raises(ContractViolation, match="the document would have more"):
        apply_patch("application/json", {"a": "x" * 900}, {"b": "y" * 200}, Limits(size=1_000))


def test_changed_names_what_differs_in_document_order() -> None:
    before = {"z": 1, "a": [1, {"b": True}], "gone": None, "same": {"x": 1, "y": 2}}
    after = {"new": 0, "same": {"y": Decimal("2.0"), "x": 1}, "a": [1, {"b": 1}], "z": Decimal("1.0")}
    assert changed(before, after) == ["a", "gone", "new"]


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (1, Decimal("1.0"), True), (True, 1, False), (False, 0, False), (0, Decimal("-0.0"), True),
        (None, False, False), ("1", 1, False),
        ([1, 2], [2, 1], False), ([], {}, False), ({"a": [True]}, {"a": [1]}, False), ({"a": 1}, {"b": 1}, False),
        (2**65 + 1, 2**65 + 2, False), (10, Decimal("1E+1"), True), ({"a": None}, {}, False), (True, True, True),
        (Decimal("0.1"), Decimal("0.1000000000000000055"), False), ([1, [2]], [Decimal("1.0"), [Decimal("2.0")]], True),
    ],
)  # fmt: skip
def test_values_are_equal_as_json(one: Any, other: Any, equal: bool) -> None:
    assert (changed({"a": one}, {"a": other}) == []) is equal
