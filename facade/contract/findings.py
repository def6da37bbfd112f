"""Lists the mistakes of a document at a limited cost.

jsonschema-rs 0.60 collects all its findings, each with a copy of the value it is about, before it returns the first
one, and no other thread of the process runs meanwhile: more than a second for 25,000 wrong entries of a list, of which
we show 50 mistakes. `FindingsValidator` skips the entries of lists that come after a hundred wrong ones, or after wrong
ones with 40,000 values in them. Other documents get the same findings in the same order.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import jsonschema_rs

BUDGET = 40_000
ENTRY_COST = 400
"""The cost of a wrong entry, in addition to one for each value in it. A hundred small ones are twice the number of
violations shown, because a wrong entry and the wrong entry around it count as two.
"""

_BOUNDED = ":bounded"  # suffix of the definition whose lists are bounded
_ENTRIES = ("items", "additionalProperties")
_JUDGED_WHOLE = ("if", "not", "anyOf")  # these are only asked whether they hold; their insides make no findings


class FindingsValidator:
    """Finds the mistakes against one JSON Schema, draft 7. Safe in many threads."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        definitions: Mapping[str, Any] = document.get("definitions", {})
        bounded = {name + _BOUNDED: _bounded(schema) for name, schema in definitions.items()}
        schema = {**_bounded(document), "definitions": {**definitions, **bounded}}
        self._validator = jsonschema_rs.Draft7Validator(
            schema,
            validate_formats=True,
            mask="…",  # instead of the whole value in a message that nobody reads
            keywords={keyword.NAME: keyword for keyword in (_BudgetSpent, _SpendOnEntry)},
        )

    def find(self, instance: Any) -> Iterator[jsonschema_rs.ValidationError]:
        """The mistakes in `instance`, in the order of the schema."""
        _budget.left = BUDGET
        return self._validator.iter_errors(instance)


class _Budget(threading.local):
    """The remaining budget of the validation in this thread for wrong entries."""

    left = 0


_budget = _Budget()


class _Keyword:
    NAME: ClassVar[str]

    def __init__(self, parent_schema: dict[str, Any], value: Any, schema_path: list[str | int]) -> None:
        """Called by jsonschema-rs for each place in the schema that has the keyword."""


class _BudgetSpent(_Keyword):
    """Holds once the budget is spent."""

    NAME = "budgetSpent"

    def validate(self, instance: Any) -> None:
        if _budget.left > 0:
            raise ValueError("there is some left")


class _SpendOnEntry(_Keyword):
    """Takes a wrong entry from the budget. Always holds."""

    NAME = "spendOnEntry"

    def validate(self, instance: Any) -> None:
        _budget.left -= ENTRY_COST + _values(instance, _budget.left)


def _values(document: Any, most: int) -> int:
    """How many values a document has; counting stops at `most`."""
    waiting, counted = [document], 0
    while waiting and counted < most:
        value = waiting.pop()
        counted += 1
        if type(value) is dict:
            waiting.extend(value.values())
        elif type(value) is list:
            waiting.extend(value)
    return counted


def _bounded(schema: Any) -> Any:
    """The same schema, in which entries of lists and maps are checked only while the budget lasts."""
    if isinstance(schema, list):
        return [_bounded(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    if "$ref" in schema:
        return {"$ref": schema["$ref"] + _BOUNDED}
    return {keyword: _bounded_keyword(keyword, value) for keyword, value in schema.items()}


def _bounded_keyword(keyword: str, value: Any) -> Any:
    match value:
        case Mapping() if keyword == "properties":
            return {name: _bounded(member) for name, member in value.items()}
        case Mapping() if keyword in _ENTRIES and value:
            # Inside `if`, the plain schema: a bounded one would be judged twice for each level of nesting.
            passed_over = {"anyOf": [{_BudgetSpent.NAME: True}, value]}
            # An entry is paid for after its insides, or one large entry would leave nothing to find them with.
            return {"if": passed_over, "then": True, "else": {"allOf": [_bounded(value), {_SpendOnEntry.NAME: True}]}}
        case Mapping() | list() if keyword not in (*_JUDGED_WHOLE, "definitions", "enum", "const", "required"):
            return _bounded(value)
        case _:
            return value
