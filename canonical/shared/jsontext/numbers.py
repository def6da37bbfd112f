"""Numbers of JSON in Python, and how large they may be."""

import re
from decimal import Decimal, InvalidOperation

MOST_DIGITS = 1_000
"""Digits that a number may have before and behind its decimal point, when it is written without an exponent.

Python reads long integers in quadratic time and writes none of more than 4,300 digits; PostgreSQL keeps 131,072 digits
before the point and 16,383 behind it.
"""

Number = int | Decimal

MINUS_ZERO = re.compile(rb"-0(?![0-9.eE])")
"""Finds every -0 that is written as an integer, and sometimes one inside a text."""

_BEYOND: int = 10**MOST_DIGITS
_SHORT = MOST_DIGITS // 3
_WRITTEN = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)


def integer(digits: str) -> Number | None:
    """The number that is written with digits alone; None beyond the limits."""
    if digits == "-0":
        return Decimal(digits)
    # The length first: reading a megabyte of digits takes minutes.
    number = int(digits) if len(digits) <= MOST_DIGITS + 1 else _BEYOND
    return number if within_limits(number) else None


def decimal(written: str) -> Decimal | None:
    """The number that is written with a point or an exponent; None beyond the limits."""
    try:
        number = Decimal(written)
    except InvalidOperation:  # its exponent has more than 18 digits
        return None
    return number if within_limits(number) else None


def number_of(text: str) -> Number | None:
    """The number that a text names; None where it names none, or one beyond the limits."""
    match = _WRITTEN.fullmatch(text)
    if match is None:
        return None
    return integer(text) if match[1] is match[2] is None else decimal(text)


def within_limits(number: Number) -> bool:
    """Whether the number may be kept."""
    if isinstance(number, int):
        return abs(number) < _BEYOND
    # Nearly all are short, and taking a decimal apart costs ten times as much as this.
    if -_SHORT < number.adjusted() < _SHORT and len(str(number)) < _SHORT:
        return True
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int), "JSON has no infinity"
    return len(digits) + exponent <= MOST_DIGITS and -exponent <= MOST_DIGITS
