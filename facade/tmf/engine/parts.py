"""Rows of mapping tables for attributes that are more or less than one field: objects, and lists of them."""

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cached_property, lru_cache
from typing import Any, Protocol

from canonical.audit.record import Mapped, Outcome
from canonical.shared import jsontext
from facade.contract.pointers import escaped
from facade.contract.violations import Violation
from facade.tmf.engine.mapping import Reading, Row, carried, show, shown_with
from facade.tmf.engine.payload import Payload

MOST_REMEMBERED = 1_000
"""Objects of one shape whose values are remembered."""
LONGEST_REMEMBERED = 300
"""Bytes of one of them, as JSON."""


class Shape(Protocol):
    """How an object is read as one value of the core, and that value is shown."""

    def value(self, sent: Payload, at: str, to: str, found: Reading) -> Any:
        """None for an object that says too little to be one. It is carried as it was sent, then."""
        ...

    def shown(self, value: Any, sent: Payload) -> Payload:
        """The value with everything that was sent beside it."""
        ...


@dataclass(frozen=True)
class Object:
    """An object whose attributes `rows` map to the fields of `make`. It is no value without the fields `needed`, by
    default those that `make`, a dataclass, has no default for. `type` is the class of one that nobody sent.

    Values never change. Payloads repeat the same small objects, such as references, so their values are remembered for
    reads that nobody asks about.
    """

    make: Callable[..., Any]
    rows: tuple[Row, ...]
    type: str | None = None
    needed: Collection[str] | None = None

    def value(self, sent: Payload, at: str, to: str, found: Reading) -> Any:
        if found.told or len(written := jsontext.write(sent)) > LONGEST_REMEMBERED:
            return self._read(sent, at, to, found)
        value, violations = self._remembered(written)
        found.violations += violations
        return value

    def _read(self, sent: Payload, at: str, to: str, found: Reading) -> Any:
        inside = Reading(trail=found.trail, violations=found.violations, told=found.told)
        for row in self.rows:
            row.read(sent, at, to, inside)
        if found.told:
            found.trail += carried_beside(self._names, sent, at)
        return self.make(**inside.fields) if self._needed <= inside.fields.keys() else None

    def shown(self, value: Any, sent: Payload) -> Payload:
        typed = {} if self.type is None or sent else {"@type": self.type}
        return {**typed, **shown_with(self.rows, value, sent)}

    @cached_property
    def _remembered(self) -> Callable[[bytes], tuple[Any, tuple[Violation, ...]]]:
        return lru_cache(MOST_REMEMBERED)(self._read_from)

    def _read_from(self, written: bytes) -> tuple[Any, tuple[Violation, ...]]:
        found = Reading(told=False)
        value = self._read(jsontext.read_kept(written), "", "", found)
        return value, tuple(found.violations)

    @cached_property
    def _needed(self) -> frozenset[str]:
        return frozenset(_required(self.make) if self.needed is None else self.needed)

    @cached_property
    def _names(self) -> frozenset[str]:
        return names_of(self.rows)


@dataclass(frozen=True, slots=True)
class Either:
    """One of two shapes: the second if `is_second` says so of an object, and `is_second_value` of a value."""

    first: Shape
    second: Shape
    is_second: Callable[[Payload], bool]
    is_second_value: Callable[[Any], bool]

    def value(self, sent: Payload, at: str, to: str, found: Reading) -> Any:
        shape = self.second if self.is_second(sent) else self.first
        return shape.value(sent, at, to, found)

    def shown(self, value: Any, sent: Payload) -> Payload:
        is_second = self.is_second_value(value)
        shape = self.second if is_second else self.first
        return shape.shown(value, sent if self.is_second(sent) is is_second else {})


