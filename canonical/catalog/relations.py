"""Which offerings go together: what relationships and rules say of those that are ordered together."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from canonical.catalog.characteristics import Value, ValueType
from canonical.catalog.condition import Facts
from canonical.catalog.eligibility import is_met
from canonical.catalog.offering import OFFERINGS
from canonical.catalog.ports import Shelf
from canonical.catalog.references import Relationship
from canonical.catalog.rule import Rule, RuleType
from canonical.catalog.selling import OfferedItem, Reason, Refusal, is_valid

REQUIRES, EXCLUDES = frozenset({"requires", "dependency"}), frozenset({"excludes", "exclusivity"})
"""The types of relationships that orders have to keep to, in small letters."""
OFFERING_FACT = "offering"
"""The fact that has the ids of what is ordered together."""


def is_requirement(type_: str) -> bool:
    return type_.casefold() in REQUIRES


def is_exclusion(type_: str) -> bool:
    return type_.casefold() in EXCLUDES


def unrelated(item: OfferedItem, others: Iterable[str], shelf: Shelf) -> Iterator[Refusal]:
    """What relationships of the offering are against: `others` are the ids of what is ordered with it."""
    together = frozenset(others)
    for one in item.offering.contents.relationships:
        if not is_valid(one.valid_from, one.valid_until, item.at):
            continue
        there = one.to.id in together
        if is_requirement(one.type) and not there:
            told = MappingProxyType({"required": one.to.id})
            yield Refusal(Reason.REQUIRED, f"{_name(item)} requires {_other(one, item, shelf)}", details=told)
        elif is_exclusion(one.type) and there:
            told = MappingProxyType({"excluded": one.to.id})
            yield Refusal(Reason.EXCLUDED, f"{_name(item)} excludes {_other(one, item, shelf)}", details=told)


def broken_rules(
    item: OfferedItem, rules: Iterable[Rule], known: Facts, counts: Mapping[str, int]
) -> Iterator[Refusal]:
    """The rules about the offering that an order breaks which has so many of which offerings. A rule about a fact that
    is not `known` is for others to judge.
    """
    ids = tuple(Value(ValueType.TEXT, one) for one in counts)
    facts = {**known, OFFERING_FACT: ids}
    for rule in rules:
        contents = rule.contents
        asked = {one.fact for part in (contents.when, contents.then) if part is not None for one in part.comparisons}
        if not is_valid(rule.valid_from, rule.valid_until, item.at) or not asked <= facts.keys():
            continue
        if not is_met(rule, facts) or _miscounted(rule, counts.get(item.offering.item_id, 0)):
            yield Refusal(Reason.RULE, contents.message, details=MappingProxyType({"rule": rule.item_id}))


def _miscounted(rule: Rule, count: int) -> bool:
    contents = rule.contents
    if contents.type is not RuleType.CARDINALITY:
        return False
    return count < (contents.least or 0) or (contents.most is not None and count > contents.most)


def _name(item: OfferedItem) -> str:
    return str(item.offering.contents.name)


def _other(relationship: Relationship, item: OfferedItem, shelf: Shelf) -> str:
    found = shelf.find(OFFERINGS, relationship.to, item.at)
    return relationship.to.id if found is None else str(found.contents.name)
