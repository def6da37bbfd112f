"""TMF620 v5 productOffering: what can be sold, to whom and for how much."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from canonical.audit.record import Mapped
from canonical.catalog.market import sold_at
from canonical.catalog.offering import OFFERINGS, AllowedAction, Group, Member, OfferedPrice, OfferingContents
from canonical.catalog.price import PriceContents
from canonical.catalog.references import Reference
from facade.contract.classes import REFERENCE_MEMBERS
from facade.tmf.engine.mapping import Field, Reading, carried
from facade.tmf.engine.parts import Either, Gathered, Object, Part, Parts, Spread
from facade.tmf.engine.payload import Payload, unusable
from facade.tmf.tmf620 import product_offering_price
from facade.tmf.tmf620.items import ItemMapper
from facade.tmf.tmf620.shapes import (
    CHARACTERISTIC_USE,
    COMMITMENT,
    LONGEST,
    REFERENCE,
    VALID_FOR,
    identifier,
    reference,
    relationship,
)
from facade.tmf.vocabulary import folded

STOCK_NUMBER = "SKU"
"""The `externalIdentifierType` of what an offering is called in stock."""
PRICE = "ProductOfferingPrice"
_OF_REFERENCES = REFERENCE_MEMBERS | {"version"}


class StockNumber:
    """The first of `externalIdentifier` that is a stock number."""

    attributes: Collection[str] = ("externalIdentifier",)

    def read(self, body: Payload, at: str, to: str, found: Reading) -> None:
        for index, sent in enumerate(body.get("externalIdentifier", ())):
            place = f"{at}/externalIdentifier/{index}"
            if "sku" not in found.fields and _is_stock_number(sent):
                found.fields["sku"] = sent["id"]
                found.trail.append(Mapped(f"{place}/id", f"{to}/sku", "as sent"))
                found.violations += unusable("a stock number", sent["id"], LONGEST, f"{place}/id")
            else:
                found.trail.append(carried(place))

    def show(self, aggregate: Any, sent: Mapping[str, Any]) -> Payload:
        said = sent.get("externalIdentifier", [])
        index = next((i for i, one in enumerate(said) if _is_stock_number(one)), len(said))
        if (said[index]["id"] if index < len(said) else None) == aggregate.sku:
            return {"externalIdentifier": said} if "externalIdentifier" in sent else {}
        made = {"@type": "ExternalIdentifier", "externalIdentifierType": STOCK_NUMBER}
        new = [] if aggregate.sku is None else [{**made, **dict(*said[index : index + 1]), "id": aggregate.sku}]
        shown = [*said[:index], *new, *said[index + 1 :]]
        return {"externalIdentifier": shown} if shown else {}


def _is_stock_number(sent: Mapping[str, Any]) -> bool:
    return folded(sent.get("externalIdentifierType", "")) == folded(STOCK_NUMBER)


def _is_by_value(sent: Payload) -> bool:
    """Official examples give references the class of what they refer to."""
    named = sent.get("@type")
    is_price = named == PRICE or (named != f"{PRICE}Ref" and sent.get("@baseType") == PRICE)
    return is_price and not ("id" in sent and sent.keys() <= _OF_REFERENCES)


OFFERED_PRICE = Either(
    Object(OfferedPrice, (Gathered("reference", REFERENCE),), f"{PRICE}Ref", needed=("reference",)),
    Object(
        OfferedPrice,
        (Gathered("contents", Object(PriceContents, product_offering_price.CONTENTS)),),
        PRICE,
        needed=("contents",),
    ),
    _is_by_value,
    lambda price: price.contents is not None,
)
MEMBER = Object(
    Member,
    (
        Gathered("offering", REFERENCE),
        Spread(
            "bundledProductOfferingOption",
            (
                Field("numberRelOfferLowerLimit", "least"),
                Field("numberRelOfferUpperLimit", "most"),
                Field("numberRelOfferDefault", "default"),
            ),
            "BundledProductOfferingOption",
        ),
    ),
    "BundledProductOffering",
)


def _group() -> Object:
    return GROUP


GROUP = Object(
    Group,
    (
        Field("id", "id"),
        Field("name", "name"),
        Spread(
            "bundledGroupProductOfferingOption",
            (Field("numberRelOfferLowerLimit", "least"), Field("numberRelOfferUpperLimit", "most")),
            "BundledGroupProductOfferingOption",
        ),
        Parts("bundledProductOffering", "members", MEMBER),
        Parts("bundledGroupProductOffering", "groups", _group),
    ),
    "BundledGroupProductOffering",
)
CHANNELS = Parts("channel", "channels", reference("ChannelRef"))
ALLOWED_ACTION = Object(AllowedAction, (Field("action", "action"), CHANNELS, VALID_FOR), "AllowedProductAction")

CONTENTS = (
    Field("name", "name", identifier),
    Field("description", "description"),
    StockNumber(),
    Field("isBundle", "bundle"),
    Field("isSellable", "sellable"),
    Part("productSpecification", "specification", reference("ProductSpecificationRef")),
    Parts("category", "categories", reference("CategoryRef")),
    Parts("productOfferingPrice", "prices", OFFERED_PRICE),
    Parts("productOfferingTerm", "commitments", COMMITMENT),
    CHANNELS,
    Parts("marketSegment", "segments", reference("MarketSegmentRef")),
    Parts("place", "places", reference("PlaceRef")),
    Parts("prodSpecCharValueUse", "uses", CHARACTERISTIC_USE),
    Parts("bundledProductOffering", "members", MEMBER),
    Parts("bundledGroupProductOffering", "groups", GROUP),
    Parts(
        "productOfferingRelationship",
        "relationships",
        relationship("ProductOfferingRelationship"),
    ),
    Parts("allowedAction", "allowed_actions", ALLOWED_ACTION),
)
DEFINITION = (Field("statusReason", "status_reason"),)
CARRIED = frozenset(
    {
        *("agreement", "attachment", "policy", "productOfferingCharacteristic"),
        *("resourceCandidate", "serviceCandidate", "serviceLevelAgreement"),
    }
)

MAPPER = ItemMapper.of_rows(OFFERINGS, "ProductOffering", OfferingContents, CONTENTS, DEFINITION)


def sold_at_document(document: Payload) -> Iterator[tuple[str, str]]:
    """The texts, each with its path, by which a `Market` finds the offering that a document shows."""
    named = ("channel", "marketSegment", "place")
    channels, segments, places = (
        [Reference(one["id"]) for one in document.get(name, ()) if "id" in one] for name in named
    )
    return sold_at(_Sold(channels, segments, places))


@dataclass(frozen=True, slots=True)
class _Sold:
    channels: Collection[Reference]
    segments: Collection[Reference]
    places: Collection[Reference]
