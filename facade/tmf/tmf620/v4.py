"""How TMF620's classes differ between v4 and v5: the table of its bridge."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from facade.tmf.bridge import Bridge
from facade.tmf.bridge.classes import ClassMapping, Values, reference, same
from facade.tmf.bridge.converters import DROPPED, TYPE, Resource
from facade.tmf.bridge.special import Amounts, Characteristic, ReferenceById, ReferenceOrValue
from facade.tmf.bridge.tables import SHARED, UNSPECIFIED
from facade.tmf.tmf620.shapes import LONGEST

CATALOG_EVENTS: Mapping[str, str] = MappingProxyType(
    {
        f"Catalog{what}Event": f"ProductCatalog{what}Event"
        for what in ("Create", "AttributeValueChange", "StateChange", "Delete")
    }
)


def _name_of_price(price: Mapping[str, Any]) -> Any:
    """A reference needs no name. A price is called as its type is, as far as the core takes that for a name."""
    name = str(price.get("priceType") or "").strip()[:LONGEST]
    return DROPPED if str(price.get(TYPE)).endswith("Ref") else name or UNSPECIFIED


CLASSES: Mapping[str, ClassMapping] = {
    # resources
    "ProductCatalog": ClassMapping(
        v4="Catalog",
        v5="ProductCatalog",
        converter=Resource,
        parts={"category": "CategoryRef", "relatedParty": "RelatedParty"},
    ),
    "Category": same(
        "Category",
        converter=Resource,
        parts={"parentId": "ParentCategory", "productOffering": "ProductOfferingRef", "subCategory": "CategoryRef"},
        renamed={"parentId": "parent"},
    ),
    "ProductSpecification": same(
        "ProductSpecification",
        converter=Resource,
        parts={
            "attachment": "Attachment",
            "bundledProductSpecification": "BundledProductSpecification",
            "productSpecCharacteristic": "CharacteristicSpecification",
            "productSpecificationRelationship": "ProductSpecificationRelationship",
            "relatedParty": "RelatedParty",
            "resourceSpecification": "ResourceSpecificationRef",
            "serviceSpecification": "ServiceSpecificationRef",
        },
        v5_only=("category", "externalIdentifier", "intentSpecification", "policy"),
    ),
    "ProductOfferingPrice": same(
        "ProductOfferingPrice",
        converter=Resource,
        parts={
            "bundledPopRelationship": "BundledProductOfferingPriceRelationship",
            "constraint": "PolicyRef",
            "place": "PlaceRef",
            "popRelationship": "ProductOfferingPriceRelationship",
            "pricingLogicAlgorithm": "PricingLogicAlgorithm",
            "prodSpecCharValueUse": "CharacteristicUse",
            "productOfferingTerm": "ProductOfferingTerm",
            "tax": "TaxItem",
        },
        renamed={"constraint": "policy"},
        v5_only=("externalIdentifier",),
    ),
    "ProductOffering": same(
        "ProductOffering",
        converter=Resource,
        parts={
            "agreement": "AgreementRef",
            "attachment": "Attachment",
            "bundledProductOffering": "BundledProductOffering",
            "category": "CategoryRef",
            "channel": "ChannelRef",
            "marketSegment": "MarketSegmentRef",
            "place": "PlaceRef",
            "prodSpecCharValueUse": "CharacteristicUse",
            "productOfferingPrice": "OfferedPrice",
            "productOfferingRelationship": "ProductOfferingRelationship",
            "productOfferingTerm": "ProductOfferingTerm",
            "productSpecification": "ProductSpecificationRef",
            "resourceCandidate": "ResourceCandidateRef",
            "serviceCandidate": "ServiceCandidateRef",
            "serviceLevelAgreement": "SLARef",
        },
        v5_only=(
            *("allowedAction", "bundledGroupProductOffering", "externalIdentifier", "policy"),
            "productOfferingCharacteristic",
        ),
    ),
    # references
    "CategoryRef": reference("CategoryRef"),
    "ParentCategory": ClassMapping(v5="CategoryRef", converter=ReferenceById),
    "ChannelRef": reference("ChannelRef"),
    "MarketSegmentRef": reference("MarketSegmentRef"),
    "PlaceRef": reference("PlaceRef"),
    "PolicyRef": ClassMapping(v4="ConstraintRef", v5="PolicyRef", is_reference=True),
    "ResourceCandidateRef": reference("ResourceCandidateRef"),
    "ResourceSpecificationRef": reference("ResourceSpecificationRef"),
    "ServiceCandidateRef": reference("ServiceCandidateRef"),
    "ServiceSpecificationRef": reference("ServiceSpecificationRef"),
    "SLARef": reference("SLARef"),
    # tasks
    "ExportJob": same("ExportJob", converter=Resource),
    "ImportJob": same("ImportJob", converter=Resource),
    # bundles and relationships
    "BundledProductOffering": same(
        "BundledProductOffering",
        parts={"bundledProductOfferingOption": "BundledProductOfferingOption"},
        v4_only=("lifecycleStatus",),
        v5_only=("@referredType", "version"),
    ),
    "BundledProductOfferingOption": same("BundledProductOfferingOption"),
    "BundledProductOfferingPriceRelationship": same(
        "BundledProductOfferingPriceRelationship", v5_only=("@referredType", "version")
    ),
    "BundledProductSpecification": same("BundledProductSpecification", v5_only=("version",)),
    "ProductOfferingRelationship": same("ProductOfferingRelationship", v5_only=("version",)),
    "ProductOfferingPriceRelationship": same("ProductOfferingPriceRelationship", v5_only=("version",)),
    "ProductSpecificationRelationship": same("ProductSpecificationRelationship", v5_only=("characteristic", "version")),
    # characteristics
    "CharacteristicSpecification": ClassMapping(
        v4="ProductSpecificationCharacteristic",
        v5="CharacteristicSpecification",
        parts={
            "productSpecCharRelationship": "CharacteristicSpecificationRelationship",
            "productSpecCharacteristicValue": "CharacteristicValueSpecification",
        },
        renamed={
            "productSpecCharRelationship": "charSpecRelationship",
            "productSpecCharacteristicValue": "characteristicValueSpecification",
        },
    ),
    "CharacteristicSpecificationRelationship": ClassMapping(
        v4="ProductSpecificationCharacteristicRelationship",
        v5="CharacteristicSpecificationRelationship",
        renamed={"id": "parentSpecificationId", "href": "parentSpecificationHref"},
        v4_only=("charSpecSeq",),
        v5_only=("characteristicSpecificationId",),
    ),
    "CharacteristicUse": same(
        "ProductSpecificationCharacteristicValueUse",
        parts={
            "productSpecCharacteristicValue": "CharacteristicValueSpecification",
            "productSpecification": "ProductSpecificationRef",
        },
    ),
    "CharacteristicValueSpecification": same("CharacteristicValueSpecification", converter=Characteristic),
    # prices and terms
    "OfferedPrice": ClassMapping(
        v4="ProductOfferingPrice",
        v5="ProductOfferingPrice",
        converter=ReferenceOrValue,
        parts={"constraint": "PolicyRef", "price": "Amounts"},
        renamed={"constraint": "policy", "recurringChargePeriod": "recurringChargePeriodType"},
        v4_only=("@referredType", "priceAlteration"),
        v5_only=(
            *("bundledPopRelationship", "externalIdentifier", "isBundle", "percentage", "place", "popRelationship"),
            *("pricingLogicAlgorithm", "prodSpecCharValueUse", "productOfferingTerm", "tax"),
        ),
        v5_demands={"name": _name_of_price},
    ),
    "Amounts": ClassMapping(converter=Amounts),
    "PricingLogicAlgorithm": same("PricingLogicAlgorithm"),
    "ProductOfferingTerm": same("ProductOfferingTerm"),
    "TaxItem": same("TaxItem", v4_only=("href", "id")),
    "Attachment": same("Attachment", converter=ReferenceOrValue, v4_only=("@referredType",)),
    # events
    "Event": replace(
        SHARED["Event"],
        values={"eventType": Values(up=CATALOG_EVENTS, down={new: old for old, new in CATALOG_EVENTS.items()})},
    ),
    "EventPayload": ClassMapping(
        parts={
            "exportJob": "ExportJob",
            "importJob": "ImportJob",
            "catalog": "ProductCatalog",
            "category": "Category",
            "productOffering": "ProductOffering",
            "productOfferingPrice": "ProductOfferingPrice",
            "productSpecification": "ProductSpecification",
        },
        renamed={"catalog": "productCatalog"},
    ),
}

BRIDGE = Bridge(CLASSES)
