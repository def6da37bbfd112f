"""How large a whole query may be, so that none is costly to answer whatever it is made of."""

from collections.abc import Iterable, Iterator

from canonical.shared.criteria import AllOf, AnyElement, AnyOf, Compare, Criterion, Not, Operator, Path, Present, Within
from facade.tmf.query.refusals import MAX_CONDITIONS, refusal

MAX_PATTERNS = 5
"""Regular expressions. PostgreSQL compiles more than 32 of them anew for every row."""
MAX_WORK = 128
"""Of all conditions. One is 1, doubled by each list it leads through: elements of elements have to be looked at."""
MAX_NESTING = 24
"""Conditions within conditions; a list counts three times. SQLite's parser ends near four times as much."""
_LIST = 3


def bounded(criteria: Iterable[Criterion]) -> None:
    """Raises ContractViolation for a query that is too large."""
    parts = tuple(criteria)
    leaves = [found for part in parts for found in _leaves(part, 0)]
    if len(leaves) > MAX_CONDITIONS:
        raise refusal("filter", f"a query has at most {MAX_CONDITIONS} conditions")
    if sum(map(_patterns, (leaf for leaf, _ in leaves))) > MAX_PATTERNS:
        raise refusal("filter", f"a query has at most {MAX_PATTERNS} regular expressions")
    if max(map(_depth, parts), default=0) > MAX_NESTING:
        raise refusal("filter", "lists and brackets are nested too deeply")
    if sum(2**lists for _, lists in leaves) > MAX_WORK:
        raise refusal("filter", "too many conditions lead through lists of lists")


def _leaves(criterion: Criterion, lists: int) -> Iterator[tuple[Compare | Within | Present, int]]:
    """The conditions, each with the number of lists it leads through."""
    match criterion:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _leaves(part, lists)
        case Not(part):
            yield from _leaves(part, lists)
        case AnyElement(path, part):
            yield from _leaves(part, lists + _lists(path))
        case Compare(path) | Within(path) | Present(path):
            yield criterion, lists + _lists(path)


def _patterns(leaf: Compare | Within | Present) -> int:
    return len(leaf.constants) if isinstance(leaf, Compare) and leaf.operator is Operator.MATCHES else 0


def _depth(criterion: Criterion) -> int:
    match criterion:
        case AllOf(parts) | AnyOf(parts):
            return 1 + max(map(_depth, parts))
        case Not(part):
            return 1 + _depth(part)
        case AnyElement(path, inside):
            return _LIST * _lists(path) + _depth(inside)
        case Compare(path) | Within(path) | Present(path):
            return _LIST * _lists(path)


def _lists(path: Path) -> int:
    return sum(step.many for step in path)
