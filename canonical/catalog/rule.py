"""Rules about offerings: which others they require or exclude, how many, and who can have them."""

from dataclasses import dataclass
from enum import StrEnum

from canonical.catalog.condition import Condition, check_size
from canonical.catalog.item import Item, Sought, kind_of_items
from canonical.catalog.offering import OFFERING
from canonical.catalog.references import Reference
from canonical.shared.aggregates import Link
from canonical.shared.errors import InvalidCommand

RULE = "rule"


class RuleType(StrEnum):
    REQUIRES = "REQUIRES"
    EXCLUDES = "EXCLUDES"
    COMPATIBLE = "COMPATIBLE"
    CARDINALITY = "CARDINALITY"
    ELIGIBILITY = "ELIGIBILITY"


@dataclass(frozen=True, slots=True)
class RuleContents:
    """About each of `offerings`. It counts where `when` holds, and asks for `then`.

    A rule that requires, excludes or is about what is compatible names `others`: one of them must be there, none may
    be, only these may be. A cardinality says that there are `least` to `most` of it. `message` is the sentence that
    people read where the rule is broken.
    """

    name: str
    type: RuleType
    message: str
    description: str | None = None
    offerings: tuple[Reference, ...] = ()
    others: tuple[Reference, ...] = ()
    when: Condition | None = None
    then: Condition | None = None
    least: int | None = None
    most: int | None = None

    @property
    def links(self) -> tuple[Link, ...]:
        return tuple(Link(OFFERING, one.id) for one in (*self.offerings, *self.others))

    @property
    def sought(self) -> Sought:
        return (self.message,), ()


@dataclass(slots=True)
class Rule(Item):
    contents: RuleContents


RULES = kind_of_items(RULE, Rule, "product offering rule")


def check_rule(rule: Rule) -> None:
    """Raises InvalidCommand for conditions that are nested too deep or compare with too many values, and for a
    cardinality that nothing meets.
    """
    for name in ("when", "then"):
        check_size(getattr(rule.contents, name), f"/contents/{name}")
    least, most = rule.contents.least, rule.contents.most
    if least is not None and most is not None and most < least:
        raise InvalidCommand("most is not below least", pointer="/contents/most")
