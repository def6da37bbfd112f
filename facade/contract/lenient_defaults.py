"""Leniency towards requests: the named rules by which a request may differ from its contract.

A valid body is never changed. Only an invalid body is walked together with its schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from facade.contract.classes import ClassCatalog, Shape, Slot, plain_name
from facade.contract.pointers import Token, pointer
from facade.contract.schema import EXACT_INTEGER

TYPE = "@type"
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


@dataclass(frozen=True, slots=True)
class Allowance:
    """A use of a leniency: its position, its rule, and the value that was understood."""

    pointer: str
    rule: Leniency
    understood: str


@dataclass(slots=True)
class Completion:
    """A completed body. Unchanged parts are shared with the original."""

    body: Any
    allowances: list[Allowance] = field(default_factory=list)


class Completer:
    """Completes request bodies of one contract."""

    def __init__(self, catalog: ClassCatalog) -> None:
        self._catalog = catalog

    def complete(self, body: Any, schema: Mapping[str, Any]) -> Completion:
        """Complete the body by the rules. The original is not changed; its depth must be checked before."""
        completion = Completion(body)
        completion.body = self._complete(body, schema, (), completion.allowances)
        return completion

    def _complete(self, value: Any, node: Any, path: tuple[Token, ...], made: list[Allowance]) -> Any:
        if isinstance(value, dict):
            return self._complete_object(value, node, path, made)
        if isinstance(value, list):
            items = self._shape(node).items
            entries = [self._complete(entry, items, (*path, i), made) for i, entry in enumerate(value)]
            return entries if _differs(entries, value) else value
        if value in _BOOLEANS and isinstance(value, str) and self._shape(node).types == {"boolean"}:
            made.append(Allowance(pointer(path), Leniency.BOOLEAN_AS_TEXT, value))
            return _BOOLEANS[value]
        if isinstance(value, Decimal) and _stands_for_integer(value):
            types = self._shape(node).types
            if "integer" in types and "number" not in types:
                made.append(Allowance(pointer(path), Leniency.WHOLE_NUMBER, str(int(value))))
                return int(value)
        return value

    def _complete_object(
        self, value: dict[str, Any], node: Any, path: tuple[Token, ...], made: list[Allowance]
    ) -> dict[str, Any]:
        name = self._catalog.name_of(node)
        slot = self._slot(node, name)
        judged_as = self._catalog.class_of(slot, value) if slot else name
        shape = self._catalog.shape(judged_as) if judged_as else self._shape(node)
        type_name = self._type_name(slot, judged_as)
        supplied = None
        if value.get(TYPE) is None and type_name and _wants_type(shape):
            supplied = (slot.known_base(value) if slot else None) or type_name
            made.append(Allowance(pointer((*path, TYPE)), Leniency.TYPE_BY_POSITION, supplied))
        elif slot is not None and type_name and value.get(slot.property_name) not in (None, *slot.classes):
            rule = _rule_for_unknown(slot, judged_as, value)
            made.append(Allowance(pointer((*path, slot.property_name)), rule, type_name))
        members = {
            member: self._complete(entry, shape.properties.get(member), (*path, member), made)
            for member, entry in value.items()
        }
        if supplied is not None:
            return {**members, TYPE: supplied}
        return members if _differs(list(members.values()), list(value.values())) else value

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
