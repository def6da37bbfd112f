"""JSON that this product wrote itself."""

import json
from decimal import Decimal
from typing import Any

import jiter

from canonical.shared.jsontext.numbers import MINUS_ZERO, integer

_DECODER = json.JSONDecoder(parse_int=integer, parse_float=Decimal)


def read_kept(text: str | bytes) -> Any:
    """The value with all its digits. Raises ValueError for what `write` never wrote."""
    content = text.encode() if isinstance(text, str) else text
    if MINUS_ZERO.search(content):
        return _DECODER.decode(content.decode())
    return jiter.from_json(content, allow_inf_nan=False, cache_mode="keys", float_mode="decimal")
