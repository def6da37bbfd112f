"""Partner profiles: what was agreed with a client, as a document, and compiled for requests."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import jsonschema_rs

from canonical.catalog.market import EVERYWHERE, Market
from canonical.ordering.commands import OrderMarket
from canonical.ordering.external_ids import ANY_UNIQUE, ExternalIdRules, Uniqueness
from canonical.shared import jsontext
from canonical.shared.reader import CustomerSet
from facade.contract.pointers import escaped
from facade.partners.api_versions import ALL_VERSIONS, ApiVersions, api_versions
from facade.partners.api_versions import SCHEMA as API_VERSIONS
from facade.partners.customers import CustomerRule, customer_rule
from facade.partners.error_texts import OUR_ERRORS, PartnerErrors, partner_errors
from facade.partners.error_texts import SCHEMA as ERRORS
from facade.partners.examples import SCHEMA as EXAMPLES
from facade.partners.examples import check_examples
from facade.partners.extensions import CARRIES_ALL, ExtensionRules, extension_rules
from facade.partners.extensions import SCHEMA as EXTENSIONS
from facade.partners.faults import ProfileFault
from facade.partners.hub_terms import ANY_HUB, HubTerms, hub_terms
from facade.partners.hub_terms import SCHEMA as HUB
from facade.partners.order_policies import SCHEMAS as POLICIES
from facade.partners.order_policies import order_policies
from facade.partners.promotions import SCHEMA as PROMOTED
from facade.partners.promotions import Promotion, promotions
from facade.partners.recording_terms import SCHEMA as RECORDING
from facade.partners.recording_terms import RecordingTerms, recording_terms
from facade.partners.request_limits import SCHEMA as LIMITS
from facade.partners.request_limits import request_limit
from facade.partners.schema_faults import schema_faults
from facade.partners.words import NO_WORDS, SCHEMAS, PartnerWords, partner_words
from facade.tmf.policies import NO_POLICIES, OrderPolicies
from facade.tmf.switches import EXCUSABLE, KEEP, REASON, REFUSE, SWITCHES
from facade.tmf.vocabulary import STANDARD, UnknownMeaning, Vocabulary
from facade.web.limits import RequestLimit


class Validation(StrEnum):
    """When an order is checked against our rules and the catalog. The contract is always checked first."""

    BEFORE_ACKNOWLEDGEMENT = "before"
    """An order that breaks them is answered 4xx, and nothing is stored."""
    AFTER_ACKNOWLEDGEMENT = "after"
    """The order is acknowledged, and then rejected with a message for each mistake."""


class Nulls(StrEnum):
    """What null means at an optional attribute that cannot be null. A merge patch removes by null in any case."""

    ABSENT = "absent"
    """The attribute is not there."""
    REFUSE = "refuse"


@dataclass(frozen=True)
class Profile:
    """`customers` None: the client may act for every customer. `market` is where it sells. `tolerated` are codes of
    rules that it may break, `excusable` of those that it may break with a reason. `external_ids`: what was agreed about
    external identifiers. `billing_accounts` are those that its orders may name; with none they may name any.
    `versions`: which versions of each API it may use. `limit`: how often it may ask; None: as often as everybody.
    `hub`: its registrations for events.
    `recording`: for how long what it sends is recorded; None: not at all. `version` names the profile in audit records.
    """

    validation: Validation = Validation.BEFORE_ACKNOWLEDGEMENT
    vocabulary: Vocabulary = STANDARD
    customers: CustomerRule | None = None
    market: Market = EVERYWHERE
    tolerated: tuple[str, ...] = ()
    excusable: tuple[str, ...] = ()
    external_ids: ExternalIdRules = ANY_UNIQUE
    billing_accounts: tuple[str, ...] = ()
    words: PartnerWords = NO_WORDS
    errors: PartnerErrors = OUR_ERRORS
    versions: ApiVersions = ALL_VERSIONS
    limit: RequestLimit | None = None
    hub: HubTerms = ANY_HUB
    extensions: ExtensionRules = CARRIES_ALL
    nulls: Nulls = Nulls.ABSENT
    policies: OrderPolicies = NO_POLICIES
    promotions: tuple[Promotion, ...] = ()
    recording: RecordingTerms | None = None
    version: str = field(default="default", compare=False)

    def customers_for(self, claims: Mapping[str, Any]) -> CustomerSet | None:
        """The customers for whom a client with these claims may act; None for all. Raises ClaimUnusable."""
        return None if self.customers is None else self.customers.customers(claims)

    @property
    def markets(self) -> tuple[OrderMarket, ...]:
        """Where its orders are placed, as a command names it."""
        if self.market == EVERYWHERE:
            return ()
        channels, segments, places = map(sorted, (self.market.channels, self.market.segments, self.market.places))
        return (OrderMarket(tuple(channels), tuple(segments), tuple(places), hides=True),)


@dataclass(frozen=True)
class Profiles:
    """Every client has a profile: its own, or the default."""

    by_client: Mapping[str, Profile] = field(default_factory=dict)

    def of(self, client: str) -> Profile:
        return self.by_client.get(client, DEFAULT)

    @property
    def unbound(self) -> list[str]:
        """The clients with a profile that may act for every customer."""
        return [client for client, profile in self.by_client.items() if profile.customers is None]


DEFAULT = Profile()

_WORDS = {
    "type": "object",
    "additionalProperties": {"type": "string", "minLength": 1, "maxLength": 100},
    "propertyNames": {"minLength": 1, "maxLength": 100},
    "maxProperties": 100,
}
_TEXTS = {"type": "array", "items": {"type": "string"}, "maxItems": 1_000}
_CUSTOMERS = {
    "type": "object",
    "additionalProperties": False,
    "minProperties": 1,
    "maxProperties": 1,
    "properties": {
        "list": _TEXTS,
        "pattern": {"anyOf": [{"type": "string"}, _TEXTS]},
        "claim": {"type": "string", "minLength": 1},
    },
}
_NAMES = {
    "type": "array",
    "items": {"type": "string", "minLength": 1, "maxLength": 100},
    "minItems": 1,
    "maxItems": 100,
    "uniqueItems": True,
}
_ACCOUNTS = {**_NAMES, "maxItems": 1_000}
_EXTERNAL_IDS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"systems": _NAMES, "types": _NAMES, "uniqueness": {"enum": [one.value for one in Uniqueness]}},
}
_MARKET = {
    "type": "object",
    "additionalProperties": False,
    "properties": dict.fromkeys(("channels", "segments", "places"), _TEXTS),
}
_RULES = {
    key: {
        "type": "object",
        "properties": {code: {"enum": [REFUSE, REASON, KEEP]} for code in EXCUSABLE & codes},
        "additionalProperties": {"enum": [REFUSE, KEEP]},
        "propertyNames": {"enum": sorted(codes)},
    }
    for key, codes in SWITCHES.items()
}
_FORM = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "description": {"type": "string"},
        "validation": {"enum": [kind.value for kind in Validation]},
        "partyRoles": _WORDS,
        "relationshipTypes": _WORDS,
        "orderRelationshipTypes": _WORDS,
        "customers": _CUSTOMERS,
        "market": _MARKET,
        "externalIds": _EXTERNAL_IDS,
        "billingAccounts": _ACCOUNTS,
        **_RULES,
        **SCHEMAS,
        "errors": ERRORS,
        "versions": API_VERSIONS,
        "limits": LIMITS,
        "hub": HUB,
        "examples": EXAMPLES,
        "extensions": EXTENSIONS,
        "nulls": {"enum": [meaning.value for meaning in Nulls]},
        "recording": RECORDING,
        **POLICIES,
        "promoted": PROMOTED,
    },
}
_KEYS = {
    "party role": "partyRoles",
    "relationship type": "relationshipTypes",
    "order relationship type": "orderRelationshipTypes",
}
_SCHEMA = jsonschema_rs.Draft7Validator(_FORM)
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""As JSON text has it: escaped, and the escape is not itself escaped."""


