"""How the objects that a product of TMF637 v5 consists of are read and shown."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from canonical.audit.record import Mapped
from canonical.inventory.contents import (
    AssetCharacteristic,
    AssetOffering,
    AssetPlace,
    AssetPrice,
    AssetRelationship,
    AssetTerm,
    RelationshipType,
)
from canonical.shared import jsontext
from canonical.shared.money import Money
from facade.clock import instant, time_text
from facade.tmf.bridge.special import characteristic_class
from facade.tmf.engine.mapping import Field, Reading, Row, Unusable
from facade.tmf.engine.parts import Object, Spread
from facade.tmf.engine.payload import Payload
from facade.tmf.engine.places import words_of
from facade.tmf.vocabulary import folded

CHARGES: Mapping[str, str] = MappingProxyType(
    {"ONE_TIME": "oneTime", "RECURRING": "recurring", "USAGE": "usage", "DISCOUNT": "discount"}
)
_CHARGES_BY_WORD: Mapping[str, str] = MappingProxyType(
    {folded(word): charge for charge, word in CHARGES.items()} | {"nonrecurring": "ONE_TIME"}
)
"""Any other type of price is kept as it was sent."""
RELATIONSHIPS: Mapping[RelationshipType, str] = MappingProxyType(
    {
        RelationshipType.BUNDLES: "bundles",
        RelationshipType.BUNDLED_BY: "bundledBy",
        RelationshipType.RELIES_ON: "reliesOn",
        RelationshipType.TARGETS: "targets",
        RelationshipType.IS_TARGETED_BY: "isTargetedBy",
        RelationshipType.MIGRATES_TO: "migratesTo",
    }
)
_RELATIONSHIPS_BY_WORD = MappingProxyType({folded(word): kind for kind, word in RELATIONSHIPS.items()})
_MONTHS: Mapping[str, int] = MappingProxyType({"month": 1, "quarter": 3, "year": 12})
WITH_TAX, WITHOUT_TAX = "taxIncludedAmount", "dutyFreeAmount"


def relationship_type(word: str) -> RelationshipType:
    """Raises Unusable."""
    known = _RELATIONSHIPS_BY_WORD.get(folded(word))
    if known is None:
        raise Unusable(f"is one of {', '.join(RELATIONSHIPS.values())}")
    return known


@dataclass(frozen=True, slots=True)
class ByKind:
    """`@type` where the class depends on the rest of the object. A class of the sender's own is kept."""

    kind: Any
    ours: Any

    @property
    def attributes(self) -> Collection[str]:
        return ("@type",)

    def read(self, body: Payload, at: str, to: str, found: Reading) -> None:
        """The rest of the object says it."""

    def show(self, aggregate: Any, sent: Mapping[str, Any]) -> Payload:
        said = sent.get("@type")
        return {"@type": self.kind(aggregate) if said is None or self.ours(said, sent) else said}


@dataclass(frozen=True, slots=True)
class Value:
    """`value`: any JSON, kept as its type and its text."""

    @property
    def attributes(self) -> Collection[str]:
        return ("value",)

    def read(self, body: Payload, at: str, to: str, found: Reading) -> None:
        if body.get("value") is None:
            return
        found.fields["type"], found.fields["text"] = jsontext.typed(body["value"])
        found.trail.append(Mapped(f"{at}/value", f"{to}/text", "as sent"))

    def show(self, aggregate: Any, sent: Mapping[str, Any]) -> Payload:
        said = sent.get("value")
        if said is not None and jsontext.typed(said) == (aggregate.type, aggregate.text):
            return {"value": said}
        return {"value": _json_of(aggregate)}


def _json_of(characteristic: AssetCharacteristic) -> Any:
    return characteristic.text if characteristic.type == "TEXT" else jsontext.read_kept(characteristic.text)


@dataclass(frozen=True, slots=True)
class Amount:
    """`price`: the amount with tax, else the one without. Both, and the rate, are kept as they were sent."""

    attributes: Collection[str] = ("price",)

    def read(self, body: Payload, at: str, to: str, found: Reading) -> None:
        amount = _amount(body.get("price"))
        if amount is not None:
            found.fields["amount"] = amount
            found.trail.append(Mapped(f"{at}/price", f"{to}/amount", "amount with tax, else without"))

    def show(self, aggregate: Any, sent: Mapping[str, Any]) -> Payload:
        said, amount = sent.get("price"), aggregate.amount
        if said is not None and _amount(said) == amount:
            return {"price": said}
        if amount is None:
            return {"price": {"@type": "Price"}}
        value = int(amount.amount) if amount.amount == amount.amount.to_integral_value() else amount.amount
        return {"price": {"@type": "Price", WITHOUT_TAX: {"unit": amount.currency, "value": value}}}


