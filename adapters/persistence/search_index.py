"""How texts are stored in the index of terms."""

import hashlib

LONGEST = 100
"""Characters of a value in the index: PostgreSQL takes no more than 2,700 bytes for an entry."""
_HASHED = "sha256:"


def term(text: str) -> str:
    """The text itself, or its hash if it is long or looks like a hash."""
    if len(text) <= LONGEST and not text.startswith(_HASHED):
        return text
    return _HASHED + hashlib.sha256(text.encode()).hexdigest()
