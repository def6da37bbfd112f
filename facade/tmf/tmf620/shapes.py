"""How objects that several resources of TMF620 v5 have are read and shown."""

import re
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from canonical.catalog.characteristics import AllowedValue, CharacteristicUse, Value, ValueType
from canonical.catalog.price import Commitment, Quantity
from canonical.catalog.references import Reference, Relationship
from canonical.shared import jsontext
from facade.clock import time_text
from facade.tmf.engine.mapping import Field, Row, Unusable
from facade.tmf.engine.parts import Gathered, Joint, Object, Part, Parts, Spread
from facade.tmf.engine.payload import instant
from facade.tmf.vocabulary import folded

LONGEST = 100
"""Characters of a name and an id."""

_DECIMAL = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")

INTERVALS: Mapping[str, tuple[bool, bool]] = MappingProxyType(
    {"closed": (False, False), "open": (True, True), "closedBottom": (False, True), "closedTop": (True, False)}
)
"""Whether the lower and the upper bound are outside of the range."""
_INTERVALS_BY_WORD = MappingProxyType({folded(word): bounds for word, bounds in INTERVALS.items()})


def identifier(text: str) -> str:
    """A name or an id. Raises Unusable."""
    if not text.strip() or len(text) > LONGEST:
        raise Unusable(f"is not blank and has at most {LONGEST} characters")
    return text


def value(sent: Any) -> Value:
    if isinstance(sent, str):
        return Value(ValueType.TEXT, sent)
    if isinstance(sent, bool):
        return Value(ValueType.BOOLEAN, str(sent).lower())
    if isinstance(sent, int | Decimal):
        return Value(ValueType.NUMBER, str(sent))
    return Value(ValueType.OBJECT, jsontext.text(sent))


def shown_value(known: Value) -> Any:
    return known.text if known.type is ValueType.TEXT else jsontext.read_kept(known.text)


def number(sent: Any) -> Decimal | None:
    """The number that a bound is, also when it was sent as a text; None for what is none, such as a date."""
    if isinstance(sent, str):
        return Decimal(sent) if _DECIMAL.fullmatch(sent) else None
    return Decimal(sent) if isinstance(sent, int | Decimal) and not isinstance(sent, bool) else None


def shown_number(known: Decimal) -> int | Decimal:
    return int(known) if known == known.to_integral_value() else known


def shown_if_true(known: bool) -> bool | None:
    return known or None


PERIOD: tuple[Row, ...] = (
    Field("startDateTime", "valid_from", instant, time_text, "time in UTC"),
    Field("endDateTime", "valid_until", instant, time_text, "time in UTC"),
)
VALID_FOR = Spread("validFor", PERIOD)
ID = Field("id", "id", identifier)
VERSIONED: tuple[Row, ...] = (ID, Field("version", "edition"))


def reference(type_name: str, *, versioned: bool = True) -> Object:
    """A reference of this class."""
    return Object(Reference, VERSIONED if versioned else (ID,), type_name)


def relationship(type_name: str, *more: Row) -> Object:
    """A relationship of this class; `more`: what it says besides of whom it is with and how."""
    rows: tuple[Row, ...] = (Field("relationshipType", "type"), Gathered("to", Object(Reference, VERSIONED)), *more)
    return Object(Relationship, rows, type_name)


ALLOWED_VALUE = Object(
    AllowedValue,
    (
        Field("value", "value", value, shown_value, "by its JSON type"),
        Field("valueFrom", "low", number, shown_number, "a number"),
        Field("valueTo", "high", number, shown_number, "a number"),
        Joint(
            "rangeInterval",
            ("open_low", "open_high"),
            lambda word: _INTERVALS_BY_WORD.get(folded(word), INTERVALS["closed"]),
            lambda *bounds: next((word for word, known in INTERVALS.items() if any(bounds) and known == bounds), None),
            "table of intervals",
        ),
        Field("regex", "pattern"),
        Field("unitOfMeasure", "unit"),
        Field("isDefault", "is_default", out=shown_if_true),
        VALID_FOR,
    ),
    "CharacteristicValueSpecification",
)
CHARACTERISTIC_USE = Object(
    CharacteristicUse,
    (
        Field("name", "name"),
        Field("id", "id"),
        Field("minCardinality", "least"),
        Field("maxCardinality", "most"),
        Parts("productSpecCharacteristicValue", "allowed", ALLOWED_VALUE),
        Part("productSpecification", "specification", reference("ProductSpecificationRef")),
        VALID_FOR,
    ),
    "ProductSpecificationCharacteristicValueUse",
)
QUANTITY = Object(
    lambda amount=None, units=None: Quantity(amount, units),
    (Field("amount", "amount", number, shown_number, "a number"), Field("units", "units")),
    needed=(),
)
COMMITMENT = Object(
    Commitment,
    (Field("name", "name"), Field("description", "description"), Part("duration", "duration", QUANTITY), VALID_FOR),
    "ProductOfferingTerm",
)
