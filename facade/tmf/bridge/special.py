"""Converters for classes that differ in more than names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from facade.contract.classes import REFERENCE_MEMBERS, looks_like_reference
from facade.contract.pointers import Token
from facade.contract.schema import EXACT_INTEGER
from facade.tmf.bridge.classes import ClassMapping
from facade.tmf.bridge.converters import DROPPED, NOT_IN_V4, REFERRED_TYPE, TYPE, Converter, Object
from facade.tmf.bridge.report import Place, Run

NO_IDENTIFIER = "v4 takes one identifier, and another comes first"


class BareId(Converter):
    """v4 writes the bare id of what v5 has an object for."""

    inside_v5: tuple[Token, ...] = ("id",)
    """Where the id is from what v5 has in its place."""

    def signs_in(self, member: Any) -> Iterator[str]:
        if isinstance(member, str):
            yield "v4"
        elif isinstance(member, dict | list):
            yield "v5"

    def _bare(self, entry: Object, at: Place, run: Run) -> Any:
        for name, value in entry.items():
            if name != "id" and not (name == TYPE and value == self.mapping.v5):
                run.lost((at, name), "v4 takes the bare identifier", value)
        return entry["id"]


class ReferenceById(BareId):
    """`"C1"` ⇄ `{"@type": "CategoryRef", "id": "C1"}`."""

    def lift_member(self, member: Any, at: Place, run: Run) -> Any:
        return {TYPE: self.mapping.v5, "id": member} if type(member) is str else super().lift_member(member, at, run)

    def lower_member(self, member: Any, at: Place, run: Run) -> Any:
        if not isinstance(member, dict):
            return member
        if not isinstance(member.get("id"), str):
            run.lost(at, "there is no identifier in it", member)
            return DROPPED
        return self._bare(member, at, run)


class Identifier(BareId):
    """`"PO-456"` ⇄ `[{"@type": "ExternalIdentifier", "id": "PO-456"}]`.

    v4 shows the first identifier that has neither owner nor type, else the first one.
    """

    inside_v5 = (0, "id")

    def lift_member(self, member: Any, at: Place, run: Run) -> Any:
        if type(member) is not str:
            return super().lift_member(member, at, run)
        return [{TYPE: self.mapping.v5, "id": member}]

    def lower_member(self, member: Any, at: Place, run: Run) -> Any:
        if type(member) is not list:
            return member
        chosen = self._chosen(member)
        for index, entry in enumerate(member):
            if index != chosen:
                run.lost((at, index), NO_IDENTIFIER if chosen is not None else "it has no id", entry)
        if chosen is None:
            run.lost(at, "there is no identifier in it", member)
            return DROPPED
        return self._bare(member[chosen], (at, chosen), run)

    @staticmethod
    def _chosen(member: list[Any]) -> int | None:
        usable = [i for i, e in enumerate(member) if isinstance(e, dict) and isinstance(e.get("id"), str)]
        bare = (i for i in usable if member[i].get("owner") is None and member[i].get("externalIdentifierType") is None)
        return next(bare, next(iter(usable), None))


class Characteristic(Converter):
    """v5 has a class for each kind of value: its name begins with the kind and ends as the class without any value."""

    KINDS: Mapping[type, str] = MappingProxyType(
        {str: "String", bool: "Boolean", int: "Integer", Decimal: "Number", dict: "Object"}
    )

    def __init__(self, mapping: ClassMapping) -> None:
        super().__init__(mapping)
        assert mapping.v5 is not None, "the class without any value has a name"
        self.base = mapping.v5
        self.typed = frozenset(
            f"{kind}{many}{mapping.v5}"
            for kind in ("String", "Boolean", "Integer", "Number", "Float", "Object")
            for many in ("", "Array")
        )

    def _lift_type(self, out: Object, at: Place, run: Run) -> None:
        sent = out.get(TYPE)
        if isinstance(sent, str) and sent in self.typed:
            run.reshaped((at, TYPE), "v5 tells the class from the value", sent)
        elif sent not in (None, self.base):
            return
        out[TYPE] = characteristic_class(out.get("value"), self.base)

    def _lower_type(self, out: Object, at: Place, run: Run) -> None:
        sent = out.get(TYPE)
        if isinstance(sent, str) and (sent in self.typed or sent == self.mapping.v4):
            if sent != characteristic_class(out.get("value"), self.base):
                run.reshaped((at, TYPE), "v4 does not tell kinds of values apart", sent)
            out[TYPE] = self.mapping.v4


def characteristic_class(value: Any, base: str = "Characteristic") -> str:
    """The v5 class for a value. What no class holds (null, mixed or nested lists) is the base class's."""
    if type(value) is not list:
        return f"{_kind(value)}{base}"
    found = {_kind(entry) for entry in value}
    if found == {"Integer", "Number"}:
        return f"NumberArray{base}"
    if len(found) > 1 or "" in found:
        return base
    return f"{found.pop() if found else 'Object'}Array{base}"


def _kind(value: Any) -> str:
    """An integer that v5's class for integers does not hold is a number."""
    if type(value) is int and not -EXACT_INTEGER <= value <= EXACT_INTEGER:
        return "Number"
    return Characteristic.KINDS.get(type(value), "")


