"""Words that TM Forum leaves open and we do not: roles of parties, and how lines and orders relate. Anything else is
refused.

Words are compared without regard to case, blanks, `_` and `-`: `Sales Agent` is `salesAgent`.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from canonical.ordering.commands import OrderRelationshipType, RelationshipType
from facade.contract.pointers import shortened
from facade.contract.violations import Code, Violation
from facade.tmf.bridge.tables import UNSPECIFIED
from facade.tmf.switches import UNKNOWN_ORDER_RELATIONSHIP_TYPE

UNKNOWN_PARTY_ROLE = "UNKNOWN_PARTY_ROLE"
UNKNOWN_RELATIONSHIP_TYPE = "UNKNOWN_RELATIONSHIP_TYPE"

CUSTOMER_ROLES = frozenset({"customer", "buyer"})
"""Roles whose party is the customer of the order."""

NO_WORDS: Mapping[str, str] = MappingProxyType({})

PARTY_ROLES = (
    *("Customer", "Buyer", "Seller", "Issuer", "Owner", "User", "Payer", "Requester", "Recipient"),
    *("Contact", "Billing Contact", "Technical Contact", "Installer", "Sales Agent", "Agent", "Account Manager"),
    *("Dealer", "Reseller", "Partner", "Vendor", "Supplier", "Provider", "Service Provider"),
    UNSPECIFIED,
)
"""The last is what the bridge supplies for a v4 party that has no role."""
RELATIONSHIP_TYPES: Mapping[str, RelationshipType] = MappingProxyType(
    {
        "reliesOn": RelationshipType.DEPENDS_ON,
        "dependsOn": RelationshipType.DEPENDS_ON,
        "requires": RelationshipType.DEPENDS_ON,
        "enables": RelationshipType.ENABLES,
        "brings": RelationshipType.BRINGS,
        "bundles": RelationshipType.BUNDLES,
        "bundledBy": RelationshipType.BUNDLED_BY,
        "migratesTo": RelationshipType.MIGRATES_TO,
    }
)
ORDER_RELATIONSHIP_TYPES: Mapping[str, OrderRelationshipType] = MappingProxyType(
    {
        "amends": OrderRelationshipType.AMENDS_ORDER,
        "replaces": OrderRelationshipType.AMENDS_ORDER,
        "supersedes": OrderRelationshipType.AMENDS_ORDER,
        "cancels": OrderRelationshipType.CANCELS_ORDER,
        "derivedFromQuote": OrderRelationshipType.DERIVED_FROM_QUOTE,
    }
    | {kind.value: kind for kind in OrderRelationshipType}
)


class UnknownMeaning(ValueError):
    """A word of a partner that stands for none of ours. `what` is its sort, `allowed` lists our words."""

    def __init__(self, what: str, word: str, meaning: str, allowed: Iterable[str]) -> None:
        self.what, self.word, self.allowed = what, word, tuple(allowed)
        super().__init__(f"the {what} {word!r} stands for {meaning!r}, which is none of ours")


@dataclass(frozen=True)
class Vocabulary:
    """What a partner's words mean: ours, and those that its profile adds, each with the word of ours it stands for."""

    party_roles: Mapping[str, str]
    relationship_types: Mapping[str, str]
    order_relationship_types: Mapping[str, str]

    def with_own(
        self,
        party_roles: Mapping[str, str] = NO_WORDS,
        relationship_types: Mapping[str, str] = NO_WORDS,
        order_relationship_types: Mapping[str, str] = NO_WORDS,
    ) -> "Vocabulary":
        """Raises UnknownMeaning for a word that stands for none of ours."""
        return Vocabulary(
            _extended("party role", self.party_roles, party_roles),
            _extended("relationship type", self.relationship_types, relationship_types),
            _extended("order relationship type", self.order_relationship_types, order_relationship_types),
        )

    def names_customer(self, role: str) -> bool:
        return folded(self.party_roles.get(folded(role), "")) in CUSTOMER_ROLES

    def check_role(self, role: str, pointer: str) -> list[Violation]:
        if folded(role) in self.party_roles:
            return []
        return [_unknown("party role", UNKNOWN_PARTY_ROLE, role, pointer, PARTY_ROLES)]

    def relationship(self, name: str) -> RelationshipType | None:
        known = self.relationship_types.get(folded(name))
        return None if known is None else RELATIONSHIP_TYPES[known]

    def unknown_relationship(self, name: str, pointer: str) -> Violation:
        return _unknown("relationship type", UNKNOWN_RELATIONSHIP_TYPE, name, pointer, tuple(RELATIONSHIP_TYPES))

    def order_relationship(self, name: str) -> OrderRelationshipType | None:
        known = self.order_relationship_types.get(folded(name))
        return None if known is None else ORDER_RELATIONSHIP_TYPES[known]

    def unknown_order_relationship(self, name: str, pointer: str) -> Violation:
        allowed, reason = tuple(ORDER_RELATIONSHIP_TYPES), UNKNOWN_ORDER_RELATIONSHIP_TYPE
        return _unknown("type of a relationship between orders", reason, name, pointer, allowed)


def folded(word: str) -> str:
    """The word in the one spelling by which words are compared."""
    return re.sub(r"[\s_-]", "", word.casefold())


def _extended(what: str, ours: Mapping[str, str], own: Mapping[str, str]) -> Mapping[str, str]:
    for word, meaning in own.items():
        if folded(meaning) not in ours:
            raise UnknownMeaning(what, word, meaning, sorted(set(ours.values())))
    return {**ours} | {folded(word): ours[folded(meaning)] for word, meaning in own.items()}


def _unknown(what: str, reason: str, word: str, pointer: str, allowed: tuple[str, ...]) -> Violation:
    close = difflib.get_close_matches(word[:60].casefold(), [known.casefold() for known in allowed], n=1)
    hint = next((known for known in allowed if close and known.casefold() == close[0]), None)
    text = f"{shortened(word)} is no {what} that is understood here"
    return Violation(pointer, Code.INVALID_VALUE, text, allowed, hint, reason)


STANDARD = Vocabulary(
    *({folded(word): word for word in words} for words in (PARTY_ROLES, RELATIONSHIP_TYPES, ORDER_RELATIONSHIP_TYPES))
)
