"""Slices of lists: the wanted slice, and its members.

A list that others change is read by positions. Inserting or removing a member moves no position, so no other member is
shown twice or left out.
"""

from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

Member = TypeVar("Member")

Mark = str | int | bool | None
"""What a member is sorted by: a text, a boolean, a time in microseconds since 1970, or a number as its digits; None
where it has no such value."""

SORTED_CHARACTERS = 100
"""The number of characters by which a text in a document is sorted; a position has to store them."""


@dataclass(frozen=True, slots=True)
class Position:
    """The position right after a member with these marks, one for each sort key, and this key. The member may have been
    removed since.
    """

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