class Duration(Converter):
    """v4 has a quantity of time, v5 whole units of it."""

    FINER: Mapping[str, tuple[int, str]] = MappingProxyType(
        {
            "year": (12, "month"), "week": (7, "day"), "day": (24, "hour"),
            "hour": (60, "minute"), "minute": (60, "second"),
        }
    )  # fmt: skip

    def essential(self) -> frozenset[str]:
        return frozenset({"amount", "units"})

    def lift(self, value: Object, at: Place, run: Run) -> Object:
        """In the unit that makes the amount whole, if there is one; otherwise unchanged, and v5 does not take it."""
        amount = value.get("amount")
        if type(amount) is not Decimal:
            return value
        # Fractions, since decimals are rounded to 28 digits in between.
        units, whole = str(value.get("units", "")), Fraction(amount)
        while whole.denominator != 1 and units.lower().removesuffix("s") in self.FINER:
            factor, units = self.FINER[units.lower().removesuffix("s")]
            whole = round(whole * factor, 6)
        if whole.denominator != 1:
            return value
        run.is_doubtful = True  # 12.0 is shown as 12
        if units == str(value.get("units", "")):
            return {**value, "amount": int(whole)}
        run.reshaped((at, "amount"), "v5 counts whole units", amount)
        run.reshaped((at, "units"), "v5 counts whole units", value["units"])
        return {**value, "amount": int(whole), "units": units}


class Amounts(Converter):
    """v4 has an amount with taxes and one without, v5 one amount. v5 keeps the two of v4 beside it."""

    BOTH = ("taxIncludedAmount", "dutyFreeAmount")
    MEMBERS = frozenset({"unit", "value"})

    def lift(self, value: Object, at: Place, run: Run) -> Object:
        run.is_doubtful = True  # v4's attributes are none of v5's
        amount: Object = next((value[name] for name in self.BOTH if isinstance(value.get(name), dict)), {})
        known = {} if value.keys() & self.MEMBERS else {n: amount[n] for n in sorted(self.MEMBERS & amount.keys())}
        return {**value, **known}

    def lower(self, value: Object, at: Place, run: Run) -> Object:
        run.is_doubtful = True
        amount = {name: value[name] for name in sorted(self.MEMBERS & value.keys())}
        out = {name: member for name, member in value.items() if name not in amount}
        if not amount:
            return out
        name = next((one for one in self.BOTH if one in out), self.BOTH[1])
        if name not in out:
            run.reshaped(at, "v4 tells amounts with taxes from those without", value)
        beside = out.get(name)
        return {**out, name: {**(beside if isinstance(beside, dict) else {}), **amount}}


class ReferenceOrValue(Converter):
    """v4 has one class with a reference's attributes among the others, v5 a class for each."""

    def __init__(self, mapping: ClassMapping) -> None:
        super().__init__(mapping)
        assert mapping.v5 is not None, "a class that is a reference or a value has a name"
        self.reference = f"{mapping.v5}Ref"

    def _lift_type(self, out: Object, at: Place, run: Run) -> None:
        if out.get(TYPE) is None:
            out[TYPE] = self.reference if looks_like_reference(out) else self.mapping.v5

    def lower(self, value: Object, at: Place, run: Run) -> Object:
        if value.get(TYPE) != self.mapping.v5 and not value.keys() <= REFERENCE_MEMBERS and _is_reference(value):
            run.is_doubtful = True  # v5 does not say what else a reference has, and v4 may
        return super().lower(value, at, run)

    def _lower_type(self, out: Object, at: Place, run: Run) -> None:
        """v4 shows the class as it is."""


def _is_reference(value: Object) -> bool:
    return any(str(value.get(name, "")).endswith("Ref") for name in (TYPE, "@baseType"))


class Relationship(Converter):
    """v4 holds what is related, v5 names it: the id, href, name and `@referredType` of the one part stand beside it.

    What v4 says beyond these rides along in v5, in the part.
    """

    HOISTED = ("id", "href", "name", REFERRED_TYPE)

    def __init__(self, mapping: ClassMapping) -> None:
        super().__init__(mapping)
        (self.held,) = mapping.parts

    @property
    def reference(self) -> str:
        part = self.parts[self.held]
        assert isinstance(part, ReferenceOrValue), "what is related is a reference or a value"
        return part.reference

    def lift(self, value: Object, at: Place, run: Run) -> Object:
        out = super().lift(value, at, run)
        run.is_doubtful = run.is_doubtful or not value.keys().isdisjoint(self.HOISTED)
        held = out.get(self.held)
        if isinstance(held, dict):
            for name in held.keys() & out.keys() & set(self.HOISTED):
                run.lost((at, name), f"the {self.held} inside says it", out[name])
            out |= {name: held.pop(name) for name in self.HOISTED if name in held}
            sent = value[self.held].get(TYPE)
            if held.keys() <= {TYPE} and sent in (None, self.reference):
                del out[self.held]
        return out

    def lower(self, value: Object, at: Place, run: Run) -> Object:
        out = super().lower(value, at, run)
        held = out.pop(self.held, {})
        at_held = (at, self.held)
        run.is_doubtful = run.is_doubtful or bool(held)  # v5 does not say what it is
        if not isinstance(held, dict):
            run.lost(at_held, NOT_IN_V4, held)
            held = {}
        for name in held.keys() & value.keys() & set(self.HOISTED):
            run.lost((at_held, name), "the relationship says it", held[name])
        inside = held.keys() & set(self.HOISTED)
        for name in inside:
            run.reshaped((at_held, name), "v5 says it at the relationship", held[name])
        if inside:
            run.reshaped(at_held, "v5 says it at the relationship", value[self.held])
        named = {name: out.pop(name) for name in self.HOISTED if name in out}
        if not held:
            held = {TYPE: self.reference}
        out[self.held] = {**held, **named}
        return out