def _amount(price: Any) -> Money | None:
    for name in (WITH_TAX, WITHOUT_TAX):
        sent = price.get(name) if isinstance(price, dict) else None
        if isinstance(sent, dict) and isinstance(sent.get("unit"), str) and sent["unit"].strip():
            value = sent.get("value")
            if isinstance(value, int | Decimal) and not isinstance(value, bool):
                return Money(Decimal(value), sent["unit"])
    return None


@dataclass(frozen=True, slots=True)
class Duration:
    """`duration` in months, where its unit is made of whole ones."""

    attributes: Collection[str] = ("duration",)

    def read(self, body: Payload, at: str, to: str, found: Reading) -> None:
        months = _months(body.get("duration"))
        if months is not None:
            found.fields["months"] = months
            found.trail.append(Mapped(f"{at}/duration", f"{to}/months", "in months"))

    def show(self, aggregate: Any, sent: Mapping[str, Any]) -> Payload:
        said, months = sent.get("duration"), aggregate.months
        if said is not None and _months(said) == months:
            return {"duration": said}
        return {} if months is None else {"duration": {"amount": months, "units": "month"}}


def _months(duration: Any) -> int | None:
    sent = duration if isinstance(duration, dict) else {}
    amount, of_unit = sent.get("amount"), _MONTHS.get(str(sent.get("units", "")).casefold().removesuffix("s"))
    return amount * of_unit if of_unit and isinstance(amount, int) and not isinstance(amount, bool) else None


@dataclass(frozen=True, slots=True)
class Place:
    """`place`: the id of a place that another system knows, and what else is said of it in words."""

    attributes: Collection[str] = ("place",)

    def read(self, body: Payload, at: str, to: str, found: Reading) -> None:
        place_id, text = _place(body.get("place"))
        known = {name: value for name, value in (("id", place_id), ("text", text)) if value is not None}
        found.fields |= known
        found.trail += [Mapped(f"{at}/place", f"{to}/{name}", "id, or address in words") for name in known]

    def show(self, aggregate: Any, sent: Mapping[str, Any]) -> Payload:
        said, place = sent.get("place"), aggregate
        if said is not None and _place(said) == (place.id, place.text):
            return {"place": said}
        if place.id is None:
            return {
                "place": {"@type": "GeographicAddress", **({} if place.text is None else {"streetName": place.text})}
            }
        return {"place": {"@type": "PlaceRef", "id": place.id, **({} if place.text is None else {"name": place.text})}}


def _place(sent: Any) -> tuple[str | None, str | None]:
    place = sent if isinstance(sent, dict) else {}
    place_id = place.get("id")
    return place_id if isinstance(place_id, str) else None, words_of(place)


def _text(sent: Any) -> str | None:
    return sent if isinstance(sent, str) else None


OFFERING = Object(
    AssetOffering,
    (Field("id", "id"), Field("version", "version", _text), Field("name", "name", _text)),
    "ProductOfferingRef",
)
CHARACTERISTIC = Object(
    AssetCharacteristic,
    (
        Field("name", "name"),
        Value(),
        ByKind(
            lambda one: characteristic_class(_json_of(one)),
            lambda said, sent: said == characteristic_class(sent.get("value")),
        ),
    ),
)
PRICE = Object(
    AssetPrice,
    (
        Field(
            "priceType",
            "type",
            lambda word: _CHARGES_BY_WORD.get(folded(word), word),
            lambda charge: CHARGES.get(charge, charge),
            "table of charges",
        ),
        Amount(),
        Field("name", "name"),
        Field("recurringChargePeriod", "period"),
        Field("unitOfMeasure", "unit"),
        Spread("productOfferingPrice", (Field("id", "id"),), "ProductOfferingPriceRef", reference=True),
    ),
    "ProductPrice",
)
END: tuple[Row, ...] = (Field("endDateTime", "until", instant, time_text, "time in UTC"),)
TERM = Object(AssetTerm, (Field("name", "name"), Duration(), Spread("validFor", END)), "ProductTerm")
PLACE = Object(AssetPlace, (Field("role", "role"), Place()), "RelatedPlaceRefOrValue")
RELATIONSHIP = Object(
    AssetRelationship,
    (
        Field("relationshipType", "type", relationship_type, RELATIONSHIPS.__getitem__, "table of relationships"),
        Field("id", "asset_id"),
    ),
    "ProductRelationship",
)