def form_faults(document: Any) -> Iterator[ProfileFault]:
    """All mistakes in the form of a profile: unknown keys, and values that a key does not take."""
    try:
        found = list(_SCHEMA.iter_errors(document))
    except ValueError as error:
        yield ProfileFault("", f"the profile holds a value of a type that no key takes: {error}")
        return
    for wrong in found:
        yield from schema_faults(wrong, _FORM)


def compile_profile(document: Any, version: str = "") -> Profile:
    """The profile that a document says, under the name of its version. Raises ProfileFault for the first mistake."""
    if (fault := next(form_faults(document), None)) is not None:
        raise fault
    try:
        written = jsontext.by_value(document)
    except TypeError as error:
        raise ProfileFault("", "the profile holds text that is no Unicode text") from error
    if _NUL.search(written):
        raise ProfileFault("", "the profile holds the NUL character, which databases cannot keep")
    try:
        vocabulary = STANDARD.with_own(*(document.get(key, {}) for key in _KEYS.values()))
        customers = customer_rule(document["customers"]) if "customers" in document else None
    except UnknownMeaning as unknown:
        at = f"/{_KEYS[unknown.what]}/{escaped(unknown.word)}"
        raise ProfileFault(at, str(unknown), unknown.allowed) from unknown
    market = Market(**{name: frozenset(ids) for name, ids in document.get("market", {}).items()})
    validation = Validation(document.get("validation", Validation.BEFORE_ACKNOWLEDGEMENT))
    switched = [pair for key in SWITCHES for pair in document.get(key, {}).items()]
    tolerated, excusable = (tuple(code for code, result in switched if result == asked) for asked in (KEEP, REASON))
    errors = partner_errors(document.get("errors", {}))
    words = partner_words(document, errors.codes)
    policies = order_policies(document)
    versions = api_versions(document.get("versions", {}))
    check_examples(document, versions)
    return Profile(
        validation,
        vocabulary,
        customers,
        market,
        (*tolerated, *policies.tolerated),
        excusable,
        external_ids=_external_ids(document.get("externalIds", {})),
        billing_accounts=tuple(document.get("billingAccounts", ())),
        words=words,
        errors=errors,
        versions=versions,
        limit=request_limit(document["limits"]) if "limits" in document else None,
        hub=hub_terms(document.get("hub", {})),
        extensions=extension_rules(document.get("extensions", {})),
        nulls=Nulls(document.get("nulls", Nulls.ABSENT)),
        policies=policies,
        promotions=promotions(document.get("promoted", {})),
        recording=recording_terms(document["recording"]) if "recording" in document else None,
        version=version,
    )


def faults_of(document: Any) -> list[ProfileFault]:
    """All mistakes in the form of a profile; if there are none, the first one in its contents."""
    if found := list(form_faults(document)):
        return found
    try:
        compile_profile(document)
    except ProfileFault as fault:
        return [fault]
    return []


def _external_ids(said: Mapping[str, Any]) -> ExternalIdRules:
    uniqueness = Uniqueness(said.get("uniqueness", Uniqueness.UNIQUE))
    return ExternalIdRules(tuple(said.get("systems", ())), tuple(said.get("types", ())), uniqueness)


def content_hash(document: Any) -> str:
    """The same for profiles that are equal as JSON, SHA-256 in hex."""
    return hashlib.sha256(jsontext.by_value(document)).hexdigest()
