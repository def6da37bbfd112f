"""Partner profiles: a YAML file for each client id, read and checked at start."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

from canonical.catalog.market import EVERYWHERE, Market
from canonical.ordering.commands import OrderMarket
from canonical.shared.reader import CustomerSet
from facade.partners.customers import CustomerRule, customer_rule
from facade.tmf.switches import KEEP, REFUSE, SWITCHES
from facade.tmf.vocabulary import STANDARD, Vocabulary

SUFFIX = ".yaml"


class ProfileError(ValueError):
    """A profile that cannot be used; the message names its file and the mistake."""


class Validation(StrEnum):
    """When an order is checked against our rules and the catalog. The contract is always checked first."""

    BEFORE_ACKNOWLEDGEMENT = "before"
    """An order that breaks them is answered 4xx, and nothing is stored."""
    AFTER_ACKNOWLEDGEMENT = "after"
    """The order is acknowledged, and then rejected with a message for each mistake."""


@dataclass(frozen=True)
class Profile:
    """`customers` None: the client may act for every customer. `market` is where it sells. `tolerated` are codes of
    rules that it may break.
    """

    validation: Validation = Validation.BEFORE_ACKNOWLEDGEMENT
    vocabulary: Vocabulary = STANDARD
    customers: CustomerRule | None = None
    market: Market = EVERYWHERE
    tolerated: tuple[str, ...] = ()

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
_MARKET = {
    "type": "object",
    "additionalProperties": False,
    "properties": dict.fromkeys(("channels", "segments", "places"), _TEXTS),
}
_RULES = {
    key: {
        "type": "object",
        "additionalProperties": {"enum": [REFUSE, KEEP]},
        "propertyNames": {"enum": sorted(codes)},
    }
    for key, codes in SWITCHES.items()
}
_SCHEMA = jsonschema_rs.Draft7Validator(
    {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "description": {"type": "string"},
            "validation": {"enum": [kind.value for kind in Validation]},
            "partyRoles": _WORDS,
            "relationshipTypes": _WORDS,
            "customers": _CUSTOMERS,
            "market": _MARKET,
            **_RULES,
        },
    }
)


def read_profiles(folder: Path) -> Profiles:
    """The profiles in a folder, each named by its client's id. Raises ProfileError."""
    if not folder.is_dir():
        raise ProfileError(f"{folder} is not a folder")
    return Profiles({path.name.removesuffix(SUFFIX): _profile(path) for path in sorted(folder.glob(f"*{SUFFIX}"))})


def _profile(path: Path) -> Profile:
    try:
        said: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ProfileError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    said = {} if said is None else said
    wrong = next(_SCHEMA.iter_errors(said), None)
    if wrong is not None:
        at = "/".join(map(str, wrong.instance_path))
        raise ProfileError(f"{path}: {at + ': ' if at else ''}{wrong.message}")
    try:
        vocabulary = STANDARD.with_own(said.get("partyRoles", {}), said.get("relationshipTypes", {}))
        customers = customer_rule(said["customers"]) if "customers" in said else None
    except ValueError as error:
        raise ProfileError(f"{path}: {error}") from error
    market = Market(**{name: frozenset(ids) for name, ids in said.get("market", {}).items()})
    validation = Validation(said.get("validation", Validation.BEFORE_ACKNOWLEDGEMENT))
    tolerated = tuple(code for key in SWITCHES for code, result in said.get(key, {}).items() if result == KEEP)
    return Profile(validation, vocabulary, customers, market, tolerated)
