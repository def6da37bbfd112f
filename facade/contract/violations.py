"""Violations of a contract, and the exceptions that carry them to the error handlers.

ContractError
├── BodyRefused            the body could not be read as a document
│   ├── MalformedBody      missing, not JSON, not UTF-8, or cut off
│   └── BodyTooLarge       longer than the limit; reading stopped there
├── ContractViolation      a request breaks the contract; has every violation
└── ResponseViolation      an answer of ours breaks the contract
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """The kind of mistake; the codes of MEF's `Error422` (LSO Sonata)."""

    MISSING_PROPERTY = "missingProperty"
    INVALID_VALUE = "invalidValue"
    INVALID_FORMAT = "invalidFormat"
    REFERENCE_NOT_FOUND = "referenceNotFound"
    UNEXPECTED_PROPERTY = "unexpectedProperty"
    TOO_MANY_RECORDS = "tooManyRecords"
    OTHER_ISSUE = "otherIssue"


@dataclass(frozen=True, slots=True)
class Violation:
    """One mistake in a document.

    `pointer` (RFC 6901) is the offending member; for a missing property it is where the member should be. `allowed` are
    the permitted values, if they can be listed; `hint` is the likeliest intention. `reason` is our stable code of the
    broken rule, if the body keeps the contract.
    """

    pointer: str
    code: Code
    message: str
    allowed: tuple[str, ...] = ()
    hint: str | None = None
    reason: str | None = None

    def as_document(self) -> dict[str, object]:
        """The entry of the `errors` list in an answer: members without content are left out."""
        document: dict[str, object] = {
            "pointer": self.pointer,
            "code": self.code.value,
            "message": self.message,
        }
        if self.reason:
            document["reason"] = self.reason
        if self.allowed:
            document["allowed"] = list(self.allowed)
        if self.hint:
            document["hint"] = self.hint
        return document


class ContractError(Exception):
    """A request or an answer does not fit the published contract."""


class BodyRefused(ContractError):
    """The request body could not be taken as a document."""


class MalformedBody(BodyRefused):
    """The body is absent, is not JSON or ended early. `reason` may be shown to the caller."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BodyTooLarge(BodyRefused):
    """The body is longer than `limit` bytes; what came after the limit was not read."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body is longer than {limit} bytes.")
        self.limit = limit


class ContractViolation(ContractError):
    """The request document breaks the contract; `violations` lists every mistake found, in document order."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        super().__init__("; ".join(f"{v.pointer or '/'}: {v.message}" for v in violations[:3]))
        self.violations = tuple(violations)


class ResponseViolation(ContractError):
    """An answer of ours breaks the contract. This is a bug of ours, and the caller only gets 500."""

    def __init__(self, operation_id: str, status: int, violations: Sequence[Violation]) -> None:
        found = "; ".join(f"{v.pointer or '/'}: {v.message}" for v in violations[:5])
        super().__init__(f"{operation_id} answered {status} with a body outside its contract: {found}")
        self.operation_id = operation_id
        self.status = status
        self.violations = tuple(violations)
