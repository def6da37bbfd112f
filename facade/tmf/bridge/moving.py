"""What becomes of a complement when v5 changes its document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from facade.contract.pointers import pointer, tokens_of
from facade.tmf.bridge.alignment import aligned
from facade.tmf.bridge.complement import Entry, full_position

_Located = tuple[tuple[str, ...], Entry]


def moved(entries: Iterable[Entry], old: Any, new: Any) -> list[Entry]:
    """The entries after v5 has changed what v4 shows from `old` to `new`, both without their complement.

    What was set aside goes where its object goes, and ends with it. In a list it stays behind the entry that it
    followed, and ends when none of the entries beside it stays.
    """
    located = [(tuple(tokens_of(entry["at"])), entry) for entry in entries]
    return [entry | {"at": pointer(tokens)} for tokens, entry in _moved(located, old, new)]


def _moved(located: Sequence[_Located], old: Any, new: Any) -> Iterator[_Located]:
    yield from (one for one in located if not one[0])
    inside = [one for one in located if one[0]]
    if isinstance(old, dict) and isinstance(new, dict):
        for name, group in groupby(inside, key=lambda one: one[0][0]):
            yield from _moved_member(name, list(group), old, new)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _moved_entries(inside, old, new)


def _moved_member(name: str, group: list[_Located], old: dict[str, Any], new: dict[str, Any]) -> Iterator[_Located]:
    if name not in old:  # it was set aside as a whole, so it is the only one
        yield from (one for one in group if name not in new)
    elif name in new:
        yield from _below(name, group, old[name], new[name])


def _below(token: str, group: Iterable[_Located], old: Any, new: Any, to: str | None = None) -> Iterator[_Located]:
    within = [(tokens[1:], entry) for tokens, entry in group]
    yield from (((to or token, *tokens), entry) for tokens, entry in _moved(within, old, new))


def _moved_entries(located: Sequence[_Located], old: list[Any], new: list[Any]) -> Iterator[_Located]:
    aside = [int(tokens[0]) for tokens, entry in located if len(tokens) == 1 and "value" in entry]
    target = aligned(old, new)
    if old and not target:
        return
    anchors = [_anchor(position - order - 1, target) for order, position in enumerate(aside)]
    places: dict[int, int] = {}  # from the position in the list with what was set aside to that in the new one
    for number, order in enumerate(sorted(range(len(aside)), key=lambda order: anchors[order])):
        places[aside[order]] = anchors[order] + 1 + number
    for position, to in target.items():
        before = sum(1 for anchor in anchors if anchor < to)
        places[full_position(position, aside)] = to + before
    groups = [(int(token), list(group)) for token, group in groupby(located, key=lambda one: one[0][0])]
    for position, group in sorted(groups, key=lambda one: places.get(one[0], -1)):
        if position in aside:
            yield from (((str(places[position]),), entry) for _, entry in group)
        elif position in places:
            was = position - sum(1 for one in aside if one < position)
            yield from _below(str(position), group, old[was], new[target[was]], str(places[position]))


def _anchor(position: int, target: Mapping[int, int]) -> int:
    """The new position of the entry at `position` or of the nearest one before it that stays; -1 without one."""
    return next((target[one] for one in range(position, -1, -1) if one in target), -1)