@dataclass(frozen=True, slots=True)
class Part:
    """An attribute with an object that is one field."""

    attribute: str
    field: str
    shape: Shape

    @property
    def attributes(self) -> Collection[str]:
        return (self.attribute,)

    def read(self, body: Payload, at: str, to: str, found: Reading) -> None:
        sent = body.get(self.attribute)
        if not isinstance(sent, dict):
            return
        pointer, target = f"{at}/{self.attribute}", f"{to}/{self.field}"
        if found.told:
            found.trail.append(Mapped(pointer, target, "an object"))
        value = self.shape.value(sent, pointer, target, found)
        if value is not None:
            found.fields[self.field] = value

    def show(self, aggregate: Any, sent: Mapping[str, Any]) -> Payload:
        value, said = getattr(aggregate, self.field), sent.get(self.attribute)
        if said is not None and (not isinstance(said, dict) or _meant(self.shape, said) == value):
            return {self.attribute: said}
        return {} if value is None else {self.attribute: self.shape.shown(value, said or {})}


@dataclass(frozen=True, slots=True)
class Parts:
    """An attribute with a list of objects that are one field together. `shape` is a function where it has itself as a
    part.
    """

    attribute: str
    field: str
    shape: Shape | Callable[[], Shape]

    @property
    def attributes(self) -> Collection[str]:
        return (self.attribute,)

    def read(self, body: Payload, at: str, to: str, found: Reading) -> None:
        listed = body.get(self.attribute)
        if not isinstance(listed, list):
            return
        if not found.told:
            understood = (self._shape.value(sent, "", "", found) for sent in listed)
            found.fields[self.field] = tuple(value for value in understood if value is not None)
            return
        pointer, target = f"{at}/{self.attribute}", f"{to}/{self.field}"
        found.trail.append(Mapped(pointer, target, "one for each object"))
        values: list[Any] = []
        for index, sent in enumerate(listed):
            place, goal = f"{pointer}/{index}", f"{target}/{len(values)}"
            known = len(found.trail)
            value = self._shape.value(sent, place, goal, found)
            if value is None:
                found.trail[known:] = [carried(place)]
            else:
                found.trail.insert(known, Mapped(place, goal, "an object"))
                values.append(value)
        found.fields[self.field] = tuple(values)

    def show(self, aggregate: Any, sent: Mapping[str, Any]) -> Payload:
        values, said = getattr(aggregate, self.field), sent.get(self.attribute)
        if not isinstance(said, list):
            return {self.attribute: [self._shape.shown(one, {}) for one in values]} if values else {}
        meant = [_meant(self._shape, one) for one in said]
        understood = [one for one in meant if one is not None]
        if understood == list(values):
            return {self.attribute: said}
        shown = [self._shape.shown(value, one) for value, one in _paired(values, said, meant)]
        shown += [one for one, value in zip(said, meant, strict=True) if value is None]
        return {self.attribute: shown} if shown else {}

    @property
    def _shape(self) -> Shape:
        return self.shape() if callable(self.shape) else self.shape


@dataclass(frozen=True)
class Spread:
    """An attribute with an object whose attributes are fields of what the attribute belongs to. `type` is the class of
    one that nobody sent. What was sent beside the fields of a `reference` is about these values only.
    """

    attribute: str
    rows: tuple[Row, ...]
    type: str | None = None
    reference: bool = False

    @property
    def attributes(self) -> Collection[str]:
        return (self.attribute,)

    def read(self, body: Payload, at: str, to: str, found: Reading) -> None:
        sent = body.get(self.attribute)
        if not isinstance(sent, dict):
            return
        for row in self.rows:
            row.read(sent, f"{at}/{self.attribute}", to, found)
        if found.told:
            found.trail += carried_beside(self._names, sent, f"{at}/{self.attribute}")

    def show(self, aggregate: Any, sent: Mapping[str, Any]) -> Payload:
        said = sent.get(self.attribute)
        if said is not None and not isinstance(said, dict):
            return {self.attribute: said}
        if said is not None and self.reference and not self._still_means(aggregate, said):
            said = None
        shown = shown_with(self.rows, aggregate, said or {})
        if not shown and said is None:
            return {}
        typed = {} if self.type is None or said is not None else {"@type": self.type}
        return {self.attribute: {**typed, **shown}}

    def _still_means(self, aggregate: Any, said: Payload) -> bool:
        meant = Reading(told=False)
        for row in self.rows:
            row.read(said, "", "", meant)
        return all(getattr(aggregate, name) == value for name, value in meant.fields.items())

    @cached_property
    def _names(self) -> frozenset[str]:
        return names_of(self.rows)


