"""What can go wrong with processes, and what ends them.

CanonicalError
├── NotFound
│   └── ProcessNotFound    no such process
├── Conflict
│   ├── DecisionRefused    a process where it stands leaves no room for the decision
│   │   └── CallUnderWay   nor does any other at this moment: the process is at work
│   ├── GivenUp            a person decided that the order goes no further
│   └── InsufficientStock  Inventory has fewer than ordered
├── PaymentDeclined        Billing refused the charge, for good
└── StillWorking           accepted and tracked, but not finished while the caller waited
"""

from canonical.shared.errors import CanonicalError, Conflict, NotFound


class ProcessNotFound(NotFound):
    code = "PROCESS_NOT_FOUND"


class DecisionRefused(Conflict):
    """`details`: state, call, allowedActions."""

    code = "DECISION_REFUSED"


class CallUnderWay(DecisionRefused):
    """The same decision may be taken again when the call has ended."""

    code = "CALL_UNDER_WAY"


class GivenUp(Conflict):
    """Kept with the order instead of a backend's refusal."""

    code = "GIVEN_UP"


class InsufficientStock(Conflict):
    """`details`: sku, requested, available; itemId once it is known which item of an order it is."""

    code = "INSUFFICIENT_STOCK"


class PaymentDeclined(CanonicalError):
    code = "PAYMENT_DECLINED"


class StillWorking(CanonicalError):
    """`details`: id, the order's. It goes on; ask for it later."""

    code = "STILL_WORKING"
