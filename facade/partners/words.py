"""The ids and words of a partner: its dictionaries, one for each domain.

profile["ids"]["offerings"]["table"]        {"A-1": "po_broadband_1g"}
profile["ids"]["customers"]["template"]     "CUST-{id}"
profile["words"]["states"]["table"]         {"Done": "completed"}
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from canonical.shared import jsontext
from facade.partners.dictionaries import SCHEMA, SCHEMA_WITH_TEMPLATE, Dictionary, dictionary
from facade.tmf.domains import ID_DOMAINS, WORD_DOMAINS, Domain

IDS, WORDS = "ids", "words"
SECTIONS: Mapping[str, tuple[Domain, ...]] = MappingProxyType({IDS: ID_DOMAINS, WORDS: WORD_DOMAINS})


def _form(domains: Iterable[Domain], form: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": {domain.value: form for domain in domains}}


SCHEMAS: Mapping[str, dict[str, Any]] = MappingProxyType(
    {IDS: _form(ID_DOMAINS, SCHEMA_WITH_TEMPLATE), WORDS: _form(WORD_DOMAINS, SCHEMA)}
)
"""The forms of both keys of a profile."""
LENGTH_OF_HASH = 12


@dataclass(frozen=True)
class PartnerWords:
    """`dictionaries` by their domain; a domain without one has our ids and words."""

    dictionaries: Mapping[Domain, Dictionary] = field(default_factory=lambda: MappingProxyType({}))

    @cached_property
    def hash(self) -> str:
        """Another for each content; empty for no dictionary. It is a part of entity tags."""
        if not self.dictionaries:
            return ""
        told = {
            domain.value: [dict(one.ours), dict(one.theirs), one.outward("{id}"), one.carries]
            for domain, one in self.dictionaries.items()
        }
        return content_tag(told)


NO_WORDS = PartnerWords()


def content_tag(content: Any) -> str:
    """Another for each content, as entity tags have it."""
    return hashlib.sha256(jsontext.by_value(content)).hexdigest()[:LENGTH_OF_HASH]


def partner_words(said: Mapping[str, Any], codes: Mapping[str, str] = MappingProxyType({})) -> PartnerWords:
    """The ids and words of a profile that keeps its schema. `codes` are the partner's codes of errors by ours.

    Raises ProfileFault.
    """
    found = {
        domain: dictionary(domain, said[section][domain], f"/{section}/{domain.value}")
        for section, domains in SECTIONS.items()
        for domain in domains
        if domain in said.get(section, {})
    }
    if codes:
        # Several of our codes may be one of the partner's: documents show codes, and nobody sends them.
        found[Domain.ERROR_CODES] = Dictionary(Domain.ERROR_CODES, {}, codes, carries=True)
    return PartnerWords(MappingProxyType(found)) if found else NO_WORDS
