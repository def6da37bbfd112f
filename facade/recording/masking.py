"""Personal data in payloads, replaced by tokens: equal where it was equal, and in the same form.

A letter becomes a letter and a digit a digit; everything else stays. So an e-mail address stays one, and every text
keeps its length. Ids, types, words and numbers stay as they are: mapping reads them. The tokens depend on a key of the
partner's; without the key nobody can say whose they are.
"""

import hashlib
import hmac
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

DOMAINS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "name": (
            *("author", "birthName", "contactName", "familyName", "formattedName", "fullName", "givenName"),
            *("legalName", "middleName", "preferredGivenName", "tradingName"),
        ),
        "email": ("email", "emailAddress"),
        "phone": ("faxNumber", "mobileNumber", "phoneNumber", "telephone"),
        "address": (
            *("city", "locality", "postalCode", "postcode", "stateOrProvince", "street1", "street2", "streetName"),
            *("streetNr", "streetNrLast", "streetNrLastSuffix", "streetNrSuffix", "streetSuffix"),
        ),
        "text": ("cancellationReason", "comment", "description", "reason", "statusReason", "text"),
    }
)
"""Members that hold personal data, at any depth, by what they hold. Equal values of one domain have one token."""
PARTIES = frozenset(
    {
        *("account", "billingAccount", "contact", "customer", "engagedParty", "notificationContact"),
        *("partyOrPartyRole", "relatedParty"),
    }
)
"""Members with objects whose `name` is that of a person, or of what belongs to one."""
KEPT = frozenset({"href", "id"})
"""Members that are never masked, whatever their values look like; so are those that begin with `@`."""
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
PHONE = re.compile(r"\+\d[\d ()/.-]{6,}")


@dataclass(frozen=True)
class Mask:
    """`more` are names of members to be masked, too."""

    key: bytes
    more: Collection[str] = ()

    def masked(self, body: Any) -> Any:
        """A payload without personal data. It is not changed itself."""
        return self._masked(body, "", is_party=False)

    def token(self, domain: str, text: str) -> str:
        """The same for the same text of a domain, and nothing that leads back without the key."""
        digest = hmac.digest(self.key, f"{domain}\0{text}".encode("utf-8", "surrogatepass"), "sha256")
        stream = hashlib.shake_256(digest).digest(len(text))
        return "".join(map(_replaced, text, stream))

    def _masked(self, value: Any, name: str, *, is_party: bool) -> Any:
        if isinstance(value, dict):
            inside = name in PARTIES
            return {one: self._masked(member, one, is_party=inside) for one, member in value.items()}
        if isinstance(value, list):
            return [self._masked(one, name, is_party=is_party) for one in value]
        domain = self._domain(name, value, is_party=is_party) if isinstance(value, str) else None
        return value if domain is None else self.token(domain, value)

    def _domain(self, name: str, text: str, *, is_party: bool) -> str | None:
        if name in KEPT or name.startswith("@"):
            return None
        if name in self.more:
            return name
        if is_party and name == "name":
            return "name"
        known = _BY_NAME.get(name)
        if known is not None:
            return known
        if EMAIL.fullmatch(text):
            return "email"
        return "phone" if PHONE.fullmatch(text) else None


def _replaced(character: str, byte: int) -> str:
    if character.isdecimal():
        return chr(ord("0") + byte % 10)
    if character.isalpha():
        letter = chr(ord("a") + byte % 26)
        return letter.upper() if character.isupper() else letter
    return character


_BY_NAME = {name: domain for domain, names in DOMAINS.items() for name in names}
