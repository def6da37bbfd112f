"""RFC 6902: its own examples, its corners, and what a refusal says."""

from decimal import Decimal
from typing import Any

import pytest

from facade.contract.violations import Code, ContractViolation, Violation
from facade.tmf.patch import Limits, PatchTestFailed, apply_patch, require_form

STRICT, QUERY = "application/json-patch+json", "application/json-patch-query+json"
Document = dict[str, Any]
APPENDIX_A: dict[str, tuple[Document, list[Document], Document]] = {
    "A.1": ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux"}], {"baz": "qux", "foo": "bar"}),
    "A.2": (
        {"foo": ["bar", "baz"]},
        [{"op": "add", "path": "/foo/1", "value": "qux"}],
        {"foo": ["bar", "qux", "baz"]},
    ),
    "A.3": ({"baz": "qux", "foo": "bar"}, [{"op": "remove", "path": "/baz"}], {"foo": "bar"}),
    "A.4": ({"foo": ["bar", "qux", "baz"]}, [{"op": "remove", "path": "/foo/1"}], {"foo": ["bar", "baz"]}),
    "A.5": (
        {"baz": "qux", "foo": "bar"},
        [{"op": "replace", "path": "/baz", "value": "boo"}],
        {"baz": "boo", "foo": "bar"},
    ),
    "A.6": (
        {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
        [{"op": "move", "from": "/foo/waldo", "path": "/qux/thud"}],
        {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
    ),
    "A.7": (
        {"foo": ["all", "grass", "cows", "eat"]},
        [{"op": "move", "from": "/foo/1", "path": "/foo/3"}],
        {"foo": ["all", "cows", "eat", "grass"]},
    ),
    "A.8": (
        {"baz": "qux", "foo": ["a", 2, "c"]},
        [{"op": "test", "path": "/baz", "value": "qux"}, {"op": "test", "path": "/foo/1", "value": 2}],
        {"baz": "qux", "foo": ["a", 2, "c"]},
    ),
    "A.10": (
        {"foo": "bar"},
        [{"op": "add", "path": "/child", "value": {"grandchild": {}}}],
        {"foo": "bar", "child": {"grandchild": {}}},
    ),
    "A.11": ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux", "xyz": 123}], {"foo": "bar", "baz": "qux"}),
    "A.14": ({"/": 9, "~1": 10}, [{"op": "test", "path": "/~01", "value": 10}], {"/": 9, "~1": 10}),
    "A.16": ({"foo": ["bar"]}, [{"op": "add", "path": "/foo/-", "value": ["abc"]}], {"foo": ["bar", ["abc"]]}),
}
"""RFC 6902, appendix A, as far as it succeeds. A.13 (a name twice in one object) is for the JSON parser."""
ORDER: Document = {"a": [1, 2, 3], "o": {"x": 1}, "s": "text", "n": 5, "": 7, "~/": 8}


def refused(patch: Any, document: Document = ORDER, media_type: str = STRICT, **limits: int) -> Violation:
    with pytest.raises((ContractViolation, PatchTestFailed)) as caught:
        apply_patch(media_type, document, patch, Limits(**limits))
    assert isinstance(caught.value, ContractViolation | PatchTestFailed)
    [violation] = caught.value.violations
    return violation


@pytest.mark.parametrize("media_type", [STRICT, QUERY])
@pytest.mark.parametrize(("before", "patch", "after"), APPENDIX_A.values(), ids=APPENDIX_A)
def test_a_patch_does_what_the_rfc_shows(
    media_type: str, before: Document, patch: list[Document], after: Document
) -> None:
    assert apply_patch(media_type, before, patch) == after


@pytest.mark.parametrize(
    ("before", "operation"),
    [
        ({"baz": "qux"}, {"op": "test", "path": "/baz", "value": "bar"}),
        ({"/": 9, "~1": 10}, {"op": "test", "path": "/~01", "value": "10"}),
        ({"a": 1}, {"op": "test", "path": "/a", "value": True}),
        ({"a": False}, {"op": "test", "path": "/a", "value": 0}),
        ({"a": [{"b": True}]}, {"op": "test", "path": "/a", "value": [{"b": 1}]}),
        ({"a": 1}, {"op": "test", "path": "/b", "value": None}),
        ({"a": [1]}, {"op": "test", "path": "/a/-", "value": 1}),
        ({"a": 1}, {"op": "test", "path": "/a/b/c", "value": 1}),
    ],
)  # A.9 and A.15 first
def test_a_failed_test_is_an_error_of_its_own(before: Document, operation: Document) -> None:
    with pytest.raises(PatchTestFailed) as failed:
        apply_patch(STRICT, before, [{"op": "add", "path": "/z", "value": 1}, operation])
    [violation] = failed.value.violations
    assert failed.value.operation == 1
    assert violation.pointer == "/1/path"
    assert "nothing was changed" in violation.message


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, Decimal("1.0")),
        (Decimal("1E+0"), 1),
        (Decimal("-0"), 0),
        ({"a": 1, "b": [2]}, {"b": [Decimal("2.0")], "a": 1}),
        (None, None),
        (True, True),
    ],
)
def test_a_test_compares_numbers_by_value_and_objects_without_order(value: Any, expected: Any) -> None:
    assert apply_patch(STRICT, {"v": value}, [{"op": "test", "path": "/v", "value": expected}]) == {"v": value}


