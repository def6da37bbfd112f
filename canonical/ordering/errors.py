"""The errors of orders and their cancellations.

InvalidCommand
├── UnknownOffering          no such offering or SKU in the catalog
├── DuplicateLine            two lines have the same id
├── InvalidQuantity          below 1 or too large
├── ProductReferenceMissing  the line changes an installed product, but does not name it
├── OfferingNotProduct       the line names an offering instead of an installed product
├── UnknownRelatedLine       a line is related to a line that does not exist
├── TwoItemsOneAsset         two lines change the same product
├── AmbiguousChange          one line asks for changes that exclude each other
├── RuleBroken               it is not sold or not changed so; a partner's profile can say that it may be ordered
│   ├── OfferingNotPublished        not for anybody yet
│   ├── OfferingRetired             not sold any more
│   ├── OfferingNotValid            not yet, or no longer
│   ├── OfferingUnresolved          it refers to what nobody knows
│   ├── OfferingNotSoldAlone        in a bundle only
│   ├── OfferingNotSoldThere        in other channels only
│   ├── ActionNotAllowed            something else can be ordered of it
│   ├── CharacteristicNotAllowed    it has no such characteristic, or not with this value
│   ├── CharacteristicMissing       it has to be chosen
│   ├── BundleCardinality           too few or too many of something in a bundle
│   ├── OfferingRequired            it is ordered together with another one only
│   ├── OfferingExcluded            it is never ordered together with another one
│   ├── PriceDiffers                the stated price is not that of the catalog
│   ├── ProductNotFound             no such product of a customer, or the client does not see it
│   ├── ProductOfAnotherCustomer    the product is not of the customer who orders
│   ├── ProductStatus               the status of the product does not allow the action
│   ├── ProductUnchanged            the product is like that already
│   ├── TermNotOver                 a commitment runs for longer
│   ├── AssetsTooMany               more products than one line may make
│   ├── DuplicateExternalId         the order has an external identifier twice
│   ├── UnknownExternalIdSystem     no such system of external identifiers was agreed with the client
│   ├── UnknownExternalIdType       no such type of external identifiers was agreed with the client
│   ├── RelatedOrderNotFound        no such order, or the client does not see it, or it is the order itself
│   ├── QuoteNotSupported           the order refers to a quote
│   └── UnknownBillingAccount       no such billing account was agreed with the client
└── CyclicRelationship       lines depend on each other, or contain each other, in a cycle
NotFound
├── CancellationNotFound     the cancellation does not exist, or is not the caller's
└── OrderNotFound            the order does not exist, or is not the caller's
Conflict
├── ExternalIdTaken          another order of the client has the external identifier
└── OrderWasCancelled        somebody cancelled the order while the caller waited
"""

from types import MappingProxyType

from canonical.shared.errors import Conflict, InvalidCommand, NotFound


class UnknownOffering(InvalidCommand):
    code = "UNKNOWN_OFFERING"


class DuplicateLine(InvalidCommand):
    """`details`: duplicateOf, the index of the first line with the id."""

    code = "DUPLICATE_ITEM_ID"


class InvalidQuantity(InvalidCommand):
    code = "INVALID_QUANTITY"


class ProductReferenceMissing(InvalidCommand):
    code = "PRODUCT_REFERENCE_MISSING"


class OfferingNotProduct(InvalidCommand):
    code = "OFFERING_NOT_PRODUCT"


class TwoItemsOneAsset(InvalidCommand):
    """`details`: productId, and other, the index of the first line about it."""

    code = "TWO_ITEMS_ONE_ASSET"


class AmbiguousChange(InvalidCommand):
    code = "AMBIGUOUS_CHANGE"


ONE_AFTER_THE_OTHER = "an item moves a product or changes its status; to do both, send two orders, one after the other"


class UnknownRelatedLine(InvalidCommand):
    code = "DANGLING_ITEM_RELATIONSHIP"


class CyclicRelationship(InvalidCommand):
    """`details`: cycle, the ids of its lines."""

    code = "CYCLIC_ITEM_RELATIONSHIP"


class RuleBroken(InvalidCommand):
    """An order breaks a rule of the catalog or of the installed base. `details`: rule, its id; the kinds below have
    others.
    """

    code = "RULE_BROKEN"


