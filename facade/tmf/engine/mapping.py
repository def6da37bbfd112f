"""One table for each resource: which attribute is which field of the core, and how each is converted to the other.

What is more than one attribute that is one field has its rows in `parts`.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Protocol

from canonical.audit.record import Mapped, Outcome
from facade.contract.pointers import escaped
from facade.contract.violations import Code, Violation
from facade.evidence import MOST_PLACES
from facade.tmf.bridge import COMPLEMENT
from facade.tmf.engine.payload import Payload

VERBATIM = "carried"
EXTENSION = "carried: no schema declares it"
"""How the trail tells what is kept verbatim."""
LEFT_OUT = "null is read as absent"


class Unusable(ValueError):
    """What an attribute says can be read, and breaks a rule of ours."""


@dataclass(slots=True)
class Reading:
    """What was read of an object so far: fields, how each was read, and what is wrong with them.

    Not `told`: nobody asks how, nor where something is wrong, only whether.
    """

    fields: dict[str, Any] = field(default_factory=dict)
    trail: list[Mapped] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    told: bool = True


class Row(Protocol):
    """One row of a table."""

    @property
    def attributes(self) -> Collection[str]:
        """The attributes that the row shows, of those that clients send too."""
        ...

    def read(self, body: Payload, at: str, to: str, found: Reading) -> None:
        """Add what `body`, the object at the pointer `at`, says to what was found. `to` is the pointer of what the
        fields belong to.
        """
        ...

    def show(self, aggregate: Any, sent: Mapping[str, Any]) -> Payload:
        """The attributes, as they were sent where that still means the same."""
        ...


def _as_is(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Field:
    """An attribute that is one field of the command, and of the aggregate.

    `to` converts the attribute to the field and raises ValueError with what is wrong; `out` converts the field back, to
    None for nothing to show. Without `out`, the aggregate does not have the field, and the attribute is shown as it was
    sent. `rule` is how the audit record tells the conversion.
    """

    attribute: str
    field: str
    to: Callable[[Any], Any] = _as_is
    out: Callable[[Any], Any] | None = _as_is
    rule: str = "as sent"

    @property
    def attributes(self) -> Collection[str]:
        return () if self.out is None else (self.attribute,)

    def read(self, body: Payload, at: str, to: str, found: Reading) -> None:
        if self.attribute not in body:
            return
        pointer = f"{at}/{self.attribute}"
        try:
            found.fields[self.field] = self.to(body[self.attribute])
        except ValueError as error:
            code = Code.INVALID_VALUE if isinstance(error, Unusable) else Code.INVALID_FORMAT
            found.violations.append(Violation(pointer, code, f"{self.attribute} {error}"))
        else:
            if found.told:
                found.trail.append(Mapped(pointer, f"{to}/{self.field}", self.rule))

    def show(self, aggregate: Any, sent: Mapping[str, Any]) -> Payload:
        if self.out is None:
            return {}
        value, said = getattr(aggregate, self.field), sent.get(self.attribute)
        if said is not None and self._means(said, value):
            return {self.attribute: said}
        shown = None if value is None else self.out(value)
        return {} if shown is None else {self.attribute: shown}

    def _means(self, said: Any, value: Any) -> bool:
        try:
            return bool(self.to(said) == value)
        except (ValueError, TypeError, AttributeError):
            return False


@dataclass(frozen=True, slots=True)
class Written:
    """An attribute that the server writes from a field of the aggregate; a client that sends it is refused."""

    attribute: str
    field: str
    out: Callable[[Any], Any] = _as_is

    @property
    def attributes(self) -> Collection[str]:
        return ()

    def read(self, body: Payload, at: str, to: str, found: Reading) -> None:
        """It is none of the client's."""

    def show(self, aggregate: Any, sent: Mapping[str, Any]) -> Payload:
        value = getattr(aggregate, self.field)
        return {} if value is None else {self.attribute: self.out(value)}


def read(
    table: Iterable[Row], body: Payload, at: str = "", to: str = "", *, told: bool = True
) -> tuple[dict[str, Any], list[Mapped], list[Violation]]:
    """The fields that `body`, the object at the pointer `at`, gives; how each was read; and what is wrong with them.

    `to` is the pointer of what they are fields of. Without `told`, pointers may be wrong and the trail is incomplete.
    """
    found = Reading(told=told)
    for row in table:
        row.read(body, at, to, found)
    return found.fields, found.trail, found.violations


def carried_trail(body: Payload, mapped: Collection[str], more: Iterable[str] = ()) -> list[Mapped]:
    """Every attribute that is kept verbatim, those that no schema names among them, and `more` places."""
    places = [f"/{escaped(name)}" for name in body if name not in mapped and name != COMPLEMENT]
    return [carried(place) for place in (*places, *more)]


def carried(place: str) -> Mapped:
    """What stands at this place is kept verbatim."""
    return Mapped(place, f"/carried{place}", VERBATIM, Outcome.CARRIED)


def left_out(nulls: Iterable[str]) -> Iterator[Mapped]:
    """Nulls at these pointers, which were read as if they were not there: at most MOST_PLACES of them."""
    return (Mapped(at, "", LEFT_OUT) for at in islice(nulls, MOST_PLACES))


def show(table: Iterable[Row], aggregate: Any, carried: Mapping[str, Any]) -> Payload:
    """The attributes of an aggregate, each written as its sender wrote it where that still means the same."""
    shown: Payload = {}
    for row in table:
        shown |= row.show(aggregate, carried)
    return shown


def shown_with(table: Collection[Row], aggregate: Any, carried: Mapping[str, Any]) -> Payload:
    """What is carried, with the attributes of the aggregate, and without those that it no longer has."""
    shown = show(table, aggregate, carried)
    owned = {name for row in table for name in row.attributes}
    return {**{name: value for name, value in carried.items() if name not in owned}, **shown}