def test_the_corners_that_are_allowed() -> None:
    def patched(**operation: Any) -> Document:
        return apply_patch(STRICT, ORDER, [operation])

    assert patched(op="add", path="/a/3", value=4)["a"] == [1, 2, 3, 4]
    assert patched(op="add", path="/o", value=0)["o"] == 0
    assert patched(op="add", path="/a", value={"x": 1})["a"] == {"x": 1}, "strict: add replaces even an array"
    assert "" not in patched(op="remove", path="/")
    assert "~/" not in patched(op="remove", path="/~0~1")
    assert patched(op="replace", path="", value={"b": 1}) == {"b": 1}
    assert patched(op="move", path="", **{"from": "/o"}) == {"x": 1}
    assert patched(op="move", path="/o", **{"from": "/o"}) == ORDER
    assert patched(op="copy", path="/o/y", **{"from": "/o"})["o"] == {"x": 1, "y": {"x": 1}}
    assert patched(op="copy", path="/a/0", **{"from": "/a/2"})["a"] == [3, 1, 2, 3]
    assert patched(op="add", path="/what?x=1", value=1)["what?x=1"] == 1
    assert apply_patch(STRICT, ORDER, []) == ORDER


@pytest.mark.parametrize(
    ("operation", "pointer", "said"),
    [
        ({"op": "remove", "path": "/nope"}, "/0/path", "remove: there is no /nope"),
        ({"op": "replace", "path": "/a/3", "value": 1}, "/0/path", "the array has the entries 0 to 2"),
        ({"op": "replace", "path": "/a/01", "value": 1}, "/0/path", "entries 0 to 2"),
        ({"op": "replace", "path": "/a/-1", "value": 1}, "/0/path", "entries 0 to 2"),
        ({"op": "replace", "path": "/a/-", "value": 1}, "/0/path", "entries 0 to 2"),
        ({"op": "remove", "path": "/a/-"}, "/0/path", "entries 0 to 2"),
        ({"op": "add", "path": "/a/4", "value": 1}, "/0/path", "at 0 to 3, or at the end as `-`"),
        ({"op": "add", "path": "/a/٣", "value": 1}, "/0/path", "at 0 to 3"),
        ({"op": "add", "path": "/a/1\n", "value": 1}, "/0/path", "at 0 to 3"),
        ({"op": "add", "path": "/a/" + "9" * 500, "value": 1}, "/0/path", "at 0 to 3"),
        ({"op": "add", "path": "/a/x/y", "value": 1}, "/0/path", "entries 0 to 2"),
        ({"op": "add", "path": "/baz/bat", "value": 1}, "/0/path", "no /baz: the object has no such member"),
        ({"op": "add", "path": "/s/0", "value": 1}, "/0/path", "a simple value has no members"),
        ({"op": "remove", "path": "/n/0"}, "/0/path", "a simple value has no members"),
        ({"op": "remove", "path": ""}, "/0/path", "the document itself cannot be removed"),
        ({"op": "replace", "path": "", "value": []}, "/0/path", "must remain an object"),
        ({"op": "add", "path": "", "value": 5}, "/0/path", "must remain an object"),
        ({"op": "copy", "from": "/a", "path": ""}, "/0/path", "must remain an object"),
        ({"op": "move", "from": "/o", "path": "/o/y"}, "/0/path", "cannot be moved into itself"),
        ({"op": "move", "from": "", "path": "/o/y"}, "/0/path", "cannot be moved into itself"),
        ({"op": "move", "from": "/nope", "path": "/nope"}, "/0/from", "no /nope"),
        ({"op": "move", "from": "/a/0", "path": "/a/3"}, "/0/path", "at 0 to 2, or at the end"),
        ({"op": "move", "from": "/n", "path": "/q/r"}, "/0/path", "no /q"),
        ({"op": "copy", "from": "/a/-", "path": "/q"}, "/0/from", "entries 0 to 2"),
        ({"op": "copy", "from": "/s/0", "path": "/q"}, "/0/from", "a simple value"),
        ({"op": "remove", "path": "a"}, "/0/path", "start with `/`"),
        ({"op": "remove", "path": "/~2"}, "/0/path", "`~` must be followed by"),
        ({"op": "remove", "path": "/a~"}, "/0/path", "`~` must be followed by"),
        ({"op": "add", "path": "/a\0", "value": 1}, "/0/path", "NUL"),
        ({"op": "add", "path": ["a"], "value": 1}, "/0/path", "needs a text"),
        ({"op": "copy", "path": "/a", "from": None}, "/0/from", "needs a text"),
        ({"op": "add", "path": "/a"}, "/0/value", "add needs `value`"),
        ({"op": "move", "path": "/a"}, "/0/from", "move needs `from`"),
        ({"op": "remove"}, "/0/path", "remove needs `path`"),
        ({"path": "/a"}, "/0/op", "needs `op`"),
        ({"op": "Add", "path": "/a"}, "/0/op", "'Add' is no operation"),
        ({"op": ["add"], "path": "/a"}, "/0/op", "is no operation"),
        ("add", "/0", "an operation is an object"),
    ],
)  # fmt: skip
def test_a_refusal_says_where_and_why(operation: Any, pointer: str, said: str) -> None:
    violation = refused([operation])
    assert violation.pointer == pointer
    assert said in violation.message


