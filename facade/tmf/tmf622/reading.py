"""What all mappers of TMF622 read alike, and how they refuse it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from facade.contract.violations import Code, Violation

Payload = dict[str, Any]

LONGEST_CUSTOMER_ID = 64
LONGEST_PRODUCT_ID = 100
"""Characters; TM Forum sets no bound, the contracts of CRM and BSS do."""
LONGEST_ID = 100
LONGEST_REASON = 500
"""Characters of what is kept in the core; what is only carried is bounded by the size of the body."""
MOST_RECORDS = 100
"""External ids and related parties of an order: it can be found by each of them."""


def refused(body: Payload, reasons: Mapping[str, str], at: str) -> list[Violation]:
    """The attributes in `reasons` that say something in `body`, the object at the pointer `at`."""
    return [
        Violation(f"{at}/{name}", Code.UNEXPECTED_PROPERTY, f"{name} is not accepted here: {reason}")
        for name, reason in reasons.items()
        if body.get(name, []) != []  # an empty list says nothing; SDKs send it for every attribute they know
    ]


def overlong(what: str, text: str, longest: int, pointer: str) -> list[Violation]:
    """`what`: as in "a customer's id"."""
    if len(text) <= longest:
        return []
    return [Violation(pointer, Code.INVALID_VALUE, f"{what} has at most {longest} characters")]


def unusable(what: str, identifier: str, longest: int, pointer: str) -> list[Violation]:
    """The same for what must say something as well."""
    if identifier.strip():
        return overlong(what, identifier, longest, pointer)
    return [Violation(pointer, Code.INVALID_VALUE, f"{what} is not blank")]


def too_many(body: Payload, name: str) -> list[Violation]:
    if len(body.get(name) or ()) <= MOST_RECORDS:
        return []
    return [Violation(f"/{name}", Code.TOO_MANY_RECORDS, f"{name} has at most {MOST_RECORDS} entries")]


def instant(body: Payload, name: str, violations: list[Violation]) -> datetime | None:
    """The time at `name`, in UTC; None without one. Adds a violation for a day that no calendar has."""
    if name not in body:
        return None
    try:
        return datetime.fromisoformat(body[name].upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        violations.append(Violation(f"/{name}", Code.INVALID_FORMAT, f"{name} is no time between the years 1 and 9999"))
        return None
