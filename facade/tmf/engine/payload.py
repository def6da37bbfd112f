"""Checks that mappers share, and how they refuse what breaks them."""

from collections.abc import Mapping
from typing import Any

from facade.contract.violations import Code, Violation

Payload = dict[str, Any]

SERVER_SET = "it is set by the server"


def refused(body: Payload, reasons: Mapping[str, str], at: str = "") -> list[Violation]:
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


def too_many(body: Payload, name: str, most: int) -> list[Violation]:
    if len(body.get(name) or ()) <= most:
        return []
    return [Violation(f"/{name}", Code.TOO_MANY_RECORDS, f"{name} has at most {most} entries")]
