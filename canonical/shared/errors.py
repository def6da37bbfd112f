"""Errors as one tree: the root, and what the contexts share. `code` is stable and is what callers may test for.

Each context has its own errors in its errors.py, below one of these.

CanonicalError
├── InvalidCommand                what was asked makes no sense; nothing was done
│   └── CurrenciesDiffer          one order, charged in one currency
├── NotFound
├── Conflict                      right question, wrong moment
│   ├── InvalidTransition         the order's state does not allow it
│   ├── ConcurrentChange          somebody else changed it first
│   ├── VersionMismatch           it is not in the version that the caller knows
│   └── IdempotencyKeyReused      the key was used for another request
├── StoreUnavailable              what we keep cannot be reached; nothing was changed
│   ├── StoreNotWritable          it can be read only, as when its disk is full; nothing was changed
│   └── StoreOutcomeUnknown       it may have kept the change: look before it is made again
└── BackendError
    ├── BackendUnavailable        it did not act: the same call may be sent again later
    ├── OutcomeUnknown            it may have acted: ask before sending again
    ├── BackendContractError      it answered outside its contract
    │   └── BackendContradiction  it answered about something else than was asked for
    └── BackendRefused            it refused a call that we thought was right
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar


class CanonicalError(Exception):
    """The root: a stable `code`, a message for people, `details` for programs.

    `pointer` is the JSON pointer (RFC 6901) of the wrong field in the command, if there is one. `details` has JSON
    values only, so that an error can be stored with the order that it ended.
    """

    code: ClassVar[str] = "INTERNAL"

    def __init__(self, message: str, *, pointer: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.pointer = pointer
        self.details: Mapping[str, Any] = details


class InvalidCommand(CanonicalError):
    code = "INVALID_COMMAND"


class CurrenciesDiffer(InvalidCommand):
    """`details`: currencies."""

    code = "CURRENCIES_DIFFER"


class NotFound(CanonicalError):
    code = "NOT_FOUND"


class Conflict(CanonicalError):
    code = "CONFLICT"


class InvalidTransition(Conflict):
    """`details`: state, trigger, allowedActions."""

    code = "INVALID_TRANSITION"


class ConcurrentChange(Conflict):
    code = "CONCURRENT_CHANGE"


class VersionMismatch(Conflict):
    """`details`: version, the one that is kept."""

    code = "VERSION_MISMATCH"


class IdempotencyKeyReused(Conflict):
    code = "IDEMPOTENCY_KEY_REUSED"


class StoreUnavailable(CanonicalError):
    code = "DATABASE_UNAVAILABLE"


class StoreNotWritable(StoreUnavailable):
    code = "DATABASE_NOT_WRITABLE"


class StoreOutcomeUnknown(StoreUnavailable):
    """`details`: auditRecordId, and the id of the order if it is about one. Both exist if the change was stored."""

    code = "DATABASE_OUTCOME_UNKNOWN"


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
    """The answer contradicts the call: it has another order, amount or customer. The outcome is unknown. `details` add
    field, the JSON pointer of the contradiction.
    """

    code = "BACKEND_CONTRADICTION"


class BackendRefused(BackendError):
    """The backend refused a call that we considered correct. It did not act. `details` add status."""

    code = "BACKEND_REFUSED"


def every_error(root: type[CanonicalError] = CanonicalError) -> Iterator[type[CanonicalError]]:
    """The tree, root first, with the errors of every context that is loaded."""
    yield root
    for child in root.__subclasses__():
        yield from every_error(child)


def restore(code: str, message: str, details: Mapping[str, Any]) -> CanonicalError:
    """The error that was kept as code, message and details. The root, if no loaded context has the code."""
    kind = next((kind for kind in every_error() if kind.code == code), CanonicalError)
    return kind(message, **details)