class OfferingNotPublished(RuleBroken):
    code = "OFFERING_NOT_PUBLISHED"


class OfferingRetired(RuleBroken):
    code = "OFFERING_RETIRED"


class OfferingNotValid(RuleBroken):
    """`details`: validFrom and validUntil, each null for no bound."""

    code = "OFFERING_NOT_VALID"


class OfferingUnresolved(RuleBroken):
    code = "OFFERING_UNRESOLVED"


class OfferingNotSoldAlone(RuleBroken):
    code = "OFFERING_NOT_SOLD_ALONE"


class OfferingNotSoldThere(RuleBroken):
    code = "OFFERING_NOT_SOLD_THERE"


class ActionNotAllowed(RuleBroken):
    """`details`: allowed."""

    code = "ACTION_NOT_ALLOWED"


class CharacteristicNotAllowed(RuleBroken):
    """`details`: allowed, the values or the names of what there is."""

    code = "CHARACTERISTIC_NOT_ALLOWED"


class CharacteristicMissing(RuleBroken):
    """`details`: characteristic, its name."""

    code = "CHARACTERISTIC_MISSING"


class BundleCardinality(RuleBroken):
    """`details`: member, the id of an offering or the name of a group; least, most (null for no limit) and count."""

    code = "BUNDLE_CARDINALITY"


class OfferingRequired(RuleBroken):
    """`details`: required, the id of the other offering."""

    code = "OFFERING_REQUIRED"


class OfferingExcluded(RuleBroken):
    """`details`: excluded, the id of the other offering."""

    code = "OFFERING_EXCLUDED"


class PriceDiffers(RuleBroken):
    """`details`: stated and ours, amounts with their currency."""

    code = "PRICE_DIFFERS"


class ProductNotFound(RuleBroken):
    """`details`: productId."""

    code = "PRODUCT_NOT_FOUND"


class ProductOfAnotherCustomer(RuleBroken):
    """`details`: productId, customerId."""

    code = "PRODUCT_OF_ANOTHER_CUSTOMER"


class ProductStatus(RuleBroken):
    """`details`: productId, status, action, and allowed, the actions that the status allows."""

    code = "PRODUCT_STATUS"


class ProductUnchanged(RuleBroken):
    """`details`: productId."""

    code = "PRODUCT_UNCHANGED"


class TermNotOver(RuleBroken):
    """`details`: productId, term, its name, and until, its end."""

    code = "TERM_NOT_OVER"


class AssetsTooMany(RuleBroken):
    """`details`: quantity, most."""

    code = "ASSETS_TOO_MANY"


class DuplicateExternalId(RuleBroken):
    code = "DUPLICATE_EXTERNAL_ID"


class UnknownExternalIdSystem(RuleBroken):
    """`details`: allowed, the systems that were agreed."""

    code = "UNKNOWN_EXTERNAL_ID_SYSTEM"


class UnknownExternalIdType(RuleBroken):
    """`details`: allowed, the types that were agreed."""

    code = "UNKNOWN_EXTERNAL_ID_TYPE"


class RelatedOrderNotFound(RuleBroken):
    code = "RELATED_ORDER_NOT_FOUND"


class QuoteNotSupported(RuleBroken):
    code = "QUOTE_NOT_SUPPORTED"


class UnknownBillingAccount(RuleBroken):
    code = "UNKNOWN_BILLING_ACCOUNT"


_RULES: tuple[type[RuleBroken], ...] = (RuleBroken, *RuleBroken.__subclasses__())
RULES = MappingProxyType({kind.code: kind for kind in _RULES})
"""By their codes."""


class CancellationNotFound(NotFound):
    code = "CANCELLATION_NOT_FOUND"


class OrderNotFound(NotFound):
    code = "ORDER_NOT_FOUND"


class ExternalIdTaken(Conflict):
    """`details`: orderId, the id of the other order, if the client sees it."""

    code = "EXTERNAL_ID_TAKEN"


class OrderWasCancelled(Conflict):
    """Somebody cancelled the order. Clients that wait for the order get this error."""

    code = "ORDER_CANCELLED"
