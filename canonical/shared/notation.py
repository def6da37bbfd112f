"""How a number is written so that all numbers of one value are written alike."""

from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal

_EXACT = Context(prec=3_000, Emax=MAX_EMAX, Emin=MIN_EMIN)
"""With more digits than any number that is kept."""


def scientific(number: int | Decimal) -> str:
    """The notation that all numbers of one value share: `1.5E+3`, and `0E+0` for zero."""
    return f"{Decimal(number).normalize(_EXACT):E}" if number else "0E+0"
