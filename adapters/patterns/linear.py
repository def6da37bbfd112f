"""RE2 for the patterns of the catalog."""

from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]


@lru_cache(maxsize=200)
def compiled(pattern: str) -> Any:
    """Raises re2.error for what RE2 cannot read: back references, look-arounds, too large counts."""
    options = re2.Options()
    options.max_mem = 2 * 1024 * 1024
    options.log_errors = False
    return re2.compile(pattern, options)
