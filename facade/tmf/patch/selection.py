"""Paths with a query (TMF630 part 5) as places in a document.

A path with a query walks through arrays without positions: `/productOrderItem/quantity?productOrderItem.id=120`.
Each condition belongs to one of the arrays on the way:

- from the root: the longest array whose path begins the key (`relatedParty.role` belongs to `relatedParty`),
- otherwise relative: the array whose entries have the attribute (`role`, `id`). If entries of several arrays have it,
  the key is ambiguous and refused.

An entry is selected if all conditions of its array hold in it; those on an inner array hold in one and the same inner
entry. Arrays without conditions are walked through whole. Beyond the last array with a condition nothing is selected
any more: what is missing there in one selected entry is missing in the patch's sense.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from canonical.shared import jsontext
from facade.tmf.patch.pointers import Path, Tokens, is_position

_ABSENT = object()
Spot = tuple[Tokens, Any]


class Ambiguous(ValueError):
    """A key could belong to several arrays; `readings` write it out from the root."""

    def __init__(self, readings: Sequence[str]) -> None:
        super().__init__("ambiguous key")
        self.readings = tuple(readings)


class NothingToSelect(LookupError):
    """The path leads through no array that a query could select from."""


@dataclass(slots=True)
class Selector:
    """Conditions as a tree of names."""

    texts: list[str] = field(default_factory=list)
    members: dict[str, "Selector"] = field(default_factory=dict)

    def want(self, names: Tokens, text: str) -> None:
        node = self
        for name in names:
            node = node.members.setdefault(name, Selector())
        node.texts.append(text)


@dataclass(frozen=True, slots=True)
class Crossing:
    """The arrays that stand at one step of a path, with the names that lead there."""

    names: Tokens
    entries: list[Any]


def crossings(document: Any, path: Path, *, entries: bool) -> dict[int, Crossing]:
    """For each step of the path where arrays stand that it names no position in: all their entries.

    `entries`: whether an array at the path's very end counts, because its entries are meant and not the array.
    """
    found: dict[int, Crossing] = {}
    values = [document]
    for step in range(len(path.tokens) + 1):
        token = path.tokens[step] if step < len(path.tokens) else None
        below: list[Any] = []
        crossed: list[Any] = []
        for value in values:
            if isinstance(value, list) and not (token is not None and is_position(token)):
                crossed += value
            else:
                below.append(value)
        if crossed and (token is not None or entries):
            found[step] = Crossing(_names(path.tokens[:step]), crossed)
        values = [] if token is None else [one for value in (*below, *crossed) for one in _members(value, token)]
    return found


def selected(document: Any, path: Path, crossed: dict[int, Crossing]) -> list[Tokens]:
    """The places that the path means, in document order; none if no entry fits. Raises Ambiguous or NothingToSelect."""
    if not crossed:
        raise NothingToSelect
    wanted: dict[int, Selector] = {}
    for condition in path.conditions:
        bound = _bound(condition.names, crossed)
        if bound is None:
            return []
        step, names = bound
        wanted.setdefault(step, Selector()).want(names, condition.text)
    last = max(wanted)
    spots: list[Spot] = [((), document)]
    for step, token in enumerate(path.tokens):
        spots = [
            deeper
            for spot in spots
            for chosen in _chosen(spot, wanted.get(step), is_position(token))
            for deeper in _descended(chosen, token, missing=step >= last)
        ]
    if len(path.tokens) in wanted:
        spots = [chosen for spot in spots for chosen in _chosen(spot, wanted[len(path.tokens)], False)]
    return [tokens for tokens, _ in spots]


def _bound(names: Tokens, crossed: dict[int, Crossing]) -> tuple[int, Tokens] | None:
    for step in sorted(crossed, reverse=True):
        prefix = crossed[step].names
        if names[: len(prefix)] == prefix:
            return step, names[len(prefix) :]
    fitting = [step for step, one in crossed.items() if any(_carries(entry, names) for entry in one.entries)]
    if len(fitting) > 1:
        raise Ambiguous([".".join(crossed[step].names + names) for step in fitting])
    return (fitting[0], names) if fitting else None


def _chosen(spot: Spot, wanted: Selector | None, named: bool) -> Iterator[Spot]:
    """The entries of an array that fit, or the value itself where it is none or the path names a position in it."""
    tokens, value = spot
    if isinstance(value, list) and not named:
        for position, entry in enumerate(value):
            if wanted is None or _fits(entry, wanted):
                yield (*tokens, str(position)), entry
    elif wanted is None or _fits(value, wanted):
        yield spot


def _descended(spot: Spot, token: str, *, missing: bool) -> Iterator[Spot]:
    tokens, value = spot
    deeper = (*tokens, token)
    below = _members(value, token)
    if below:
        yield deeper, below[0]
    elif missing:
        yield deeper, _ABSENT


def _members(value: Any, token: str) -> list[Any]:
    """The value one step down, as a list of one or none."""
    if isinstance(value, dict):
        return [value[token]] if token in value else []
    if isinstance(value, list) and token.isdecimal() and is_position(token) and int(token) < len(value):
        return [value[int(token)]]
    return []


def _names(tokens: Tokens) -> Tokens:
    return tuple(token for token in tokens if not is_position(token))


def _fits(value: Any, wanted: Selector) -> bool:
    if isinstance(value, list):
        return any(_fits(entry, wanted) for entry in value)
    if not all(_reads(value, text) for text in wanted.texts):
        return False
    return all(
        isinstance(value, dict) and name in value and _fits(value[name], inner)
        for name, inner in wanted.members.items()
    )


def _carries(value: Any, names: Tokens) -> bool:
    if isinstance(value, list):
        return any(_carries(entry, names) for entry in value)
    if not names:
        return True
    return isinstance(value, dict) and names[0] in value and _carries(value[names[0]], names[1:])


def _reads(value: Any, text: str) -> bool:
    """Whether a text of a query means this value: 2 and 2.0 are the same number, null is written by no text."""
    if isinstance(value, str):
        return value == text
    if isinstance(value, bool):
        return text == ("true" if value else "false")
    return isinstance(value, int | Decimal) and jsontext.number_of(text) == value
