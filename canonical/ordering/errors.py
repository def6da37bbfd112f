"""What can go wrong with orders and their cancellations.

InvalidCommand
├── UnknownOffering          no such offering or SKU in the catalogue
├── DuplicateLine            two lines with one id
├── InvalidQuantity          none, less than none, or out of all proportion
├── ProductReferenceMissing  the line changes an installed product and does not say which
├── OfferingNotProduct       an offering stands where an installed product is meant
├── UnknownRelatedLine       a line is related to one that is not there
└── CyclicRelationship       lines that depend on each other, or contain each other
NotFound
├── CancellationNotFound     no such cancellation, or not the caller's
└── OrderNotFound            no such order, or not the caller's
Conflict
└── OrderCancelled           whoever waited for the order learns that it was given up
"""

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


class UnknownRelatedLine(InvalidCommand):
    code = "DANGLING_ITEM_RELATIONSHIP"


class CyclicRelationship(InvalidCommand):
    """`details`: cycle, the ids of its lines."""

    code = "CYCLIC_ITEM_RELATIONSHIP"


class CancellationNotFound(NotFound):
    code = "CANCELLATION_NOT_FOUND"


class OrderNotFound(NotFound):
    code = "ORDER_NOT_FOUND"


class OrderCancelled(Conflict):
    """Not a failure of anybody: whoever waited for the order learns that it will not come."""

    code = "ORDER_CANCELLED"
