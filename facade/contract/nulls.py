"""Nulls of optional attributes: read as if they were not there, or refused by agreement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from facade.contract.lenient_defaults import Allowance, Leniency
from facade.contract.pointers import Tokens, pointer, shortened, tokens_of
from facade.contract.violations import Code, Violation

NULL_NOT_AGREED = "NULL_NOT_AGREED"
ABSENT = "absent"


def allowances(places: Iterable[Tokens]) -> list[Allowance]:
    return [Allowance(pointer(at), Leniency.NULL_AS_ABSENT, ABSENT) for at in places]


def refused(places: Iterable[str]) -> tuple[Violation, ...]:
    """What is wrong with nulls at these pointers, for a client with which it is agreed that it sends none."""
    return tuple(
        Violation(
            at,
            Code.INVALID_VALUE,
            f"{shortened(tokens_of(at)[-1])} is null, and it is agreed with you that no attribute is; leave it out",
            reason=NULL_NOT_AGREED,
        )
        for at in places
    )


def removals(places: Sequence[Tokens]) -> tuple[list[Tokens], list[Tokens]]:
    """The nulls by which a merge patch removes what they name, and the others, which stand in lists."""
    removing = [at for at in places if not any(isinstance(token, int) for token in at)]
    return removing, [at for at in places if at not in removing]


def put_back(body: Any, places: Iterable[Tokens]) -> Any:
    """The body with nulls at these places, which lead through objects only."""
    for at in places:
        body = _with_null(body, at)
    return body


def _with_null(body: Any, at: Tokens) -> Any:
    name, below = at[0], at[1:]
    return {**body, name: _with_null(body[name], below) if below else None}


def left_out(body: Any, places: Iterable[str]) -> Any:
    """The body without its members at these pointers."""
    for at in places:
        body = _without(body, tokens_of(at))
    return body


def _without(body: Any, tokens: list[str]) -> Any:
    name, below = tokens[0], tokens[1:]
    if isinstance(body, list):
        index = int(name)
        return [_without(one, below) if number == index else one for number, one in enumerate(body)]
    if not below:
        return {member: value for member, value in body.items() if member != name}
    return {**body, name: _without(body[name], below)}
