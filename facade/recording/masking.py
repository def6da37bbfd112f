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
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from facade.contract.pointers import tokens_of
from facade.tmf.engine.word_patches import JSON_PATCHES

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
VALUE = "value"
"""The member of a characteristic that is what its `name` says."""
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
PHONE = re.compile(r"\+\d[\d ()/.-]{6,}")


@dataclass(frozen=True)
class Mask:
    """`more` are names of members to be masked, too. Below a name that is masked, everything is."""

    key: bytes
    more: Collection[str] = ()

    def masked(self, body: Any, media_type: str = "") -> Any:
        """A payload without personal data. It is not changed itself. A JSON patch is one by its media type."""
        if isinstance(body, list) and media_type.partition(";")[0].strip().lower() in JSON_PATCHES:
            return [self._operation(one) if isinstance(one, dict) else one for one in body]
        return self._masked(body, "", is_party=False)

    def token(self, domain: str, text: str) -> str:
        """The same for the same text of a domain, and nothing that leads back without the key."""
        digest = hmac.digest(self.key, f"{domain}\0{text}".encode("utf-8", "surrogatepass"), "sha256")
        stream = hashlib.shake_256(digest).digest(len(text))
        return "".join(map(_replaced, text, stream))

    def _operation(self, operation: Mapping[str, Any]) -> dict[str, Any]:
        """An operation of a JSON patch: its path says what its value is."""
        others = {name: one for name, one in operation.items() if name != "value"}
        said: dict[str, Any] = self._masked(others, "", is_party=False)
        said |= {name: self._path(said[name]) for name in ("path", "from") if isinstance(said.get(name), str)}
        if "value" in operation:
            place = str(operation.get("path")).partition("?")[0]
            names = [name for name in tokens_of(place) if not (name.isdecimal() or name == "-")]
            around, name = ["", "", *names][-2:]
            is_characteristic = name == VALUE  # which one, nobody can tell here
            said["value"] = (
                self._below(operation["value"], "text")
                if is_characteristic
                else self._masked(operation["value"], name, is_party=around in PARTIES)
            )
        return said

    def _path(self, path: str) -> str:
        """What a query in a path compares may be personal, whatever it is compared with."""
        place, query, conditions = path.partition("?")
        return place + query + _COMPARED.sub(lambda found: self.token("text", found[0]), conditions)

    def _masked(self, value: Any, name: str, *, is_party: bool) -> Any:
        domain = self._domain(name, value, is_party=is_party)
        if domain is not None:
            return self._below(value, domain)
        if isinstance(value, dict):
            inside, told = name in PARTIES, self._named_by(value)
            members = {one: self._masked(member, one, is_party=inside) for one, member in value.items()}
            return members if told is None else members | {VALUE: self._below(value[VALUE], told)}
        if isinstance(value, list):
            return [self._masked(one, name, is_party=is_party) for one in value]
        return value

    def _below(self, value: Any, domain: str) -> Any:
        """Tokens for every text and number in a value."""
        if isinstance(value, dict):
            return {
                one: member if one.startswith("@") else self._below(member, domain) for one, member in value.items()
            }
        if isinstance(value, list):
            return [self._below(one, domain) for one in value]
        if isinstance(value, str):
            return self.token(domain, value)
        return value if value is None or isinstance(value, bool) else self._number(value, domain)

    def _number(self, value: Any, domain: str) -> Any:
        """A number of the same sign, with as many digits before and after its point."""
        sent = Decimal(str(value)).as_tuple()
        told = self.token(domain, "".join(map(str, sent.digits)))
        made = Decimal((sent.sign, tuple(map(int, told)), int(sent.exponent)))
        return made if isinstance(value, Decimal) else type(value)(made)

    def _domain(self, name: str, value: Any, *, is_party: bool) -> str | None:
        if name in KEPT or name.startswith("@"):
            return None
        if name in self.more:
            return name
        if is_party and name == "name" and isinstance(value, str):
            return "name"
        known = _BY_NAME.get(name)
        if known is not None or not isinstance(value, str):
            return known
        if EMAIL.fullmatch(value):
            return "email"
        return "phone" if PHONE.fullmatch(value) else None

    def _named_by(self, holder: Mapping[str, Any]) -> str | None:
        """What the `value` of a characteristic is, by its `name`."""
        name = holder.get("name")
        if VALUE not in holder or not isinstance(name, str):
            return None
        return name if name in self.more else _BY_WORDS.get(_folded(name))


def _replaced(character: str, byte: int) -> str:
    if character.isdecimal():
        return chr(ord("0") + byte % 10)
    if character.isalpha():
        letter = chr(ord("a") + byte % 26)
        return letter.upper() if character.isupper() else letter
    return character


def _folded(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()


_COMPARED = re.compile(r"(?<==)[^&]*")
_BY_NAME = {name: domain for domain, names in DOMAINS.items() for name in names}
_BY_WORDS = {_folded(name): domain for name, domain in _BY_NAME.items()}
