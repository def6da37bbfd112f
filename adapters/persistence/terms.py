"""Values inside lists of a document that have an index of their own, kept as rows beside it."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

Names = tuple[str, ...]

PRODUCT_ORDER_TERMS = frozenset(
    {
        ("relatedParty", "partyOrPartyRole", "id"),
        ("externalId", "id"),
        ("productOrderItem", "productOffering", "id"),
    }
)
"""Another path here needs a migration that fills it for the orders there are."""

LONGEST = 100
"""Characters of a value in the index: PostgreSQL takes no more than 2,700 bytes for an entry."""
_HASHED = "sha256:"


def term(text: str) -> str:
    """How a value stands in the index: itself, or its hash where it is long or looks like one."""
    if len(text) <= LONGEST and not text.startswith(_HASHED):
        return text
    return _HASHED + hashlib.sha256(text.encode()).hexdigest()


def terms_of(document: Mapping[str, Any], indexed: Iterable[Names]) -> frozenset[tuple[str, str]]:
    """The path, with dots, and the indexed form of every text at the indexed paths."""
    return frozenset(
        (".".join(names), term(text)) for names in indexed for text in _texts(document, names) if isinstance(text, str)
    )


def _texts(value: Any, names: Names) -> list[Any]:
    found = [value]
    for name in names:
        found = [each[name] for each in found if isinstance(each, Mapping) and name in each]
        found = [one for each in found for one in (each if isinstance(each, list) else [each])]
    return found
