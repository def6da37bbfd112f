import json
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facade.contract.limits import Limits, survey, too_many_values
from facade.contract.validator import Contract
from facade.contract.violations import Code
from tests.support.specs import mistakes


def nested(depth: int, key: str | None = None) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value] if key is None else {key: value}
    return value


@pytest.mark.parametrize("key", [None, "item", "product"])
@pytest.mark.parametrize("depth", [65, 1_000, 100_000])
def test_depth_is_capped_before_anything_recurses(contract: Contract, key: str | None, depth: int) -> None:
    [found] = mistakes(contract, "createOrder", nested(depth, key))
    assert (found.pointer, found.code) == ("", Code.OTHER_ISSUE)


def test_the_deepest_permitted_body_is_judged_by_its_schema(contract: Contract, order: dict[str, Any]) -> None:
    assert mistakes(contract, "createOrder", {**order, "extension": nested(62)}) == []


def test_an_answer_may_stand_around_what_was_as_deep_as_a_request_may_be(contract: Contract) -> None:
    deepest = {"@type": "Order", "extension": nested(62)}
    said = contract.response_errors("createOrder", 201, {**deepest, "extension": 1})
    assert contract.response_errors("createOrder", 201, {**deepest, "extension": {"around": [nested(62)]}}) == said


def test_an_order_nested_to_the_limit_is_completed_and_judged(contract: Contract) -> None:
    item: dict[str, Any] = {"id": "last"}
    for _ in range(25):
        item = {"id": "x", "action": "add", "item": [item]}
    [found] = mistakes(contract, "createOrder", {"item": [item]})
    assert found.pointer == "/item/0" + "/item/0" * 25 + "/action"


def test_the_number_of_values_is_capped(contract: Contract) -> None:
    [found] = mistakes(contract, "createOrder", {"item": [{}] * 60_000})
    assert found.code is Code.TOO_MANY_RECORDS


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        ("a\0b", "/item/0/ratio"),
        ({"a\0": 1}, "/item/0/ratio/a\0"),
    ],
)
def test_what_no_database_stores_is_refused_where_it_stands(contract: Contract, value: Any, pointer: str) -> None:
    body = {"@type": "Order", "item": [{"@type": "Item", "id": "1", "action": "add", "ratio": value}]}
    [found] = mistakes(contract, "createOrder", body)
    assert found.pointer == pointer


@pytest.mark.parametrize("number", [2**53, -(2**53), 2**64 - 1, 10**30])
def test_integers_that_not_everybody_keeps_exactly_are_refused(contract: Contract, number: int) -> None:
    body = {"@type": "Order", "item": [{"@type": "Item", "id": "1", "action": "add", "quantity": number}]}
    [found] = mistakes(contract, "createOrder", body)
    assert (found.pointer, found.code) == ("/item/0/quantity", Code.INVALID_VALUE)


@pytest.mark.parametrize("name", ["__proto__", "constructor", "$ref", "", "~", "/", "💥", "'; DROP TABLE orders;--"])
def test_odd_names_are_only_names(contract: Contract, order: dict[str, Any], name: str) -> None:
    assert mistakes(contract, "createOrder", {**order, name: {name: [name]}}) == []


@pytest.mark.parametrize("type_name", [5, [], {}, True, "", "x" * 100_000, "Ref", "../../etc/passwd"])
def test_no_type_name_breaks_the_judgement(contract: Contract, order: dict[str, Any], type_name: Any) -> None:
    item = {"@type": "Item", "id": "1", "action": "add", "product": {"@type": type_name, "@baseType": type_name}}
    for violation in mistakes(contract, "createOrder", {**order, "item": [item]}):
        assert violation.pointer.startswith("/item/0/product/")
        assert len(violation.message) < 300


def test_a_survey_sees_whole_decimals_only_where_there_are_any() -> None:
    for whole in ("1.0", "1E+5", "-0", f"{'1' * 40}.0"):
        assert survey({"a": [Decimal(whole)]}, Limits()).has_whole_decimals
    assert not survey({"a": [1, Decimal("1.5"), Decimal(f"{'1' * 40}.5"), "1.0"]}, Limits()).has_whole_decimals


@settings(max_examples=300, deadline=None)
@given(
    document=st.recursive(
        st.one_of(st.none(), st.integers(), st.text(alphabet='a",[]{}:\\ é', max_size=6)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4), st.dictionaries(st.text(alphabet='b",[]{}:\\', max_size=4), inner, max_size=4)
        ),
        max_leaves=30,
    ),
    most=st.integers(1, 30),
)
def test_no_document_within_the_limit_is_refused_before_it_is_parsed(document: Any, most: int) -> None:
    limits = Limits(nodes=most)
    refused = too_many_values(json.dumps(document).encode(), limits)
    assert refused is None or refused == survey(document, limits).refusal


@pytest.mark.parametrize("entry", [b"1", b"[]", b"{}", b'""', b"[[[]]]", b'{"a":{}}', b'"\\""', b'"\\\\"', b'["",1]'])
def test_a_body_of_too_many_values_is_never_parsed(entry: bytes) -> None:
    content = b"[" + b",".join([entry] * 60_000) + b"]"
    refused = too_many_values(content, Limits())
    assert refused == survey(orjson.loads(content), Limits()).refusal
    assert too_many_values(b'["' + b",[{" * 100_000 + b'"]', Limits()) is None, "in a text they are no values"
