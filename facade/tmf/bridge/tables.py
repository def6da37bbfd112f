"""v4 ⇄ v5: the classes that several APIs share. Each API adds its own table (`ordering`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from facade.contract.classes import REFERENCE_MEMBERS
from facade.tmf.bridge.shapes import Form, Shape, Values, Wrapping, always, reference, same

PARTY_KINDS = frozenset({"Individual", "Organization", "Party"})
"""Classes of parties as such; any other referred class is a role that a party plays."""

UNSPECIFIED = "unspecified"
CUSTOMER = "Customer"
_REFERENCE = frozenset({"id", "href", "name", "@referredType"})
_ACTIONS = Values(up={"change": "modify"})


def _role(value: Mapping[str, Any]) -> str:
    """A party referred to as Customer plays the role of Customer. Other classes need not be words for roles."""
    inner = value.get("partyOrPartyRole")
    referred = inner.get("@referredType") if isinstance(inner, Mapping) else None
    return CUSTOMER if referred == CUSTOMER else UNSPECIFIED


def _price_type(value: Mapping[str, Any]) -> str:
    return "recurring" if value.get("recurringChargePeriod") else "nonRecurring"


def _party_class(inner: Mapping[str, Any]) -> str:
    return "PartyRef" if inner.get("@referredType", "Party") in PARTY_KINDS else "PartyRoleRef"


def _place_class(inner: Mapping[str, Any]) -> str:
    return "PlaceRef" if "id" in inner and inner.keys() <= REFERENCE_MEMBERS else "GeographicAddress"


def _target(reference_class: str) -> str:
    return reference_class.removesuffix("Ref")


_PARTY = Wrapping("partyOrPartyRole", _REFERENCE | {"partyId", "partyName"}, _party_class, _target)
_CHANNEL = Wrapping("channel", _REFERENCE, always("ChannelRef"))
_PLACE = Wrapping("place", None, _place_class, keeps_inner_type=True)

_PRICE_PARTS = {"price": "Price", "productOfferingPrice": "ProductOfferingPriceRef"}

SHARED: Mapping[str, Shape] = {
    # references
    "AgreementRef": reference("AgreementRef"),
    "AppointmentRef": reference("AppointmentRef", v5_only=("name",)),
    "BillingAccountRef": reference("BillingAccountRef", v5_only=("ratingType",)),
    "PaymentRef": reference("PaymentRef"),
    "ProductOfferingRef": reference("ProductOfferingRef", v5_only=("version",)),
    "ProductOfferingPriceRef": reference("ProductOfferingPriceRef", v5_only=("version",)),
    "ProductOfferingQualificationRef": reference("ProductOfferingQualificationRef"),
    "ProductSpecificationRef": reference("ProductSpecificationRef"),
    "QuoteRef": reference("QuoteRef"),
    "ResourceRef": reference("ResourceRef"),
    "ServiceRef": reference("ServiceRef"),
    # references to an item of something
    "AgreementItemRef": reference(
        "AgreementItemRef", renamed={"id": "agreementId", "href": "agreementHref", "name": "agreementName"}
    ),
    "ProductOfferingQualificationItemRef": reference("ProductOfferingQualificationItemRef", renamed={"id": "itemId"}),
    "QuoteItemRef": reference("QuoteItemRef", renamed={"id": "quoteItemId"}),
    "RelatedOrderItem": Shape(
        v4="RelatedProductOrderItem",
        v5="RelatedOrderItem",
        renamed={"productOrderId": "orderId", "productOrderHref": "orderHref"},
        values={"orderItemAction": _ACTIONS},
        v5_demands={"role": always(UNSPECIFIED)},
    ),
    # who, where, through what
    "RelatedParty": Shape(
        v4="RelatedParty",
        v5="RelatedPartyRefOrPartyRoleRef",
        form=Form.WRAPPED,
        wrapping=_PARTY,
        v5_demands={"role": _role},
    ),
    "RelatedPartyOrRole": Shape(
        v4="RelatedParty",
        v5="RelatedPartyOrPartyRole",
        form=Form.WRAPPED,
        wrapping=_PARTY,
        v5_demands={"role": _role},
    ),
    "RelatedChannel": same(
        "RelatedChannel", form=Form.WRAPPED, wrapping=_CHANNEL, v5_demands={"role": always(UNSPECIFIED)}
    ),
    "RelatedPlace": same(
        "RelatedPlaceRefOrValue",
        form=Form.WRAPPED,
        wrapping=_PLACE,
        v4_demands={"role": always(UNSPECIFIED)},
    ),
    "ExternalIdentifier": Shape(v5="ExternalIdentifier", form=Form.IDENTIFIER),
    "Note": same("Note", v4_demands={"text": always("")}),
    # prices and terms
    "Price": same("Price"),
    "PriceAlteration": same(
        "PriceAlteration", parts=_PRICE_PARTS, v4_demands={"priceType": _price_type, "price": always({})}
    ),
    "OrderPrice": same(
        "OrderPrice",
        parts={**_PRICE_PARTS, "billingAccount": "BillingAccountRef", "priceAlteration": "PriceAlteration"},
        v5_demands={"priceType": _price_type},
    ),
    "ProductPrice": same(
        "ProductPrice",
        parts={**_PRICE_PARTS, "productPriceAlteration": "PriceAlteration"},
        renamed={"productPriceAlteration": "priceAlteration"},
        v4_demands={"priceType": _price_type, "price": always({})},
    ),
    "Duration": Shape(form=Form.DURATION),
    "OrderTerm": same("OrderTerm", parts={"duration": "Duration"}),
    "ProductTerm": same("ProductTerm", parts={"duration": "Duration"}),
    # the product
    "Characteristic": same(
        "Characteristic",
        v5_only=("id", "characteristicRelationship"),
        form=Form.CHARACTERISTIC,
        v4_demands={"value": always(None)},
    ),
    "ProductRelationship": same(
        "ProductRelationship", parts={"product": "Product"}, form=Form.RELATED_PRODUCT
    ),
    "Product": same(
        "Product",
        form=Form.PRODUCT,
        parts={
            "agreement": "AgreementItemRef",
            "billingAccount": "BillingAccountRef",
            "place": "RelatedPlace",
            "product": "Product",
            "productCharacteristic": "Characteristic",
            "productOffering": "ProductOfferingRef",
            "productOrderItem": "RelatedOrderItem",
            "productPrice": "ProductPrice",
            "productRelationship": "ProductRelationship",
            "productSpecification": "ProductSpecificationRef",
            "productTerm": "ProductTerm",
            "realizingResource": "ResourceRef",
            "realizingService": "ServiceRef",
            "relatedParty": "RelatedPartyOrRole",
        },
        renamed={"agreement": "agreementItem"},
        v5_only=("creationDate", "intent"),
    ),
    # every API
    "Error": same("Error"),
    "Hub": Shape(v5="Hub"),
    "Extension": Shape(),
}  # fmt: skip
