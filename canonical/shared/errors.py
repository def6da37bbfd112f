"""Errors as one tree: the root, and what the contexts share. `code` is stable and is what callers may test for.

Each context has its own errors in its errors.py, below one of these.

CanonicalError
├── InvalidCommand                the request is contradictory; nothing was done
│   └── CurrenciesDiffer          one order has several currencies
├── NotFound
├── Conflict                      the current state does not allow the request
│   ├── InvalidTransition         the state of the order or category does not allow it
│   ├── ConcurrentChange          somebody else changed the object first
│   ├── VersionMismatch           the object has another version than the caller names
│   ├── IdempotencyKeyReused      the key was used for another request
│   └── RequestRepeated           without a key, the same request came again at once
├── StoreUnavailable              the database cannot be reached; nothing was changed
│   ├── StoreNotWritable          the database accepts no changes; nothing was changed
│   └── StoreOutcomeUnknown       the change may be stored: look before repeating it
└── BackendError
    ├── BackendUnavailable        the backend did not act: the call may be repeated later
    ├── OutcomeUnknown            the backend may have acted: ask it before repeating the call
    ├── BackendContractError      the answer breaks the backend's contract
    │   └── BackendContradiction  the answer contradicts the call
    └── BackendRefused            the backend refused a call that we considered correct
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar


class CanonicalError(Exception):
    """The root: a stable `code`, a message for people, `details` for programs.

    `pointer` is the JSON pointer (RFC 6901) of the wrong field in the command, if there is one. `details` has JSON
    values only, so that an error can be stored with the order that it ended. `subject` is our id of what the error is
    about, where a client is told another one.
    """

    code: ClassVar[str] = "INTERNAL"

    def __init__(self, message: str, *, pointer: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.pointer = pointer
        self.details: Mapping[str, Any] = details
        self.subject: str | None = None


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


class RequestRepeated(Conflict):
    """`details`: id of what the earlier request made."""

    code = "REQUEST_REPEATED"


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
