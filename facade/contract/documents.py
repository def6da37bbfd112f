"""Reads the documents that others send."""

from typing import Any

from canonical.shared import jsontext
from facade.contract.limits import Limits, too_deep
from facade.contract.pointers import dotted, pointer, shortened
from facade.contract.violations import Code, ContractViolation, MalformedBody, Violation

REPEATED_NAME = "REPEATED_NAME"
NUMBER_TOO_LONG = "NUMBER_TOO_LONG"


def document_of(content: bytes) -> Any:
    """The document with every digit of its numbers.

    Raises MalformedBody if it is not JSON. Raises ContractViolation if it is nested too deep, if an object has a name
    twice, which JSON parsers treat in different ways (RFC 8259, section 4), or if a number is too long.
    """
    try:
        return jsontext.read(content)
    except jsontext.NotJson as error:
        if error.too_deep:
            raise ContractViolation([too_deep(Limits())]) from error
        text = f"The body is not valid JSON in UTF-8: line {error.line}, column {error.column}."
        raise MalformedBody(text) from error
    except jsontext.Inexact as error:
        raise ContractViolation([_violation(fault) for fault in error.faults]) from error


def _violation(fault: jsontext.Fault) -> Violation:
    at = pointer(shortened(token) if isinstance(token, str) else token for token in fault.path)
    if fault.kind is jsontext.FaultKind.REPEATED_NAME:
        text = f"{dotted(fault.path)} occurs twice in the same object; send it once."
        return Violation(at, Code.UNEXPECTED_PROPERTY, text, reason=REPEATED_NAME)
    limit = f"a number has at most {jsontext.MOST_DIGITS:,} digits before and after its decimal point"
    return Violation(at, Code.INVALID_VALUE, f"{dotted(fault.path)} is too long: {limit}.", reason=NUMBER_TOO_LONG)
