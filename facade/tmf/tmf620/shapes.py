"""How objects that several resources of TMF620 v5 have are read and shown."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from canonical.catalog.characteristics import AllowedValue, CharacteristicUse
from canonical.catalog.price import Commitment, Quantity
from canonical.catalog.references import Reference, Relationship
from facade.characteristic_values import json_of, value_of
from facade.clock import instant, time_text
from facade.tmf.engine.mapping import Field, Row, Unusable
from facade.tmf.engine.parts import Gathered, Joint, Object, Part, Parts, Spread
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


def number(sent: Any) -> Decimal | None:
    """The number that a bound is, also when it was sent as a text; None for what is none, such as a date."""
    if isinstance(sent, str):
        return Decimal(sent) if _DECIMAL.fullmatch(sent) else None
    return Decimal(sent) if isinstance(sent, int | Decimal) and not isinstance(sent, bool) else None


def shown_number(known: Decimal) -> int | Decimal:
    return int(known) if known == known.to_integral_value() else known


def shown_if_true(known: bool) -> bool | None:
    return known or None


def moment(sent: Any) -> datetime | None:
    """A time; None for what is no text, where no contract says what it is. Raises ValueError."""
    return instant(sent) if isinstance(sent, str) else None


def text_or_none(sent: Any) -> str | None:
    return sent if isinstance(sent, str) else None


PERIOD: tuple[Row, ...] = (
    Field("startDateTime", "valid_from", moment, time_text, "time in UTC"),
    Field("endDateTime", "valid_until", moment, time_text, "time in UTC"),
)
VALID_FOR = Spread("validFor", PERIOD)
REFERENCE = Object(Reference, (Field("id", "id", identifier), Field("version", "edition", text_or_none)))


def reference(type_name: str) -> Object:
    """A reference of this class."""
    return replace(REFERENCE, type=type_name)


def relationship(type_name: str) -> Object:
    """A relationship of this class."""
    return Object(
        Relationship,
        (
            Gathered("to", REFERENCE),
            Field("relationshipType", "type"),
            Field("role", "role", text_or_none),
            VALID_FOR,
        ),
        type_name,
    )


ALLOWED_VALUE = Object(
    AllowedValue,
    (
        Field("value", "value", value_of, json_of, "by its JSON type"),
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
