"""Conditions over facts, as data: what rules of the catalog ask for."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from canonical.catalog.characteristics import Value
from canonical.shared.errors import InvalidCommand

Facts = Mapping[str, Collection[Value]]
"""What is known, by names; a name may have several values."""

DEEPEST = 10
"""Conditions inside one another."""
MOST_VALUES = 1_000
"""Values in all comparisons of a condition: every order of an offering reads the conditions about it."""


class Operator(StrEnum):
    EQ = "eq"
    IN = "in"
    LT = "lt"
    GTE = "gte"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Some value of the fact relates to one of `values`: it is that value (`eq`, `in`), or below it (`lt`), or not
    below it (`gte`). A fact that is not known relates to nothing.
    """

    fact: str
    operator: Operator
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """Holds when everything that it says holds: all of `all`, one of `any`, not `negated`, and the comparison."""

    all: "tuple[Condition, ...]" = ()
    any: "tuple[Condition, ...]" = ()
    negated: "Condition | None" = None
    comparison: Comparison | None = None

    @property
    def depth(self) -> int:
        return 1 + max((one.depth for one in self.parts), default=0)

    @property
    def parts(self) -> "Iterator[Condition]":
        yield from self.all
        yield from self.any
        if self.negated is not None:
            yield self.negated

    @property
    def comparisons(self) -> Iterator[Comparison]:
        if self.comparison is not None:
            yield self.comparison
        for part in self.parts:
            yield from part.comparisons


def check_size(condition: Condition | None, pointer: str) -> None:
    """Raises InvalidCommand for a condition that is nested too deep, or compares with too many values."""
    if condition is None:
        return
    if condition.depth > DEEPEST:
        raise InvalidCommand(f"a condition has at most {DEEPEST} levels", pointer=pointer)
    if sum(len(one.values) for one in condition.comparisons) > MOST_VALUES:
        raise InvalidCommand(f"a condition compares with at most {MOST_VALUES} values", pointer=pointer)


def holds(condition: Condition, facts: Facts) -> bool:
    if not all(holds(one, facts) for one in condition.all):
        return False
    if condition.any and not any(holds(one, facts) for one in condition.any):
        return False
    if condition.negated is not None and holds(condition.negated, facts):
        return False
    return condition.comparison is None or _relates(condition.comparison, facts.get(condition.comparison.fact, ()))


def _relates(comparison: Comparison, known: Collection[Value]) -> bool:
    return any(_compared(one, comparison.operator, other) for one in known for other in comparison.values)


def _compared(one: Value, operator: Operator, other: Value) -> bool:
    if operator in (Operator.EQ, Operator.IN):
        return one.means(other)
    left, right = one.number, other.number
    if left is None or right is None:
        return False
    return left < right if operator is Operator.LT else left >= right
