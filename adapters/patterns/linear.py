"""RE2 for the patterns of the catalog."""

from functools import lru_cache

import re2  # type: ignore[import-untyped]

from canonical.catalog.patterns import Pattern


@lru_cache(maxsize=200)
def compiled(pattern: str) -> Pattern | None:
    """None for what RE2 cannot read: back references, look-arounds, too large counts, no text that UTF-8 has."""
    options = re2.Options()
    options.max_mem = 2 * 1024 * 1024
    options.log_errors = False
    try:
        readable: Pattern = re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError):
        return None
    return readable
