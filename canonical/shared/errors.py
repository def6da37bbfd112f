"""Everything that can go wrong, as one tree. `code` is stable and is what callers may test for.

CanonicalError
├── InvalidCommand                what was asked makes no sense; nothing was done
│   ├── UnknownOffering           no such offering or SKU in the catalogue
│   ├── DuplicateLine             two lines with one id
│   ├── InvalidQuantity           none, less than none, or out of all proportion
│   ├── ProductReferenceMissing   the line changes an installed product and does not say which
│   ├── OfferingNotProduct        an offering stands where an installed product is meant
│   ├── UnknownRelatedLine        a line is related to one that is not there
│   ├── CyclicRelationship        lines that depend on each other, or contain each other
│   ├── CurrenciesDiffer          one order, charged in one currency
│   └── InvalidPlan               no plan that a subscription can be moved to
├── NotFound
│   ├── CustomerNotFound          CRM does not know the customer, or it is not for the caller
│   ├── SubscriptionNotFound      BSS does not know the subscription, or it is not for the caller
│   ├── AuditRecordNotFound       no such audit record, or not the caller's
│   ├── CancellationNotFound      no such cancellation, or not the caller's
│   ├── ListenerNotFound          no such listener, or not the caller's
│   ├── ProcessNotFound           no such process
│   └── OrderNotFound             no such order, or not the caller's
├── Conflict                      right question, wrong moment
│   ├── InvalidTransition         the order's state does not allow it
│   ├── ConcurrentChange          somebody else changed it first
│   ├── VersionMismatch           it is not in the version that the caller knows
│   ├── SubscriptionTerminated    it has ended, so nothing of it is changed any more
│   ├── IdempotencyKeyReused      the key was used for another request
│   ├── ListenerExists            the caller has this very listener
│   ├── TooManyListeners          the caller has as many as a client may have
│   ├── DecisionRefused           a process where it stands leaves no room for the decision
│   │   └── CallUnderWay          nor does any other at this moment: the process is at work
│   ├── GivenUp                   a person decided that the order goes no further
│   ├── OrderCancelled            whoever waited for the order learns that it was given up
│   ├── CustomerNotInGoodStanding pending or suspended in CRM
│   └── InsufficientStock         Inventory has fewer than ordered
├── PaymentDeclined               Billing refused the charge, for good
├── StoreUnavailable              what we keep cannot be reached; nothing was changed
│   ├── StoreNotWritable          it can be read only, as when its disk is full; nothing was changed
│   └── StoreOutcomeUnknown       it may have kept the change: look before it is made again
├── StillWorking                  accepted and tracked, but not finished while the caller waited
└── BackendError
    ├── BackendUnavailable        it did not act: the same call may be sent again later
    ├── OutcomeUnknown            it may have acted: ask before sending again
    ├── BackendContractError      it answered outside its contract
    │   └── BackendContradiction  it answered about something else than was asked for
    └── BackendRefused            it refused a call that we thought was right
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Self


class CanonicalError(Exception):
    """The root: a stable `code`, a message for people, `details` for programs.

    `pointer` is the JSON pointer (RFC 6901) of the offending field in the command, where there is one.
    `details` holds JSON values only, so that an error can be kept with the order it ended.
    """

    code: ClassVar[str] = "INTERNAL"

    def __init__(self, message: str, *, pointer: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.pointer = pointer
        self.details: Mapping[str, Any] = details


class InvalidCommand(CanonicalError):
    code = "INVALID_COMMAND"


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


class CurrenciesDiffer(InvalidCommand):
    """`details`: currencies."""

    code = "CURRENCIES_DIFFER"


class InvalidPlan(InvalidCommand):
    """`details`: allowed."""

    code = "INVALID_PLAN"


class NotFound(CanonicalError):
    code = "NOT_FOUND"


class CustomerNotFound(NotFound):
    """CRM does not know the customer, or the caller may not act for it: nothing tells the two apart."""

    code = "CUSTOMER_NOT_FOUND"

    @classmethod
    def named(cls, customer_id: str, pointer: str | None = None) -> Self:
        return cls("Customer not found", pointer=pointer, customerId=customer_id)


class SubscriptionNotFound(NotFound):
    """BSS does not know the subscription, or it is of a customer whom the caller may not act for."""

    code = "SUBSCRIPTION_NOT_FOUND"

    @classmethod
    def named(cls, subscription_id: str) -> Self:
        return cls("Subscription not found", subscriptionId=subscription_id)


class CancellationNotFound(NotFound):
    code = "CANCELLATION_NOT_FOUND"


class ListenerNotFound(NotFound):
    code = "LISTENER_NOT_FOUND"


class AuditRecordNotFound(NotFound):
    code = "AUDIT_RECORD_NOT_FOUND"


class OrderNotFound(NotFound):
    code = "ORDER_NOT_FOUND"


class ProcessNotFound(NotFound):
    code = "PROCESS_NOT_FOUND"


class Conflict(CanonicalError):
    code = "CONFLICT"


class InvalidTransition(Conflict):
    """`details`: state, trigger, allowedActions."""

    code = "INVALID_TRANSITION"


class DecisionRefused(Conflict):
    """`details`: state, call, allowedActions."""

    code = "DECISION_REFUSED"


class CallUnderWay(DecisionRefused):
    """The same decision makes sense again once the call has ended."""

    code = "CALL_UNDER_WAY"


class GivenUp(Conflict):
    """Kept with the order instead of a backend's refusal."""

    code = "GIVEN_UP"


