"""Nulls of optional attributes: read as if they were not there, or refused by agreement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from facade.contract.lenient_defaults import Allowance, Leniency
from facade.contract.pointers import Tokens, pointer, shortened, tokens_of
from facade.contract.violations import Code, Violation

NULL_NOT_AGREED = "NULL_NOT_AGREED"
ABSENT = "absent"
MOST_TOLD = 50
"""Nulls that a refusal names."""

_Tree = dict[str, "_Tree"]


def allowances(places: Iterable[Tokens]) -> list[Allowance]:
    return [Allowance(pointer(at), Leniency.NULL_AS_ABSENT, ABSENT) for at in places]


def refused(places: Iterable[str]) -> tuple[Violation, ...]:
    """What is wrong with nulls at these pointers, for a client with which it is agreed that it sends none."""
    return tuple(
        Violation(
            at,
            Code.INVALID_VALUE,
            f"{shortened(tokens_of(at)[-1])} is null: it is agreed with you that you leave such attributes out",
            reason=NULL_NOT_AGREED,
        )
        for at in islice(places, MOST_TOLD)
    )


def removals(places: Sequence[Tokens]) -> tuple[list[Tokens], list[Tokens]]:
    """The nulls by which a merge patch removes what they name, and the others, which stand in lists."""
    removing: list[Tokens] = []
    absent: list[Tokens] = []
    for at in places:
        (absent if any(isinstance(token, int) for token in at) else removing).append(at)
    return removing, absent


def put_back(body: Any, places: Iterable[Tokens]) -> Any:
    """The body with nulls at these places, which lead through objects only."""
    for at in places:
        body = _with_null(body, at)
    return body


def _with_null(body: Any, at: Tokens) -> Any:
    name, below = at[0], at[1:]
    return {**body, name: _with_null(body[name], below) if below else None}


def without_nulls(body: Any, places: Iterable[str]) -> Any:
    """The body without its members at these pointers. It is walked once, however many there are."""
    tree: _Tree = {}
    for at in places:
        below = tree
        for token in tokens_of(at):
            below = below.setdefault(token, {})
    return _without(body, tree)


def _without(body: Any, tree: _Tree) -> Any:
    """`tree` has what is left out as its leaves."""
    if isinstance(body, list):
        kept = list(body)
        for index, below in tree.items():
            kept[int(index)] = _without(body[int(index)], below)
        return kept
    left = {member for member, below in tree.items() if not below}
    return {
        member: _without(value, tree[member]) if member in tree else value
        for member, value in body.items()
        if member not in left
    }
