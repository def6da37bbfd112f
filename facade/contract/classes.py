"""The classes of a contract, and how an object's class follows from `@type` and its position.

TM Forum's unions overlap (a bare `{id, @type: "PartyRef"}` fits every branch), so a class is never found by
trying schemas. The rules, in order:

1. `@type` names a class known at this place: that one.
2. No `@type`: by `@baseType`; else, in a union, a reference if the object shows nothing but an id, href, name and
   @referredType; else the class that declares most of the members shown. The name found is then supplied.
3. Unknown `@type` (an extension; TM Forum's own examples order a "UNI"): by `@baseType`; else, in a union, a
   reference if the name ends in `Ref` or the object looks like one; else the class that all values there share.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

REFERENCE_MEMBERS = frozenset({"id", "href", "name", "@referredType", "@type", "@baseType", "@schemaLocation"})
_FORM = re.compile(r"_(FVO|MVO|Create|Update|RES)$")
_JSON_TYPES = {
    str: ("string",), bool: ("boolean",), int: ("integer", "number"), Decimal: ("number",),
    list: ("array",), dict: ("object",), type(None): (),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Slot:
    """The classes that may stand at one place, as schema names by their `@type`."""

    property_name: str
    classes: Mapping[str, str]
    references: tuple[str, ...]
    value_fallback: str | None
    reference_fallback: str | None
    is_union: bool

    @property
    def dispatches(self) -> bool:
        """Whether the class of an object here depends on the object."""
        return self.is_union or len(set(self.classes.values())) > 1

    def known_base(self, value: Mapping[str, Any]) -> str | None:
        """The object's `@baseType`, if it is a class that may stand here."""
        base = value.get("@baseType")
        return base if isinstance(base, str) and base in self.classes else None


@dataclass(slots=True)
class Shape:
    """What a schema says about its members, everything it inherits included."""

    properties: dict[str, Any] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    types: set[str] = field(default_factory=set)
    items: Any = None


