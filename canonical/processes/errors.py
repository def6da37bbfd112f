"""The errors of processes, and the errors that end them.

CanonicalError
├── NotFound
│   └── ProcessNotFound    the process does not exist
├── Conflict
│   ├── DecisionRefused    the state of the process does not allow the decision
│   │   └── CallUnderWay   a call of the process is running
│   ├── GivenUp            an operator stopped the order
│   ├── InsufficientStock  Inventory has less than ordered
│   └── WishNotSupported   BSS keeps an older contract and would not learn what is asked for
├── PaymentDeclined        Billing finally refused the charge
└── StillWorking           accepted, but not finished while the caller waited
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


class WishNotSupported(Conflict):
    """Nothing was sent to BSS. `details`: itemId, and wish, the field of BSS's contract that is needed."""

    code = "WISH_NOT_SUPPORTED"


class PaymentDeclined(CanonicalError):
    code = "PAYMENT_DECLINED"


class StillWorking(CanonicalError):
    """`details`: id, the order's. It goes on; ask for it later."""

    code = "STILL_WORKING"
