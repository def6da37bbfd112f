"""Patches made to be expensive."""

from typing import Any

import pytest

from facade.contract.violations import ContractViolation
from facade.tmf.patch import Limits, apply_patch
from facade.tmf.patch.limits import Budget, extent

STRICT, QUERY = "application/json-patch+json", "application/json-patch-query+json"


def refusal(patch: Any, document: dict[str, Any] | None = None, media_type: str = QUERY, **limits: int) -> str:
    with pytest.raises(ContractViolation) as caught:
        apply_patch(media_type, {} if document is None else document, patch, Limits(**limits))
    return caught.value.violations[0].pointer + " " + caught.value.violations[0].message


def add(path: str, value: Any) -> dict[str, Any]:
    return {"op": "add", "path": path, "value": value}


def test_too_many_operations() -> None:
    assert "more than 100 operations" in refusal([add("/a", 1)] * 101)
    assert apply_patch(STRICT, {}, [add("/a", 1)] * 100) == {"a": 1}


def test_a_copy_that_doubles_the_document_each_time() -> None:
    patch = [{"op": "copy", "from": "", "path": f"/copy{i}"} for i in range(100)]
    said = refusal(patch, {"text": "x" * 1_000})
    assert "larger than 1048576 bytes" in said
    assert said.startswith("/1"), "after some ten doublings, not after a hundred"


def test_many_small_values_count_as_well_as_bytes() -> None:
    patch = [{"op": "copy", "from": "", "path": f"/copy{i}"} for i in range(100)]
    assert "more than 50000 values" in refusal(patch, {"list": [0] * 500})


def test_a_query_that_puts_a_large_value_in_many_places() -> None:
    document = {"item": [{"id": "1"} for _ in range(900)]}
    assert "larger than" in refusal([add("/item/x?id=1", "y" * 2_000)], document)
    assert "more than 1000 places" in refusal([add("/item/x?id=1", 1)] * 2, document)


def test_what_would_be_too_large_is_refused_before_it_is_made() -> None:
    budget = Budget(Limits(), {})
    assert budget.write([("item", "x")] * 900, "y" * 1_000, anew=True) is None
    assert "larger than" in str(budget.write([("item", "x")] * 900, "y" * 2_000, anew=True))


def test_long_names_in_many_places_count_as_well() -> None:
    document = {"item": [{"id": "1"} for _ in range(20)]}
    assert "larger than" in refusal([add("/item/" + "x" * 900 + "?id=1", 1)], document, size=10_000)


def test_work_that_leaves_no_trace_in_the_document() -> None:
    back_and_forth = [{"op": "copy", "from": "/a", "path": "/b"}, {"op": "remove", "path": "/b"}] * 50
    assert "writes more than 200000 values" in refusal(back_and_forth, {"a": [0] * 20_000})


def test_a_document_may_stay_near_its_limit_as_long_as_it_does_not_grow() -> None:
    patch = [add("/a", "y" * 600)] * 50
    assert apply_patch(STRICT, {"a": "x" * 600}, patch, Limits(size=1_000)) == {"a": "y" * 600}


def test_nesting_by_adding_copying_and_moving() -> None:
    deep: Any = 1
    for _ in range(40):
        deep = {"a": deep}
    place = "/a" * 30
    assert "nested deeper than 64" in refusal([add("/a", deep), add(place, deep)])
    assert "nested deeper than 64" in refusal([{"op": "copy", "from": "/a", "path": place}], {"a": deep})
    assert "nested deeper than 64" in refusal([{"op": "move", "from": "/b", "path": place}], {"a": deep, "b": deep})
    for _ in range(100_000):
        deep = [deep]
    assert "nested deeper" in refusal([add("/a", deep)])


def test_pointers_and_queries_have_bounds() -> None:
    assert "longer than 1000 characters" in refusal([add("/" + "x" * 1_000, 1)])
    assert "more than 64 names" in refusal([add("/a" * 65, 1)])
    assert "more than 10 conditions" in refusal([add("/a/b?" + "&".join(["a=1"] * 200), 1)])
    large = {"a": [{"b": 1} for _ in range(20_000)]}
    test = {"op": "test", "path": "/a?b=1&c=1", "value": 1}
    assert "too much work" in refusal([test], large, visited=100_000)


def test_an_extent_is_about_the_size_of_the_json() -> None:
    measured = extent({"näme": ["a", 1, None, {}]})
    assert (measured.nodes, measured.depth) == (6, 3)
    assert 25 <= measured.size <= 60
