"""Criteria over JSON documents: the conditions of a query, independent of any query language.

The edge makes them from its callers' queries, and the persistence compiles them to SQL. They are here because both use
them and neither may import the other. Their meaning is the same on every database:
- A path leads through objects by name. If a step meets a list, it continues with each element, so a criterion on a path
  holds if it holds for at least one value that the path reaches. `AnyElement` keeps several conditions on one element.
- The constant's type says what is compared: `str` with JSON strings, by code points; numbers with JSON numbers, by
  value; `bool` and None with the literals, by equality only; a `datetime` with strings that are RFC 3339 times, as
  instants, to the microsecond. A value of another kind never matches.
- A missing value never matches. "Not equal" is `Not` of equal, so it holds for a missing value, and for a list only if
  no element is equal.
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
    """All of these criteria must hold; None stands for no condition."""
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