@dataclass(frozen=True, slots=True)
class Gathered:
    """Attributes beside one another that are one field together."""

    field: str
    shape: Object

    @property
    def attributes(self) -> Collection[str]:
        return [name for row in self.shape.rows for name in row.attributes]

    def read(self, body: Payload, at: str, to: str, found: Reading) -> None:
        inside = Reading(violations=found.violations, told=found.told)
        value = self.shape.value(body, at, f"{to}/{self.field}", inside)
        found.trail += [one for one in inside.trail if one.outcome is not Outcome.CARRIED]
        if value is not None:
            found.fields[self.field] = value

    def show(self, aggregate: Any, sent: Mapping[str, Any]) -> Payload:
        value = getattr(aggregate, self.field)
        return {} if value is None else show(self.shape.rows, value, sent)


@dataclass(frozen=True, slots=True)
class Joint:
    """An attribute that is several fields. `to` gives their values in order, `out` takes them."""

    attribute: str
    fields: tuple[str, ...]
    to: Callable[[Any], tuple[Any, ...]]
    out: Callable[..., Any]
    rule: str

    @property
    def attributes(self) -> Collection[str]:
        return (self.attribute,)

    def read(self, body: Payload, at: str, to: str, found: Reading) -> None:
        if self.attribute not in body:
            return
        found.fields |= dict(zip(self.fields, self.to(body[self.attribute]), strict=True))
        found.trail += [Mapped(f"{at}/{self.attribute}", f"{to}/{name}", self.rule) for name in self.fields]

    def show(self, aggregate: Any, sent: Mapping[str, Any]) -> Payload:
        values, said = tuple(getattr(aggregate, name) for name in self.fields), sent.get(self.attribute)
        if said is not None and self.to(said) == values:
            return {self.attribute: said}
        value = self.out(*values)
        return {} if value is None else {self.attribute: value}


def names_of(rows: Iterable[Row]) -> frozenset[str]:
    return frozenset(name for row in rows for name in row.attributes)


def carried_beside(known: frozenset[str], sent: Payload, at: str) -> list[Mapped]:
    """What the object at the pointer `at` says beside its class that is not among the attributes that rows read."""
    kept = sent.keys() - {"@type"} - known
    return [carried(f"{at}/{escaped(name)}") for name in sorted(kept)]


def _required(make: Any) -> list[str]:
    return [one.name for one in fields(make) if one.default is MISSING and one.default_factory is MISSING]


def _meant(shape: Shape, sent: Any) -> Any:
    """What an object means that was accepted once; None for nothing."""
    return shape.value(sent, "", "", Reading(told=False)) if isinstance(sent, dict) else None


def _paired(values: Collection[Any], said: list[Any], meant: list[Any]) -> list[tuple[Any, Payload]]:
    """Each value with the object that said it; else with the one at its place, unless that says another."""
    free = [(one, value) for one, value in zip(said, meant, strict=True) if value is not None]
    places: defaultdict[Hashable, deque[int]] = defaultdict(deque)
    for place, (_, value) in enumerate(free):
        places[value].append(place)
    found = [places[value].popleft() if places[value] else None for value in values]
    taken = set(found)
    unsaid = [None if place is not None or i in taken or i >= len(free) else i for i, place in enumerate(found)]
    chosen = [place if place is not None else other for place, other in zip(found, unsaid, strict=True)]
    return [(value, {} if place is None else free[place][0]) for value, place in zip(values, chosen, strict=True)]
