"""How products differ between v4 and v5: the part that the tables of several bridges share."""

from collections.abc import Mapping
from types import MappingProxyType

from facade.tmf.bridge.classes import ClassMapping, Values, always, reference, same
from facade.tmf.bridge.special import ReferenceOrValue, Relationship
from facade.tmf.bridge.tables import PRICE_PARTS, UNSPECIFIED, price_type

PARTS: Mapping[str, str] = MappingProxyType(
    {
        "agreement": "AgreementItemRef",
        "billingAccount": "BillingAccountRef",
        "place": "RelatedPlace",
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
    }
)
"""The parts of a product, beside the products that it consists of."""
RENAMED: Mapping[str, str] = MappingProxyType({"agreement": "agreementItem"})
V5_ONLY = ("creationDate", "intent")


def product_classes(name: str) -> Mapping[str, ClassMapping]:
    """The class of a product that stands in something else, by this name, and the classes of its parts. It may be a
    reference.
    """
    return {
        "AgreementItemRef": reference(
            "AgreementItemRef", renamed={"id": "agreementId", "href": "agreementHref", "name": "agreementName"}
        ),
        "RelatedOrderItem": ClassMapping(
            v4="RelatedProductOrderItem",
            v5="RelatedOrderItem",
            renamed={"productOrderId": "orderId", "productOrderHref": "orderHref"},
            values={"orderItemAction": Values(up={"change": "modify"})},
            v5_demands={"role": always(UNSPECIFIED)},
        ),
        "ProductPrice": same(
            "ProductPrice",
            parts={**PRICE_PARTS, "productPriceAlteration": "PriceAlteration"},
            renamed={"productPriceAlteration": "priceAlteration"},
            v4_only=("billingAccount",),
            v4_demands={"priceType": price_type, "price": always({})},
        ),
        "ProductTerm": same("ProductTerm", parts={"duration": "Duration"}),
        "ProductRelationship": same("ProductRelationship", parts={"product": name}, converter=Relationship),
        name: same(
            "Product",
            converter=ReferenceOrValue,
            parts={**PARTS, "product": name},
            renamed=RENAMED,
            v4_only=("@referredType",),
            v5_only=V5_ONLY,
        ),
    }
