"""Related parties, channels and places: flat in v4, a role and an object of its own in v5."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from facade.tmf.bridge.classes import ClassMapping, Nesting
from facade.tmf.bridge.converters import (
    DEMANDED_BY_V4,
    DROPPED,
    REFERRED_TYPE,
    TYPE,
    Converter,
    Object,
    repair_referred_type,
)
from facade.tmf.bridge.report import Place, Run

PARTY_KINDS = frozenset({"Individual", "Organization", "Party"})
"""Classes of parties as such; any other referred class is a role that a party plays."""

_ROLE = "role"


class NestedReference(Converter):
    def __init__(self, mapping: ClassMapping) -> None:
        super().__init__(mapping)
        assert mapping.nesting is not None, "a nested class says how"
        self.nesting: Nesting = mapping.nesting

    def essential(self) -> frozenset[str]:
        return frozenset({self.nesting.name})

    def lift(self, value: Object, at: Place, run: Run) -> Object:
        nesting = self.nesting
        if nesting.name in value:
            if isinstance(value[nesting.name], dict) and not self._is_flat(value):
                return self._lift_nested_already(value, at, run)
            run.lost((at, nesting.name), "v4 writes it flat", value[nesting.name])
            value = {name: member for name, member in value.items() if name != nesting.name}
        inside, outer, inner = nesting.inside, {}, {}
        for name, member in value.items():
            if name == _ROLE or (inside is not None and name not in inside):
                outer[name] = member
            else:
                inner[name] = member
        if not nesting.keeps_inner_type:
            self._party_type(outer, inner, at, run)
            outer[nesting.name] = inner
        elif inner.keys() - {TYPE} or inner.get(TYPE) not in (None, self.mapping.v4):
            self._place_type(inner, at, run)
            outer[nesting.name] = inner
        if outer.get(TYPE) is None:
            outer[TYPE] = self.mapping.v5
        self._supply_to_v5(outer, at, run)
        return outer

    def signs(self, value: Object) -> Iterator[str]:
        if self.nesting.name in value:
            yield "v5"
        elif "id" in value:
            yield "v4"

    def _is_flat(self, value: Object) -> bool:
        """Whether v4's own attributes say what is related."""
        inside = self.nesting.inside
        own = value.keys() - {_ROLE, TYPE, self.nesting.name} if inside is None else value.keys() & inside
        return bool(own)

    def _lift_nested_already(self, value: Object, at: Place, run: Run) -> Object:
        """A v4 client may write as in v5 where v4's schema lets it pass."""
        name = self.nesting.name
        inner = dict(value[name])
        inner.setdefault(TYPE, self.nesting.inner_type(inner))
        run.reshaped((at, name), "v4 writes it flat", value[name])
        run.is_doubtful = True
        if TYPE in value:
            run.reshaped((at, TYPE), "v4 writes it flat", value[TYPE])
        lifted = {**value, TYPE: self.mapping.v5, name: inner}
        self._supply_to_v5(lifted, at, run)
        return lifted

    def _party_type(self, outer: Object, inner: Object, at: Place, run: Run) -> None:
        sent = outer.get(TYPE)
        if sent == self.mapping.v4:
            outer[TYPE] = self.mapping.v5
        elif sent == self.mapping.v5:
            run.reshaped((at, TYPE), "v4 names this class otherwise", sent)
        elif isinstance(sent, str) and sent in PARTY_KINDS:
            outer[TYPE] = self.mapping.v5
            repair_referred_type(inner, sent, at, run)
        inner[TYPE] = self.nesting.inner_type(inner)

    def _place_type(self, inner: Object, at: Place, run: Run) -> None:
        sent = inner.pop(TYPE, None)
        by_place = self.nesting.inner_type(inner)
        inner[TYPE] = by_place if sent in (None, self.mapping.v4) else sent
        if sent is not None and sent != self._shown(inner[TYPE]):
            run.reshaped((at, TYPE), "v5 names the class of the place itself", sent)

    def _shown(self, inner_type: Any) -> Any:
        """The v4 `@type` for an inner class."""
        return self.mapping.v4 if inner_type == "PlaceRef" else inner_type

    def lower(self, value: Object, at: Place, run: Run) -> Object:
        nesting = self.nesting
        inner = value.get(nesting.name, {} if nesting.keeps_inner_type else None)
        out = {name: member for name, member in value.items() if name != nesting.name}
        if out.get(TYPE) in (self.mapping.v4, self.mapping.v5):
            out[TYPE] = self.mapping.v4
        if not isinstance(inner, dict) or (not nesting.keeps_inner_type and inner.get("id") is None):
            run.lost(at, "v4 relates by id, and there is none", value)
            return DROPPED  # type: ignore[no-any-return]
        inner_at = (at, nesting.name)
        self._flatten(out, inner, inner_at, at, run)
        if nesting.name in value:
            self._lower_types(out, inner, inner_at, run)
        elif out.keys() - {_ROLE, TYPE}:
            run.reshaped(inner_at, "v4 takes the attributes beside the role for the place's", None)
        self._supply_to_v4(out, at, run)
        return out

    def _flatten(self, out: Object, inner: Object, inner_at: Place, at: Place, run: Run) -> None:
        inside = self.nesting.inside
        for name in out:
            if name not in (_ROLE, TYPE) and (inside is None or name in inside):
                run.reshaped((at, name), "v4 writes it beside the attributes of the other", out[name])
                run.is_doubtful = True
        is_value = not str(inner.get(TYPE, "Ref")).endswith("Ref")
        if is_value and ("name" in inner or REFERRED_TYPE in inner):
            run.is_doubtful = True  # v5 does not declare these of every value
        for name, member in inner.items():
            if name == TYPE:
                continue
            if name in out:
                run.lost((inner_at, name), "v4 has one place for two", member)
            elif inside is None or name in inside:
                out[name] = member
            elif is_value or name.startswith("@"):
                run.lost((inner_at, name), "v4 takes a reference only", member)
            else:
                out[name] = member
                run.reshaped((inner_at, name), "v4 writes it beside the role", member)

    def _lower_types(self, out: Object, inner: Object, inner_at: Place, run: Run) -> None:
        nesting, sent = self.nesting, inner.get(TYPE)
        expected = nesting.inner_type({name: member for name, member in inner.items() if name != TYPE})
        if nesting.keeps_inner_type:
            shown = self._shown(expected if sent is None else sent)
            out[TYPE] = shown
            kept = (shown != self.mapping.v4 and sent is not None) or sent == expected
        else:
            if nesting.referred_type and out.get(REFERRED_TYPE) is None:
                out[REFERRED_TYPE] = nesting.referred_type(str(sent or expected))
                run.defaulted((inner_at, REFERRED_TYPE), DEMANDED_BY_V4, out[REFERRED_TYPE])
                expected = nesting.inner_type(out)
            kept = sent == expected
        if sent is not None and not kept:
            run.reshaped((inner_at, TYPE), "v4 does not show this class", sent)
