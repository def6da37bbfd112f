"""The customers for whom a client may act, by its profile: a list, a pattern, or a claim of its tokens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from canonical.shared.reader import CustomerSet
from facade.contract.pointers import shortened
from facade.partners.faults import ProfileFault

LONGEST_ID = 64
"""Characters of a customer's id: the contract of CRM allows no more."""
ANY_END = "*"


class ClaimUnusable(ValueError):
    """The claim that must name the customers is missing, or holds no ids."""


@dataclass(frozen=True, slots=True)
class CustomerRule:
    """The customers `known` from the profile, or with `claim` those that the token names in it."""

    known: CustomerSet = field(default_factory=CustomerSet)
    claim: str | None = None

    def customers(self, claims: Mapping[str, Any]) -> CustomerSet:
        """Raises ClaimUnusable if the token must name customers and does not."""
        return self.known if self.claim is None else CustomerSet(_claimed(self.claim, claims.get(self.claim)))


def customer_rule(told: Mapping[str, Any]) -> CustomerRule:
    """The rule under `customers` of a profile. Raises ProfileFault for an invalid id or pattern."""
    if "claim" in told:
        return CustomerRule(claim=told["claim"])
    if "list" in told:
        return CustomerRule(CustomerSet(frozenset(map(_listed, told["list"]))))
    patterns = told["pattern"]
    prefixes = map(_prefix, [patterns] if isinstance(patterns, str) else patterns)
    return CustomerRule(CustomerSet(prefixes=tuple(prefixes)))


def _listed(customer_id: str) -> str:
    if ANY_END in customer_id:
        raise ProfileFault("/customers/list", f"{shortened(customer_id)!r} is a pattern; write it under pattern")
    if not _is_id(customer_id):
        raise ProfileFault("/customers/list", f"{shortened(customer_id)!r} is not the id of a customer")
    return customer_id


def _prefix(pattern: str) -> str:
    prefix = pattern.removesuffix(ANY_END)
    if prefix == pattern or ANY_END in prefix or len(prefix) > LONGEST_ID:
        raise ProfileFault(
            "/customers/pattern", f"{shortened(pattern)!r} is not the beginning of ids with one * at its end"
        )
    return prefix


def _claimed(claim: str, value: object) -> frozenset[str]:
    named = [value] if isinstance(value, str) else value
    if isinstance(named, Sequence) and all(map(_is_id, named)):
        return frozenset(named)
    raise ClaimUnusable(f"the claim {claim!r} must hold the id of a customer, or a list of ids")


def _is_id(value: object) -> bool:
    return isinstance(value, str) and value.isprintable() and bool(value.strip()) and len(value) <= LONGEST_ID
