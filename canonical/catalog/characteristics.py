"""What products can be like: characteristics, and the values that they may have."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from canonical.catalog.references import Reference


class ValueType(StrEnum):
    TEXT = "TEXT"
    NUMBER = "NUMBER"
    BOOLEAN = "BOOLEAN"
    OBJECT = "OBJECT"


@dataclass(frozen=True, slots=True)
class Value:
    """A value by its JSON type. `text` is the text itself, the digits of a number, `true` or `false`, or else JSON."""

    type: ValueType
    text: str

    def means(self, other: "Value") -> bool:
        """Whether both are the same value: 1.0 is 1."""
        if self.type is ValueType.NUMBER and other.type is ValueType.NUMBER:
            return Decimal(self.text) == Decimal(other.text)
        return self == other

    @property
    def number(self) -> Decimal | None:
        """The number that it is, also when it was written as a text."""
        try:
            number = Decimal(self.text)
        except InvalidOperation:
            return None
        return number if number.is_finite() else None


@dataclass(frozen=True, slots=True)
class AllowedValue:
    """One value, or those from `low` to `high` (without the bounds where `open_low` and `open_high` say so), or texts
    that `pattern` matches as a whole. `unit` is that of the value.
    """

    value: Value | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    open_low: bool = False
    open_high: bool = False
    pattern: str | None = None
    unit: str | None = None
    is_default: bool = False
    valid_from: datetime | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Characteristic:
    """`name` is what it is called in orders. With `allowed` empty it takes any value of its type. `least` and `most`
    values are given, `most` None for no limit. Not `configurable`: every product has the default.
    """

    name: str
    value_type: str | None = None
    id: str | None = None
    description: str | None = None
    allowed: tuple[AllowedValue, ...] = ()
    least: int | None = None
    most: int | None = None
    pattern: str | None = None
    configurable: bool | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class CharacteristicUse:
    """A characteristic of a specification as something else uses it: an offering narrows its values with `allowed`, a
    price counts for these only. `specification` None: the offering's own one, or else the only one that has it.
    """

    name: str | None = None
    id: str | None = None
    allowed: tuple[AllowedValue, ...] = ()
    least: int | None = None
    most: int | None = None
    specification: Reference | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
