"""What a patch may cost: bounds, the size of JSON values, and the budget of one patch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for one patch; a document within `nodes` and `depth` is one that a POST could have made."""

    operations: int = 100
    """Operations in the patch."""
    changes: int = 1_000
    """Places that all its operations together act on: a query may select many."""
    pointer: int = 1_000
    """Characters of a `path` or `from`, its query included."""
    conditions: int = 10
    """Conditions in the query of one path."""
    depth: int = 64
    """Levels of the patch, and of the document after each operation; names in one pointer."""
    nodes: int = 50_000
    """Values in the patch, and in the document after each operation."""
    size: int = 1_048_576
    """Bytes of the document after each operation, as `Extent` counts them."""
    written: int = 200_000
    """Values that all operations together write: a `copy` in turn with a `remove` would not show in the document."""
    visited: int = 2_000_000
    """Values that all queries of the patch together may look at: the document's, once more for each condition."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How large a JSON value is. `size` is about its JSON in bytes: a short integer counts as 8, an escape as one."""

    nodes: int
    depth: int
    size: int


def extent(value: Any) -> Extent:
    """Measured level by level and without recursion, so that no depth can harm. Costs about 0.1 µs for each value."""
    level: list[Any] = [value]
    nodes = depth = size = 0
    while level:
        depth += 1
        nodes += len(level)
        below: list[Any] = []
        for one in level:
            if isinstance(one, str):
                size += _length(one) + 3
            elif isinstance(one, dict):
                size += 3 + sum(map(_length, one)) + 3 * len(one)
                below.extend(one.values())
            elif isinstance(one, list):
                size += 3
                below.extend(one)
            else:
                size += _digits(one)
        level = below
    return Extent(nodes, depth, size)


def _digits(value: Any) -> int:
    short = value is None or (isinstance(value, int) and abs(value) < 2**63)
    return 8 if short else len(str(value))


def _length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


class Budget:
    """What the operations of one patch have used up. Each method answers what was exceeded, or None.

    The document is measured only when the sum of all that was written might exceed a limit.
    """

    def __init__(self, limits: Limits, document: Any) -> None:
        self.limits = limits
        self._changes = self._written = self._visited = 0
        measured = extent(document)
        self._nodes, self._size = measured.nodes, measured.size

    def search(self, conditions: int) -> str | None:
        """Count a query about to look through the document."""
        self._visited += self._nodes * (1 + conditions)
        if self._visited > self.limits.visited:
            return "the queries of the patch are too much work for this document"
        return None

    def act(self, places: int) -> str | None:
        """Count an operation about to act on so many places."""
        self._changes += places
        if self._changes > self.limits.changes:
            return f"the patch acts on more than {self.limits.changes} places"
        return None

    def write(self, places: Sequence[Sequence[str]], value: Any, *, anew: bool) -> str | None:
        """Count a value about to be put in each of these places; `anew` unless it leaves another place."""
        limits, one = self.limits, extent(value)
        if max(map(len, places), default=0) + one.depth > limits.depth:
            return f"the document would be nested deeper than {limits.depth} levels"
        names = sum(_length(place[-1]) + 3 for place in places if place)
        self._size += names
        if not anew:
            return None
        nodes, size = one.nodes * len(places), one.size * len(places)
        self._written += nodes
        self._nodes += nodes
        self._size += size
        if self._written > limits.written:
            return f"the patch writes more than {limits.written} values"
        return self._excess(nodes, size)

    def check(self, document: Any) -> str | None:
        """After an operation: whether the document may be as large as it has become."""
        if self._excess(self._nodes, self._size) is None:
            return None
        measured = extent(document)
        self._nodes, self._size = measured.nodes, measured.size
        return self._excess(self._nodes, self._size)

    def _excess(self, nodes: int, size: int) -> str | None:
        if nodes > self.limits.nodes:
            return f"the document would have more than {self.limits.nodes} values"
        if size > self.limits.size:
            return f"the document would be larger than {self.limits.size} bytes"
        return None
