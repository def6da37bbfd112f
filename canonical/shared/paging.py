"""Parts of lists: which part is asked for, and what it holds.

A list that others write to is read part by part by positions: what is inserted or removed meanwhile moves no position,
so that a member is neither shown twice nor left out because of another.
"""

from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

Member = TypeVar("Member")

Mark = str | int | bool | None
"""What a member is sorted by: a text, a boolean, a time in microseconds since 1970, or a number as its digits; None
where it has no such value."""

SORTED_CHARACTERS = 100
"""Of a text in a document that count when it is sorted by: a position has to hold them."""


@dataclass(frozen=True, slots=True)
class Position:
    """Right after a member with these marks, one for each sort key, and this key. The member may have gone since."""

    marks: tuple[Mark, ...]
    key: str


@dataclass(frozen=True, slots=True)
class Slice:
    """At most `limit` members: those after a position, or else those after the first `offset`."""

    offset: int
    limit: int
    after: Position | None = None


class Found(NamedTuple, Generic[Member]):
    """The members of a slice and how many the whole list has. `last` is the last one's position if more follow."""

    members: list[Member]
    total: int
    last: Position | None = None