def test_what_is_allowed_is_listed() -> None:
    assert refused([{"op": "put", "path": "/a"}]).allowed == ("add", "remove", "replace", "move", "copy", "test")
    violation = refused([{"op": "remove", "path": "/o/y"}])
    assert (violation.code, violation.allowed) == (Code.REFERENCE_NOT_FOUND, ("x",))


@pytest.mark.parametrize("patch", [{"a": 1}, None, "x", 1])
def test_a_json_patch_has_to_be_a_list(patch: Any) -> None:
    assert "a JSON patch is a list of operations" in refused(patch).message


def test_everything_wrong_in_form_is_said_at_once() -> None:
    with pytest.raises(ContractViolation) as caught:
        apply_patch(STRICT, {}, [{"op": "add"}, 5, {"op": "remove", "path": "x"}])
    assert [one.pointer for one in caught.value.violations] == ["/0/path", "/0/value", "/1", "/2/path"]


@pytest.mark.parametrize(
    ("media_type", "patch"),
    [
        (STRICT, [5]), (STRICT, {"a": 1}), (STRICT, [{}]), (STRICT, [{"op": "add", "path": 5, "value": 1}]),
        (QUERY, [{"op": "remove", "path": "/a?b"}]), ("application/json", []), ("application/merge-patch+json", None),
    ],
)  # fmt: skip
def test_the_form_can_be_required_before_there_is_a_document(media_type: str, patch: Any) -> None:
    with pytest.raises(ContractViolation):
        require_form(media_type, patch)
    require_form(STRICT, [{"op": "remove", "path": "/a?b"}])
    require_form("application/json; charset=utf-8", {"a": None})


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "x" * 900, "path": "/a"},
        {"op": "remove", "path": "/" + "x" * 900},
        {"op": "test", "path": "/" + "x" * 900, "value": "y" * 900},
        {"op": "remove", "path": "/a?" + "x" * 800 + "=" + "z" * 90},
        {"op": "replace", "path": "/a/b?id=" + "x" * 900, "value": "y" * 900},
    ],
)
def test_a_refusal_repeats_little_of_what_was_sent(operation: Document) -> None:
    violation = refused([operation], {"a": [{"id": "1"}]}, QUERY)
    assert sum(violation.message.count(letter * 10) * 10 for letter in "xyz") <= 60
    assert len(violation.message) < 200


def test_operations_see_what_those_before_them_did() -> None:
    patch: list[dict[str, Any]] = [
        {"op": "add", "path": "/list", "value": []},
        {"op": "add", "path": "/list/-", "value": {"k": 1}},
        {"op": "copy", "from": "/list/0", "path": "/list/0"},
        {"op": "replace", "path": "/list/0/k", "value": 2},
        {"op": "test", "path": "/list", "value": [{"k": 2}, {"k": 1}]},
    ]
    value = patch[1]["value"]
    assert apply_patch(STRICT, {}, patch) == {"list": [{"k": 2}, {"k": 1}]}
    assert value == {"k": 1}
