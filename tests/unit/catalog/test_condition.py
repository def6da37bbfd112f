"""Conditions over facts."""

import pytest

from canonical.catalog.characteristics import Value, ValueType
from canonical.catalog.condition import Comparison, Condition, Facts, Operator, holds


def text(value: str) -> Value:
    return Value(ValueType.TEXT, value)


def number(value: str) -> Value:
    return Value(ValueType.NUMBER, value)


FACTS: Facts = {
    "segment": (text("consumer"), text("staff")),
    "age": (number("17.50"),),
    "term": (text("24"),),
    "home": (Value(ValueType.BOOLEAN, "true"),),
}


def compare(fact: str, operator: str, *values: Value) -> Condition:
    return Condition(comparison=Comparison(fact, Operator(operator), values))


IS, IS_NOT = compare("segment", "eq", text("staff")), compare("segment", "eq", text("business"))


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        (IS, True),
        (IS_NOT, False),
        (compare("segment", "in", text("business"), text("consumer")), True),
        (compare("segment", "in"), False),
        (compare("age", "eq", number("17.5")), True),
        (compare("age", "lt", number("17.5")), False),
        (compare("age", "lt", number("17.51")), True),
        (compare("age", "gte", number("17.5")), True),
        (compare("age", "gte", text("many")), False),
        (compare("term", "gte", number("24")), True),
        (compare("term", "eq", number("24")), False),
        (compare("home", "eq", Value(ValueType.BOOLEAN, "true")), True),
        (compare("home", "gte", number("0")), False),
        (compare("nobody", "eq", text("staff")), False),
        (Condition(negated=compare("nobody", "eq", text("x"))), True),
        (Condition(all=(IS, IS)), True),
        (Condition(all=(IS, IS_NOT)), False),
        (Condition(any=(IS_NOT, IS)), True),
        (Condition(any=(IS_NOT,)), False),
        (Condition(negated=IS), False),
        (Condition(), True),
        (Condition(all=(IS,), any=(IS_NOT,), negated=IS_NOT), False),
        (compare("age", "lt", number("NaN")), False),
    ],
)
def test_a_condition_holds_when_everything_that_it_says_does(condition: Condition, met: bool) -> None:
    assert holds(condition, FACTS) is met


def test_depth_and_comparisons_are_those_of_all_parts() -> None:
    whole = Condition(all=(IS, Condition(any=(IS_NOT, Condition(negated=IS)))))
    assert whole.depth == 4
    assert [one.values[0].text for one in whole.comparisons] == ["staff", "business", "staff"]
