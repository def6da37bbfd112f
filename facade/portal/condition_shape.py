"""Conditions as the canonical API writes them: `all`, `any`, `not`, or a fact with `eq`, `in`, `lt` or `gte`."""

from typing import Any

from marshmallow import fields

from canonical.catalog.condition import Comparison, Condition, Operator
from facade.characteristic_values import json_of, value_of


class ConditionField(fields.Field[Any]):
    def _serialize(self, value: Any, *_: Any, **__: Any) -> Any:
        return None if value is None else written(value)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Condition:
        return condition_of(value)


def condition_of(document: dict[str, Any]) -> Condition:
    """Of a document that keeps the contract."""
    if "fact" in document:
        operator = next(one for one in Operator if one.value in document)
        asked = document[operator.value]
        values = tuple(map(value_of, asked if operator is Operator.IN else [asked]))
        return Condition(comparison=Comparison(document["fact"], operator, values))
    if "not" in document:
        return Condition(negated=condition_of(document["not"]))
    return Condition(
        all=tuple(map(condition_of, document.get("all", ()))), any=tuple(map(condition_of, document.get("any", ())))
    )


def written(condition: Condition) -> dict[str, Any]:
    if condition.comparison is not None:
        values = [json_of(one) for one in condition.comparison.values]
        operator = condition.comparison.operator
        return {"fact": condition.comparison.fact, operator.value: values if operator is Operator.IN else values[0]}
    if condition.negated is not None:
        return {"not": written(condition.negated)}
    name = "any" if condition.any else "all"
    return {name: [written(part) for part in getattr(condition, name)]}
