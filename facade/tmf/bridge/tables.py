"""v4 ⇄ v5: the classes that several APIs share. Each API adds those of its own (`Bridge(classes)`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from facade.contract.classes import REFERENCE_MEMBERS
from facade.tmf.bridge.classes import ClassMapping, Nesting, always, reference, same
from facade.tmf.bridge.events import Envelope
from facade.tmf.bridge.nested import PARTY_KINDS, NestedReference
from facade.tmf.bridge.special import Characteristic, Duration, Identifier

UNSPECIFIED = "unspecified"
CUSTOMER = "Customer"
REFERENCE = frozenset({"id", "href", "name", "@referredType"})
"""The attributes of every reference."""


def _role(value: Mapping[str, Any]) -> str:
    """A party referred to as Customer plays the role of Customer. Other classes need not be words for roles."""
    inner = value.get("partyOrPartyRole")
    referred = inner.get("@referredType") if isinstance(inner, Mapping) else None
    return CUSTOMER if referred == CUSTOMER else UNSPECIFIED


def price_type(value: Mapping[str, Any]) -> str:
    """The type of a price that names none."""
    return "recurring" if value.get("recurringChargePeriod") else "nonRecurring"


def _party_class(inner: Mapping[str, Any]) -> str:
    return "PartyRef" if str(inner.get("@referredType", "Party")) in PARTY_KINDS else "PartyRoleRef"


def _place_class(inner: Mapping[str, Any]) -> str:
    return "PlaceRef" if "id" in inner and inner.keys() <= REFERENCE_MEMBERS else "GeographicAddress"


def _target(reference_class: str) -> str:
    return reference_class.removesuffix("Ref")


_PARTY = Nesting("partyOrPartyRole", REFERENCE | {"partyId", "partyName"}, _party_class, _target)
_PLACE = Nesting("place", None, _place_class, keeps_inner_type=True)

PRICE_PARTS = {"price": "Price", "productOfferingPrice": "ProductOfferingPriceRef"}

SHARED: Mapping[str, ClassMapping] = {
    # references
    "AgreementRef": reference("AgreementRef"),
    "BillingAccountRef": reference("BillingAccountRef", v5_only=("ratingType",)),
    "ProductOfferingRef": reference("ProductOfferingRef", v5_only=("version",)),
    "ProductOfferingPriceRef": reference("ProductOfferingPriceRef", v5_only=("version",)),
    "ProductOfferingQualificationRef": reference("ProductOfferingQualificationRef"),
    "ProductSpecificationRef": reference("ProductSpecificationRef"),
    "ResourceRef": reference("ResourceRef", v4_only=("value",)),
    "ServiceRef": reference("ServiceRef"),
    # who and where
    "RelatedParty": ClassMapping(
        v4="RelatedParty",
        v5="RelatedPartyRefOrPartyRoleRef",
        converter=NestedReference,
        nesting=_PARTY,
        v5_demands={"role": _role},
    ),
    "RelatedPartyOrRole": ClassMapping(
        v4="RelatedParty",
        v5="RelatedPartyOrPartyRole",
        converter=NestedReference,
        nesting=_PARTY,
        v5_demands={"role": _role},
    ),
    "RelatedPlace": same(
        "RelatedPlaceRefOrValue",
        converter=NestedReference,
        nesting=_PLACE,
        v4_demands={"role": always(UNSPECIFIED)},
    ),
    "ExternalIdentifier": ClassMapping(v5="ExternalIdentifier", converter=Identifier),
    "Note": same("Note", v4_demands={"text": always("")}),
    # prices and terms
    "Price": same("Price"),
    "PriceAlteration": same(
        "PriceAlteration", parts=PRICE_PARTS, v4_demands={"priceType": price_type, "price": always({})}
    ),
    "Duration": ClassMapping(converter=Duration),
    "Characteristic": same(
        "Characteristic",
        v5_only=("id", "characteristicRelationship"),
        converter=Characteristic,
        v4_demands={"value": always(None)},
    ),
    # every API
    "Error": same("Error"),
    "Hub": ClassMapping(v5="Hub"),
    "Extension": ClassMapping(),
    "Event": ClassMapping(
        v5="Event",
        converter=Envelope,
        parts={"event": "EventPayload"},
        renamed={"timeOcurred": "timeOccurred"},
        v5_only=("source", "reportingSystem", "relatedParty", "analyticCharacteristic"),
    ),
    "EventPayload": ClassMapping(),
}
"""Each class by the name that parts refer to. An API gives `EventPayload` anew, with its resources as parts."""
