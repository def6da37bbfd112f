"""Laws that hold for every document and every patch."""

import copy
from decimal import Decimal
from typing import Any

import jsonpatch
import jsonpointer
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facade.contract.violations import ContractViolation
from facade.tmf.patch import MEDIA_TYPES, PatchTestFailed, apply_patch, changed, json_equal, merged

NAMES = st.sampled_from(["a", "b", "c", "0", "-", "", "~", "/", "a/b", "é", "@type", "x?y"])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "a", "1", "true"]),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)
DOCUMENTS = st.dictionaries(NAMES, VALUES, max_size=5)
TOKENS = st.sampled_from(["a", "b", "c", "0", "1", "-", "", "~0", "~1", "~", "01", "x?y", "a~1b"])
KEYS = ["a", "b", "a.b", "a.a", "0", "", "%", "%61", "b.a.c"]
QUERIES = st.lists(
    st.builds("{}={}".format, st.sampled_from(KEYS), st.sampled_from(["1", "a", "", "%zz", "true"])), max_size=3
).map("&".join)
PATHS = st.builds(
    lambda tokens, mark, query: "".join("/" + token for token in tokens) + mark + query,
    st.lists(TOKENS, max_size=4),
    st.sampled_from(["", "", "?"]),
    QUERIES,
)
OPERATIONS = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]), "path": PATHS},
    optional={"from": PATHS, "value": VALUES, "extra": SCALARS},
)
GARBAGE = st.one_of(
    VALUES,
    st.lists(OPERATIONS, max_size=8),
    st.lists(st.one_of(OPERATIONS, VALUES), max_size=4),
    st.lists(st.dictionaries(st.sampled_from(["op", "path", "from", "value"]), VALUES), max_size=3),
)

NAME = st.sampled_from(["a", "b"])
NESTED = st.recursive(
    st.sampled_from([0, 1, Decimal("1.0"), True, "a", None]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAME, inner, max_size=2),
    max_leaves=15,
)
SMALL_DOCUMENTS = st.fixed_dictionaries({"a": NESTED, "b": NESTED})
PLAIN_PATHS = st.one_of(
    st.sampled_from(["/a", "/b", "/c", "/a/0", "/b/-", "/a/b", ""]),
    st.lists(st.sampled_from(["a", "b", "0", "1", "-"]), max_size=2).map(lambda tokens: "/".join(("/a", *tokens))),
)
"""Documents and patches that often fit each other."""


def plain(name: str, **members: Any) -> Any:
    return st.fixed_dictionaries({"op": st.just(name), "path": PLAIN_PATHS, **members})


WELL_FORMED = st.lists(
    st.one_of(
        plain("add", value=NESTED), plain("remove"), plain("replace", value=NESTED), plain("test", value=NESTED),
        plain("move", **{"from": PLAIN_PATHS}), plain("copy", **{"from": PLAIN_PATHS}),
    ),
    max_size=4,
)  # fmt: skip
ENTRIES = st.lists(st.fixed_dictionaries({"k": st.sampled_from([1, "1", "x", True, None])}, optional={"v": SCALARS}))


@settings(max_examples=300)
@given(st.sampled_from(MEDIA_TYPES), DOCUMENTS, GARBAGE)
def test_a_patch_is_applied_or_refused_and_changes_neither_itself_nor_its_document(
    media_type: str, document: dict[str, Any], patch: Any
) -> None:
    before, sent = copy.deepcopy(document), copy.deepcopy(patch)
    try:
        result = apply_patch(media_type, document, patch)
    except (ContractViolation, PatchTestFailed) as error:
        result, refused = {}, error.violations
    else:
        refused = ()
    assert isinstance(result, dict)
    assert all(len(violation.message) < 300 for violation in refused)
    assert (document, patch) == (before, sent)


