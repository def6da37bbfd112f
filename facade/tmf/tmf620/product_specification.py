"""TMF620 v5 productSpecification: what a product is, however it is sold."""

from typing import Any

from canonical.catalog.characteristics import Characteristic
from canonical.catalog.specification import SPECIFICATIONS, Instantiation, SpecificationContents
from facade.tmf.engine.mapping import Field, Unusable
from facade.tmf.engine.parts import Object, Parts
from facade.tmf.tmf620.items import ItemMapper
from facade.tmf.tmf620.shapes import ALLOWED_VALUE, VALID_FOR, identifier, reference, relationship

CHARACTERISTIC = Object(
    Characteristic,
    (
        Field("id", "id"),
        Field("name", "name"),
        Field("valueType", "value_type"),
        Field("description", "description"),
        Field("configurable", "configurable"),
        Field("minCardinality", "least"),
        Field("maxCardinality", "most"),
        Field("regex", "pattern"),
        Parts("characteristicValueSpecification", "allowed", ALLOWED_VALUE),
        VALID_FOR,
    ),
    "CharacteristicSpecification",
)
OWN = frozenset({"instantiation"})
"""Attributes of ours: TMF620 does not say what a quantity of a product means."""


def instantiation(said: Any) -> Instantiation:
    if said not in list(Instantiation):
        raise Unusable(f"is one of {', '.join(Instantiation)}")
    return Instantiation(said)


CONTENTS = (
    Field("name", "name", identifier),
    Field("description", "description"),
    Field("brand", "brand"),
    Field("productNumber", "number"),
    Field("isBundle", "bundle"),
    Parts("productSpecCharacteristic", "characteristics", CHARACTERISTIC),
    Parts("bundledProductSpecification", "parts", reference("BundledProductSpecification")),
    Parts(
        "productSpecificationRelationship",
        "relationships",
        relationship("ProductSpecificationRelationship"),
    ),
    Parts("category", "categories", reference("CategoryRef")),
    Field("instantiation", "instantiation", instantiation, str),
)
CARRIED = frozenset(
    {
        *("attachment", "externalIdentifier", "intentSpecification", "policy", "relatedParty"),
        *("resourceSpecification", "serviceSpecification", "targetProductSchema"),
    }
)

MAPPER = ItemMapper.of_rows(SPECIFICATIONS, "ProductSpecification", SpecificationContents, CONTENTS)
