"""Whether an offering can be had in a context, and if not, why: with every rule that speaks against it."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from canonical.catalog.characteristics import Value, ValueType
from canonical.catalog.condition import Facts, holds
from canonical.catalog.lifecycle import LifecycleStatus
from canonical.catalog.references import Reference
from canonical.catalog.rule import Rule, RuleType
from canonical.catalog.selling import OfferedItem, is_valid

PLACES = (("channels", "channel"), ("segments", "segment"), ("places", "place"))
"""Members of an offering that say where it is sold, each with the fact that has to be among them."""


@dataclass(frozen=True, slots=True)
class Objection:
    """Why not. `fact` is what the reason is about, `rule` the id of the rule that says so, each None for none."""

    code: str
    message: str
    fact: str | None = None
    rule: str | None = None


def objections(
    item: OfferedItem, sold: Collection[LifecycleStatus], facts: Facts, rules: Iterable[Rule]
) -> Iterator[Objection]:
    """Why the offering cannot be had where `facts` are so; `rules` are those about it that count."""
    for refusal in item.refusals(sold):
        yield Objection(refusal.reason.value, refusal.message)
    contents = item.offering.contents
    for member, fact in PLACES:
        places: tuple[Reference, ...] = getattr(contents, member)
        known = facts.get(fact, ())
        if places and known and not any(_is(one, place.id) for one in known for place in places):
            allowed = ", ".join(place.id for place in places)
            yield Objection("OFFERING_NOT_SOLD_THERE", f"{contents.name} is sold for {fact} {allowed}", fact)
    for rule in rules:
        if is_valid(rule.valid_from, rule.valid_until, item.at) and not is_met(rule, facts):
            yield Objection("RULE_BROKEN", rule.contents.message, rule=rule.item_id)


def is_met(rule: Rule, facts: Facts) -> bool:
    """Rules about other offerings ask for facts called `offering`: the ids of what is had or ordered together."""
    contents = rule.contents
    if contents.when is not None and not holds(contents.when, facts):
        return True
    others = {one.id for one in contents.others}
    together = {one.text for one in facts.get("offering", ())} - {one.id for one in contents.offerings}
    met = {
        RuleType.REQUIRES: not others or bool(others & together),
        RuleType.EXCLUDES: not others & together,
        RuleType.COMPATIBLE: together <= others,
    }
    return met.get(contents.type, True) and (contents.then is None or holds(contents.then, facts))


def _is(value: Value, text: str) -> bool:
    return value.type is ValueType.TEXT and value.text == text
