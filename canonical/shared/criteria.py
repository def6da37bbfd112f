"""Criteria over JSON documents: what a query asks for, told without anybody's query language.

The edge makes them from what its callers write, the persistence compiles them to SQL. They are here because both use
them and neither may import the other; handing a compiler through the composition root would need the same classes.

What they mean, on every database:
- A path leads through objects by name. A step that may meet a list goes on with each of its elements, so a criterion
  on a path holds when it holds for some value the path reaches. `AnyElement` keeps several conditions on one element.
- The constant's type says what is compared: `str` meets JSON strings, by code points; numbers meet JSON numbers, by
  value; `bool` and None meet the literals, and only by equality; a `datetime` meets strings that are RFC 3339 times,
  as instants, to the microsecond. A value of another kind meets nothing.
- What is missing meets nothing. "Not equal" is `Not` of equal, so it is true of what is missing, and of a list only
  when no element is equal.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum


@dataclass(frozen=True, slots=True)
class PathStep:
    """One name of a path. `many`: a list may stand there, and each of its elements counts; a single value also does."""

    name: str
    many: bool = False


Path = tuple[PathStep, ...]
Constant = str | int | Decimal | bool | datetime | None


class Operator(Enum):
    """How a value relates to a constant. `MATCHES`: the constant is a regular expression, found anywhere in the text.

    It is written in what RE2 and PostgreSQL read alike: literals, classes of ASCII, groups, alternatives, counts.
    """

    EQUAL = "=="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="
    LESS = "<"
    LESS_OR_EQUAL = "<="
    MATCHES = "=~"


@dataclass(frozen=True, slots=True)
class Compare:
    """Some value at `path` stands in this relation to one of `constants`."""

    path: Path
    operator: Operator
    constants: tuple[Constant, ...]


@dataclass(frozen=True, slots=True)
class Present:
    """The last name of `path` is there, whatever its value, null and an empty list too."""

    path: Path


@dataclass(frozen=True, slots=True)
class Within:
    """Some text that the aggregate is indexed by at `path` is from `low` on and before `high`, by code points.

    Many may meet it that is not `selective`: it is asked of those that meet the other criteria.
    """

    path: Path
    low: str
    high: str
    selective: bool = True


@dataclass(frozen=True, slots=True)
class AnyElement:
    """One object at `path` meets `criterion`, whose paths begin at it."""

    path: Path
    criterion: "Criterion"


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: "tuple[Criterion, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: "tuple[Criterion, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    part: "Criterion"


Criterion = Compare | Within | Present | AnyElement | AllOf | AnyOf | Not


def all_of(*criteria: Criterion | None) -> Criterion | None:
    """What meets each of them; None asks for nothing."""
    asked = tuple(criterion for criterion in criteria if criterion is not None)
    return AllOf(asked) if len(asked) > 1 else next(iter(asked), None)


class SortBy(Enum):
    """What values are sorted as; a value of another kind counts as missing."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    INSTANT = "instant"


@dataclass(frozen=True, slots=True)
class SortKey:
    """Sort by the one value at `path`, which leads through no list. What is missing comes last, in both directions."""

    path: Path
    by: SortBy
    descending: bool = False
