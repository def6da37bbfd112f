"""Converts objects of one class between v4 and v5, as its table row says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from facade.tmf.bridge.classes import ByState, ClassMapping
from facade.tmf.bridge.complement import COMPLEMENT, Hidden, SetAside, restored
from facade.tmf.bridge.report import NotVisible, Place, Run, spelled

TYPE, REFERRED_TYPE = "@type", "@referredType"
Object = dict[str, Any]
Convert = Callable[[Any, Place, Run], Any]
Rule = tuple[str, Convert | None]
DROPPED: Any = object()
"""Returned instead of a value that the other version has no place for, and of a default that is not needed."""

_SAME: Rule = ("", None)

NOT_IN_V4 = "v4 has no such attribute"
TYPE_BY_PLACE = "v4 names this class otherwise"
DEMANDED_BY_V4, DEMANDED_BY_V5 = "v4 demands it", "v5 demands it"


class Converter:
    """Converts objects of one class. `lift` and `lower` make new objects and leave the given ones alone."""

    def essential(self) -> frozenset[str]:
        """v5 attributes without which an object of this class says nothing."""
        return frozenset()

    def __init__(self, mapping: ClassMapping) -> None:
        self.mapping = mapping
        self.parts: dict[str, Converter] = {}
        self.up: dict[str, Rule] = {}
        self.down: dict[str, Rule | None] = {}
        self._v4, self._v5 = mapping.v4, mapping.v5
        self._typed_by_place = mapping.v5 is not None and type(self)._lift_type is Converter._lift_type
        self._v4_demands, self._v5_demands = tuple(mapping.v4_demands.items()), tuple(mapping.v5_demands.items())
        self._old_names = {new: old for old, new in mapping.renamed.items()}
        self._foreign_up = frozenset(mapping.renamed.values()) - frozenset(mapping.renamed)
        self._foreign_down = frozenset(mapping.renamed) - frozenset(mapping.renamed.values())

    def connect(self, converters: Mapping[str, Converter]) -> None:
        """Fill the rules, now that every class has its converter."""
        mapping = self.mapping
        self.parts = {name: converters[part] for name, part in mapping.parts.items()}
        for name in {*mapping.parts, *mapping.renamed, *mapping.values}:
            new = mapping.renamed.get(name, name)
            part = self.parts.get(name)
            values = mapping.values.get(name)
            up: Convert | None = part.lift_member if part else None
            down: Convert | None = part.lower_member if part else None
            if values is not None:
                up, down = _translation(values.up), _translation(values.down)
            self.up[name] = self.up[new] = (new, up)
            self.down[new] = self.down[name] = (name, down)
        for name in mapping.v5_only:
            self.up[name] = (name, _foreign(self.up.get(name, _SAME)[1]))
            self.down[name] = None
        for name in mapping.v4_only:
            self.down[name] = (name, _foreign(None))
        self.down.update({wrong: self.down[right] for wrong, right in mapping.misspelt.items()})

    def lift_member(self, member: Any, at: Place, run: Run) -> Any:
        """What stands where v4 has objects of this class: one, several, or something else, which stays as it is."""
        if type(member) is list:
            lifted = [self.lift(e, (at, i), run) if type(e) is dict else e for i, e in enumerate(member)]
            return [e for e in lifted if e is not DROPPED] if DROPPED in lifted else lifted
        return self.lift(member, at, run) if type(member) is dict else member

    def lower_member(self, member: Any, at: Place, run: Run) -> Any:
        """The same from v5."""
        if type(member) is list:
            lowered = [self.lower(e, (at, i), run) if type(e) is dict else e for i, e in enumerate(member)]
            return [e for e in lowered if e is not DROPPED] if DROPPED in lowered else lowered
        return self.lower(member, at, run) if type(member) is dict else member

    def told(self, document: Mapping[str, Any]) -> tuple[Object, ...]:
        """The notes that v4 shows instead of a v5 attribute of this document."""
        return ()

    def signs_in(self, member: Any) -> Iterator[str]:
        """`v4` or `v5` for each thing in the objects that stand here which only that version writes so."""
        for one in member if type(member) is list else [member]:
            if type(one) is dict:
                yield from self.signs(one)

    def signs(self, value: Object) -> Iterator[str]:
        yield from ("v4" for name in self._foreign_down if name in value)
        yield from ("v5" for name in self._foreign_up if name in value)
        for name, part in self.parts.items():
            for known in {name, self.mapping.renamed.get(name, name)} & value.keys():
                yield from part.signs_in(value[known])

    def lift(self, value: Object, at: Place, run: Run) -> Object:
        if self._foreign_up and not self._foreign_up.isdisjoint(value):
            value = _without_rivals(value, self._old_names, self._foreign_up, at, run)
        out: Object = {}
        rules = self.up
        for name, member in value.items():
            rule = rules.get(name)
            if rule is None:
                out[name] = member
            else:
                new, convert = rule
                out[new] = member if convert is None else convert(member, (at, name), run)
        sent = out.get(TYPE)
        if self._typed_by_place and (sent is None or sent == self._v5 == self._v4):
            out[TYPE] = self._v5
        else:
            self._lift_type(out, at, run)
        self._supply_to_v5(out, at, run)
        return out

    def lower(self, value: Object, at: Place, run: Run) -> Object:
        if self._foreign_down and not self._foreign_down.isdisjoint(value):
            value = _without_rivals(value, self.mapping.renamed, self._foreign_down, at, run)
        out: Object = {}
        rules = self.down
        for name, member in value.items():
            rule = rules.get(name, _SAME)
            if rule is _SAME:
                out[name] = member
            elif rule is None:
                run.lost((at, name), NOT_IN_V4, member)
                if run.keeps_hidden:
                    out[name] = self._hidden(name, member, (at, name), run)
            else:
                old, convert = rule
                shown = member if convert is None else convert(member, (at, name), run)
                if shown is not DROPPED:
                    out[old] = shown
        if not (self._typed_by_place and out.get(TYPE) == self._v5 == self._v4):
            self._lower_type(out, at, run)
        self._supply_to_v4(out, at, run)
        return out

    def _supply_to_v5(self, out: Object, at: Place, run: Run) -> None:
        for name, default in self._v5_demands:
            if out.get(name) is None and (supplied := default(out)) is not DROPPED:
                out[name] = supplied
                run.defaulted((at, name), DEMANDED_BY_V5, supplied)

    def _supply_to_v4(self, out: Object, at: Place, run: Run) -> None:
        for name, default in self._v4_demands:
            if name not in out:
                out[name] = default(out)
                run.defaulted((at, name), DEMANDED_BY_V4, out[name])

    def _hidden(self, name: str, member: Any, at: Place, run: Run) -> Hidden | SetAside:
        if isinstance(member, SetAside):
            return member
        part = self.parts.get(name)
        return Hidden(member if part is None else part.lower_member(member, at, Run(run.has_ended)), spelled(at))

    def _lift_type(self, out: Object, at: Place, run: Run) -> None:
        """Supply the class by place, and tell the class of a reference from that of its target."""
        mapping = self.mapping
        if mapping.v5 is None:
            return
        sent = out.get(TYPE)
        if sent is None or sent == mapping.v4:
            out[TYPE] = mapping.v5
        elif sent == mapping.v5:
            run.reshaped((at, TYPE), TYPE_BY_PLACE, sent)
        elif mapping.is_reference and not str(sent).endswith("Ref"):
            out[TYPE] = mapping.v5
            repair_referred_type(out, sent, at, run)

    def _lower_type(self, out: Object, at: Place, run: Run) -> None:
        mapping = self.mapping
        if mapping.v5 is None or TYPE not in out:
            return
        if out[TYPE] == mapping.v5:
            out[TYPE] = mapping.v4
            if mapping.v4 is None:
                del out[TYPE]
        elif out[TYPE] == mapping.v4:
            run.reshaped((at, TYPE), TYPE_BY_PLACE, mapping.v4)


class Resource(Converter):
    """A resource: the object that a complement is kept with."""

    def lower(self, value: Object, at: Place, run: Run) -> Object:
        entries = value.get(COMPLEMENT)
        if entries is None:
            return super().lower(value, at, run)
        inner = Run(run.has_ended, keeps_hidden=True)
        shown = super().lower({name: member for name, member in value.items() if name != COMPLEMENT}, at, inner)
        found = restored(shown, entries)
        known = [loss for loss in inner.losses if loss.pointer not in found.known]
        run.losses += [*known, *(replace(loss, pointer=spelled(at) + loss.pointer) for loss in found.set_aside)]
        run.is_doubtful = run.is_doubtful or inner.is_doubtful
        document: Object = found.document
        return document


def repair_referred_type(out: Object, target: Any, at: Place, run: Run) -> None:
    """v4 clients put the class of what is referred to in `@type`; v5 has `@referredType` for it."""
    run.reshaped((at, TYPE), "it names what is referred to, which is @referredType", target)
    known = out.get(REFERRED_TYPE)
    if known is None:
        run.defaulted((at, REFERRED_TYPE), "@type says it", target)
    elif known != target:
        run.lost((at, REFERRED_TYPE), "@type names the class of the target more exactly", known)
    out[REFERRED_TYPE] = target


def _without_rivals(value: Object, mine: Mapping[str, str], foreign: frozenset[str], at: Place, run: Run) -> Object:
    """Without attributes under the other version's name that are here under this version's name too.

    `mine` gives the other version's names their name in this one. Alone, such an attribute is understood.
    """
    run.is_doubtful = True
    kept = dict(value)
    for name in foreign & value.keys():
        if mine[name] in value:
            run.lost((at, name), f"{mine[name]} says it in this version", kept.pop(name))
        else:
            run.reshaped((at, name), f"this version names it {mine[name]}", value[name])
    return kept


def _foreign(convert: Convert | None) -> Convert:
    """The same, and the translation knows that a name of the other version was used."""

    def marking(member: Any, at: Place, run: Run) -> Any:
        run.is_doubtful = True
        return member if convert is None else convert(member, at, run)

    return marking


def _translation(table: Mapping[str, str | ByState | None]) -> Convert | None:
    if not table:
        return None

    def convert(member: Any, at: Place, run: Run) -> Any:
        if type(member) is not str or member not in table:
            return member
        meant = table[member]
        if meant is None:
            raise NotVisible(f"{member} does not exist in v4")
        if isinstance(meant, ByState):
            meant = meant.ended if run.has_ended else meant.before
        run.reshaped(at, f"the other version calls it {meant}", member)
        return meant

    return convert