class ClassCatalog:
    """The named schemas of a contract and their relations. Answers are remembered; safe to share."""

    def __init__(self, schemas: Mapping[str, Any]) -> None:
        self.schemas = schemas
        self._slots: dict[str, Slot | None] = {}
        self._shapes: dict[str, Shape] = {}
        self._forms: dict[str, list[str]] = {}
        for name in schemas:
            self._forms.setdefault(plain_name(name), []).append(name)
        self._inline: dict[int, tuple[Mapping[str, Any], Shape]] = {}  # with the node, so that its id stays its own

    def name_of(self, node: Any) -> str | None:
        """The schema that stands behind `node`: a `$ref`, perhaps wrapped in a lone `allOf`."""
        if not isinstance(node, Mapping):
            return None
        if isinstance(node.get("$ref"), str):
            return schema_name(node["$ref"])
        parts = node.get("allOf")
        if isinstance(parts, list) and len(parts) == 1 and "properties" not in node:
            return self.name_of(parts[0])
        return None

    def slot(self, name: str) -> Slot | None:
        """The classes that may stand where schema `name` is used; None when it has no discriminator."""
        if name not in self._slots:
            self._slots[name] = self.slot_of(self.schemas[name], name)
        return self._slots[name]

    def slot_of(self, node: Mapping[str, Any], name: str | None = None) -> Slot | None:
        """The same for a schema node; `name` is given when it is a named one."""
        discriminator = node.get("discriminator")
        if not isinstance(discriminator, Mapping):
            return None
        mapping = {key: schema_name(ref) for key, ref in discriminator.get("mapping", {}).items()}
        branches = [schema_name(b["$ref"]) for b in node.get("oneOf") or node.get("anyOf") or () if "$ref" in b]
        if branches:
            for branch in branches:
                if branch not in mapping.values():
                    mapping[plain_name(branch)] = branch
            return self._union(discriminator["propertyName"], mapping)
        if name is None:
            return None
        classes = dict(mapping)
        if name not in classes.values():
            classes[plain_name(name)] = name
        return Slot(discriminator["propertyName"], classes, (), name, None, is_union=False)

    def _union(self, property_name: str, mapping: dict[str, str]) -> Slot:
        members = list(dict.fromkeys(mapping.values()))
        references = [m for m in members if plain_name(m).endswith("Ref")]
        values = [m for m in members if m not in references]
        shared_reference = self._shared_ancestor(references)
        shared_value = self._shared_ancestor(values) if values else shared_reference
        return Slot(property_name, mapping, tuple(references), shared_value, shared_reference, is_union=True)

    def _shared_ancestor(self, names: Sequence[str]) -> str | None:
        """The closest class that all of `names` are or extend."""
        if not names:
            return None
        lines = [self._ancestors(name) for name in names]
        return next((c for c in lines[0] if all(c in line for line in lines[1:])), None)

    def _ancestors(self, name: str) -> list[str]:
        line = [name]
        for part in self.schemas.get(name, {}).get("allOf", ()):
            if "$ref" in part:
                line += [a for a in self._ancestors(schema_name(part["$ref"])) if a not in line]
        return line

    def shape(self, name: str) -> Shape:
        """The members of a named schema, inherited ones included."""
        if name not in self._shapes:
            self._shapes[name] = self.shape_of(self.schemas[name])
        return self._shapes[name]

    def declared(self, names: Sequence[str]) -> dict[str, Any]:
        """The members of classes in any of their forms (for creation, change and answers), each with its schema. The
        forms that are named come first.
        """
        members: dict[str, Any] = {}
        for form in (*names, *(form for name in names for form in self._forms.get(plain_name(name), ()))):
            members = {**self.shape(form).properties, **members}
        return members

    def shape_of(self, node: Mapping[str, Any]) -> Shape:
        """The members of a schema node of this contract. Unions have none of their own."""
        known = self._inline.get(id(node))
        if known is None:
            shape = Shape()
            self._collect(node, shape, set())
            known = self._inline[id(node)] = (node, shape)
        return known[1]

    def _collect(self, node: Mapping[str, Any], shape: Shape, seen: set[str]) -> None:
        reference = node.get("$ref")
        if isinstance(reference, str):
            name = schema_name(reference)
            if name not in seen and name in self.schemas:
                self._collect(self.schemas[name], shape, seen | {name})
            return
        for part in node.get("allOf", ()):
            self._collect(part, shape, seen)
        shape.properties.update(node.get("properties", {}))
        shape.required.update(node.get("required", ()))
        kind = node.get("type")
        shape.types.update([kind] if isinstance(kind, str) else kind or ())
        shape.items = node.get("items", shape.items)

    def class_of(self, slot: Slot, value: Mapping[str, Any]) -> str | None:
        """The schema for checking `value` at `slot` (rules 1 to 3); None if any object is allowed."""
        type_name = value.get(slot.property_name)
        if isinstance(type_name, str) and type_name in slot.classes:
            return slot.classes[type_name]
        base = slot.known_base(value)
        if base is not None:
            return slot.classes[base]
        if type_name is None:
            return self._likeliest(slot, value)
        if slot.references and (str(type_name).endswith("Ref") or looks_like_reference(value)):
            return slot.reference_fallback
        return slot.value_fallback

    def _likeliest(self, slot: Slot, value: Mapping[str, Any]) -> str | None:
        candidates = list(dict.fromkeys(slot.classes.values()))
        if slot.is_union and slot.references and looks_like_reference(value):
            candidates = list(slot.references)
        elif slot.value_fallback in candidates:
            candidates.sort(key=lambda name: name != slot.value_fallback)
        return max(candidates, key=lambda name: self._likeness(name, value)) if candidates else None

    def _likeness(self, name: str, value: Mapping[str, Any]) -> tuple[int, int, int]:
        properties = self.shape(name).properties
        shown = [member for member in value if member in properties]
        fitting = sum(self._fits(properties[member], value[member]) for member in shown)
        return len(shown), fitting, -len(properties)

    def _fits(self, node: Any, value: Any) -> int:
        name = self.name_of(node)
        shape = self.shape(name) if name else self.shape_of(node)
        names = _JSON_TYPES.get(type(value), ())
        if not shape.types & set(names):
            return 0
        if isinstance(value, list) and value and isinstance(shape.items, Mapping):
            return 1 + self._fits(shape.items, value[0])
        return 2 if names[0] in shape.types else 1


def looks_like_reference(value: Mapping[str, Any]) -> bool:
    """Whether an object has an id and no member that a reference does not have."""
    return "id" in value and value.keys() <= REFERENCE_MEMBERS


def schema_name(reference: str) -> str:
    """The schema's name in `#/components/schemas/Name`; a bare name, which a mapping may hold, is itself."""
    return reference.rsplit("/", 1)[-1].replace("~1", "/").replace("~0", "~")


@cache
def plain_name(name: str) -> str:
    """The class a schema describes: `Product` for `Product_FVO` (creation) and `Product_MVO` (change)."""
    return _FORM.sub("", name)
