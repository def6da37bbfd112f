"""A value as text with the name of its type."""

from decimal import Decimal
from typing import Any

from canonical.shared.jsontext.writing import text


def typed(value: Any) -> tuple[str, str]:
    """TEXT, NUMBER, BOOLEAN or OBJECT, and the text itself, the digits, `true` or `false`, or else JSON."""
    if isinstance(value, bool):
        return "BOOLEAN", str(value).lower()
    if isinstance(value, int | Decimal):
        return "NUMBER", str(value)
    return ("TEXT", value) if isinstance(value, str) else ("OBJECT", text(value))
