"""Leniency towards requests: the named rules by which a request may differ from its contract.

Only a body that is invalid, or that has nulls, is walked together with its schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from facade.contract.classes import ClassCatalog, Shape, Slot, plain_name
from facade.contract.pointers import Tokens, pointer
from facade.contract.schema import EXACT_INTEGER

TYPE = "@type"
_LIMITING = frozenset({"type", "enum", "allOf", "oneOf", "anyOf", "properties", "items"})
"""Keys of schemas that do not take null."""
_BOOLEANS: Mapping[str, bool] = MappingProxyType({"true": True, "false": False})


class Leniency(StrEnum):
    """The rules by which a request may differ from its contract."""

    TYPE_BY_POSITION = "typeByPosition"
    """`@type` is missing or null and is supplied."""
    TYPE_BY_BASE_TYPE = "typeByBaseType"
    """`@type` is unknown here and `@baseType` is known."""
    TYPE_AS_REFERENCE = "typeAsReference"
    """`@type` is unknown in a union, and the object is a reference by its name or its members."""
    TYPE_BY_BASE_CLASS = "typeByBaseClass"
    """`@type` is unknown here, and the object is checked as the base class of its position."""
    WHOLE_NUMBER = "wholeNumber"
    """A number such as 1.0 stands for the integer 1."""
    BOOLEAN_AS_TEXT = "booleanAsText"
    """The text `true` or `false` stands for the boolean."""
    NULL_AS_ABSENT = "nullAsAbsent"
    """An optional attribute that cannot be null is null, and is read as if it were not there."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """A use of a leniency: its position, its rule, and the value that was understood."""

    pointer: str
    rule: Leniency
    understood: str


@dataclass(slots=True)
class Completion:
    """A completed body. Unchanged parts are shared with the original. `nulls` are the places of those that were left
    out.
    """

    body: Any
    allowances: list[Allowance] = field(default_factory=list)
    nulls: list[Tokens] = field(default_factory=list)


class Completer:
    """Completes request bodies of one contract."""

    def __init__(self, catalog: ClassCatalog) -> None:
        self._catalog = catalog
        self._declared: dict[str, Mapping[str, Any]] = {}

    def complete(self, body: Any, schema: Mapping[str, Any]) -> Completion:
        """Complete the body by the rules. The original is not changed; its depth must be checked before."""
        completion = Completion(body)
        completion.body = self._complete(body, schema, (), completion)
        return completion

    def _complete(self, value: Any, node: Any, path: Tokens, done: Completion) -> Any:
        if isinstance(value, dict):
            return self._complete_object(value, node, path, done)
        if isinstance(value, list):
            items = self._shape(node).items
            entries = [self._complete(entry, items, (*path, i), done) for i, entry in enumerate(value)]
            return entries if _differs(entries, value) else value
        if value in _BOOLEANS and isinstance(value, str) and self._shape(node).types == {"boolean"}:
            done.allowances.append(Allowance(pointer(path), Leniency.BOOLEAN_AS_TEXT, value))
            return _BOOLEANS[value]
        if isinstance(value, Decimal) and _stands_for_integer(value):
            types = self._shape(node).types
            if "integer" in types and "number" not in types:
                done.allowances.append(Allowance(pointer(path), Leniency.WHOLE_NUMBER, str(int(value))))
                return int(value)
        return value

    def _complete_object(self, value: dict[str, Any], node: Any, path: Tokens, done: Completion) -> dict[str, Any]:
        name = self._catalog.name_of(node)
        slot = self._slot(node, name)
        judged_as = self._catalog.class_of(slot, value) if slot else name
        shape = self._catalog.shape(judged_as) if judged_as else self._shape(node)
        type_name = self._type_name(slot, judged_as)
        supplied = None
        if value.get(TYPE) is None and type_name and _wants_type(shape):
            supplied = (slot.known_base(value) if slot else None) or type_name
            done.allowances.append(Allowance(pointer((*path, TYPE)), Leniency.TYPE_BY_POSITION, supplied))
        elif slot is not None and type_name and value.get(slot.property_name) not in (None, *slot.classes):
            rule = _rule_for_unknown(slot, judged_as, value)
            done.allowances.append(Allowance(pointer((*path, slot.property_name)), rule, type_name))
        left_out = {
            member for member, entry in value.items() if entry is None and self._says_nothing(member, shape, judged_as)
        }
        done.nulls += [(*path, member) for member in value if member in left_out and not (member == TYPE and supplied)]
        members = {
            member: self._complete(entry, shape.properties.get(member), (*path, member), done)
            for member, entry in value.items()
            if member not in left_out
        }
        if supplied is not None:
            return {**members, TYPE: supplied}
        if left_out or _differs(list(members.values()), list(value.values())):
            return members
        return value

    def _says_nothing(self, member: str, shape: Shape, class_name: str | None) -> bool:
        """Whether null at this member is read as if the member were not there."""
        declared = shape.properties if class_name is None else self._members(class_name)
        return member in declared and member not in shape.required and not self._takes_null(declared[member])

    def _members(self, class_name: str) -> Mapping[str, Any]:
        if class_name not in self._declared:
            self._declared[class_name] = self._catalog.declared((class_name,))
        return self._declared[class_name]

    def _takes_null(self, node: Any) -> bool:
        """Whether null is a value of the schema: it says so, or it says nothing of types."""
        if not isinstance(node, Mapping) or node.get("nullable") is True:
            return True
        name = self._catalog.name_of(node)
        if name is not None:
            return self._takes_null(self._catalog.schemas[name])
        return not node.keys() & _LIMITING

    def _slot(self, node: Any, name: str | None) -> Slot | None:
        if name is not None:
            return self._catalog.slot(name)
        return self._catalog.slot_of(node) if isinstance(node, Mapping) else None

    def _shape(self, node: Any) -> Shape:
        name = self._catalog.name_of(node)
        if name is not None:
            return self._catalog.shape(name)
        return self._catalog.shape_of(node) if isinstance(node, Mapping) else Shape()

    @staticmethod
    def _type_name(slot: Slot | None, judged_as: str | None) -> str | None:
        if judged_as is None:
            return None
        known = slot.classes.items() if slot else ()
        return next((key for key, name in known if name == judged_as), plain_name(judged_as))


def _wants_type(shape: Shape) -> bool:
    # TargetProductSchema also requires @schemaLocation: there both are data about another class.
    return TYPE in shape.required and "@schemaLocation" not in shape.required


def _rule_for_unknown(slot: Slot, judged_as: str | None, value: Mapping[str, Any]) -> Leniency:
    if slot.known_base(value) is not None:
        return Leniency.TYPE_BY_BASE_TYPE
    if slot.references and judged_as == slot.reference_fallback:
        return Leniency.TYPE_AS_REFERENCE
    return Leniency.TYPE_BY_BASE_CLASS


def _stands_for_integer(number: Decimal) -> bool:
    return -EXACT_INTEGER <= number <= EXACT_INTEGER and number == number.to_integral_value()


def _differs(new: list[Any], old: list[Any]) -> bool:
    return any(a is not b for a, b in zip(new, old, strict=True))