@settings(max_examples=500)
@given(SMALL_DOCUMENTS, WELL_FORMED)
def test_a_strict_patch_does_what_the_library_does_by_itself(document: Any, patch: Any) -> None:
    """But for a resource that becomes something else than an object on the way: that is refused at once."""
    expected: Any = document
    try:
        for operation in patch:
            expected = jsonpatch.apply_patch(expected, [operation]) if isinstance(expected, dict) else None
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException):
        expected = None
    if isinstance(expected, dict):
        assert json_equal(apply_patch("application/json-patch+json", document, patch), expected)
    else:
        with pytest.raises((ContractViolation, PatchTestFailed)):
            apply_patch("application/json-patch+json", document, patch)


@given(ENTRIES, st.sampled_from(["1", "x", "true", "y"]), st.sampled_from(["k", "list.k"]))
def test_a_query_does_the_same_as_a_loop_over_the_entries(entries: Any, text: str, key: str) -> None:
    def fits(entry: Any) -> bool:
        value = entry["k"]
        return value == text or (text == "1" and value == 1 and value is not True) or (text == "true" and value is True)

    def done(op: str, path: str, **more: Any) -> Any:
        return apply_patch(MEDIA_TYPES[3], {"list": entries}, [{"op": op, "path": f"{path}?{key}={text}", **more}])

    if not any(map(fits, entries)):
        with pytest.raises(ContractViolation):
            done("remove", "/list")
        return
    assert json_equal(done("remove", "/list")["list"], [entry for entry in entries if not fits(entry)])
    added = [{**entry, "v": [0]} if fits(entry) else entry for entry in entries]
    assert json_equal(done("add", "/list/v", value=[0])["list"], added)


def merge_diff(before: Any, after: Any) -> Any:
    """The smallest merge patch from one object without null to another."""
    patch: dict[str, Any] = {name: None for name in before if name not in after}
    for name, value in after.items():
        if name not in before:
            patch[name] = value
        elif isinstance(value, dict) and isinstance(before[name], dict):
            inner = merge_diff(before[name], value)
            patch |= {name: inner} if inner else {}
        elif not json_equal(before[name], value):
            patch[name] = value
    return patch


def without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_null(member) for name, member in value.items() if member is not None}
    return value


@given(DOCUMENTS, DOCUMENTS)
def test_a_difference_merged_into_a_document_makes_the_other(one: Any, other: Any) -> None:
    before, after = without_null(one), without_null(other)
    patch = merge_diff(before, after)
    result = apply_patch("application/json", before, patch)
    assert json_equal(result, after)
    assert set(changed(before, result)) == set(patch)


@given(DOCUMENTS, DOCUMENTS)
def test_merging_twice_is_merging_once(document: Any, patch: Any) -> None:
    once = merged(document, patch)
    assert json_equal(merged(once, patch), once)


@given(DOCUMENTS, st.sampled_from(MEDIA_TYPES[:2]))
def test_an_empty_merge_patch_changes_nothing(document: Any, media_type: str) -> None:
    assert json_equal(apply_patch(media_type, document, {}), document)


@given(DOCUMENTS, NAMES, VALUES, st.sampled_from(MEDIA_TYPES[2:]))
def test_what_was_added_passes_a_test_and_can_be_removed(document: Any, name: str, value: Any, media_type: str) -> None:
    document.pop(name, None)
    if "?" in name:
        media_type = "application/json-patch+json"
    path = "/" + name.replace("~", "~0").replace("/", "~1")
    patch = [{"op": "add", "path": path, "value": value}, {"op": "test", "path": path, "value": value}]
    result = apply_patch(media_type, document, patch)
    assert changed(document, result) == [name]
    assert json_equal(apply_patch(media_type, result, [{"op": "remove", "path": path}]), document)


@given(DOCUMENTS, VALUES)
def test_a_test_agrees_with_equality(document: Any, value: Any) -> None:
    holder = {"v": document}
    try:
        apply_patch("application/json-patch+json", holder, [{"op": "test", "path": "/v", "value": value}])
        passed = True
    except PatchTestFailed:
        passed = False
    assert passed is json_equal(document, value)


@given(VALUES, VALUES)
def test_equality_has_no_direction(one: Any, other: Any) -> None:
    assert json_equal(one, other) is json_equal(other, one)
    assert json_equal(one, copy.deepcopy(one))