class ConcurrentChange(Conflict):
    code = "CONCURRENT_CHANGE"


class VersionMismatch(Conflict):
    """`details`: version, the one that is kept."""

    code = "VERSION_MISMATCH"


class SubscriptionTerminated(Conflict):
    code = "SUBSCRIPTION_TERMINATED"


class IdempotencyKeyReused(Conflict):
    code = "IDEMPOTENCY_KEY_REUSED"


class ListenerExists(Conflict):
    """`details`: listenerId, of the one that is there."""

    code = "LISTENER_EXISTS"


class TooManyListeners(Conflict):
    """`details`: most."""

    code = "TOO_MANY_LISTENERS"


class OrderCancelled(Conflict):
    """Not a failure of anybody: whoever waited for the order learns that it will not come."""

    code = "ORDER_CANCELLED"


class CustomerNotInGoodStanding(Conflict):
    """`details`: customerId, customerStatus."""

    code = "CUSTOMER_NOT_IN_GOOD_STANDING"


class InsufficientStock(Conflict):
    """`details`: sku, requested, available; itemId once it is known which item of an order it is."""

    code = "INSUFFICIENT_STOCK"


class PaymentDeclined(CanonicalError):
    code = "PAYMENT_DECLINED"


class StoreUnavailable(CanonicalError):
    code = "DATABASE_UNAVAILABLE"


class StoreNotWritable(StoreUnavailable):
    code = "DATABASE_NOT_WRITABLE"


class StoreOutcomeUnknown(StoreUnavailable):
    """`details`: auditRecordId, and id of the order if it is about one: they are there if the change was kept."""

    code = "DATABASE_OUTCOME_UNKNOWN"


class StillWorking(CanonicalError):
    """`details`: id, the order's. It goes on; ask for it later."""

    code = "STILL_WORKING"


class BackendError(CanonicalError):
    """Something went wrong with a system that belongs to others. `details`: backend, operation."""

    code = "BACKEND_ERROR"


class BackendUnavailable(BackendError):
    """The backend did not act. The same call may be sent again later."""

    code = "BACKEND_UNAVAILABLE"


class OutcomeUnknown(BackendError):
    """The backend may or may not have acted. Ask it what it knows before calling again."""

    code = "OUTCOME_UNKNOWN"


class BackendContractError(BackendError):
    """The backend answered outside its contract: a missing field, a wrong type, not JSON."""

    code = "BACKEND_CONTRACT_ERROR"


class BackendContradiction(BackendContractError):
    """The backend answered about something else than was asked for: another order, amount, customer. What it did is
    not known. `details` add field, the JSON pointer of what does not agree.
    """

    code = "BACKEND_CONTRADICTION"


class BackendRefused(BackendError):
    """The backend refused a call that we thought was right. It did not act. `details` add status."""

    code = "BACKEND_REFUSED"


def every_error(root: type[CanonicalError] = CanonicalError) -> Iterator[type[CanonicalError]]:
    """The tree, root first."""
    yield root
    for child in root.__subclasses__():
        yield from every_error(child)


def restore(code: str, message: str, details: Mapping[str, Any]) -> CanonicalError:
    """The error that was kept as code, message and details. An unknown code restores as the root."""
    kind = next((kind for kind in every_error() if kind.code == code), CanonicalError)
    return kind(message, **details)
