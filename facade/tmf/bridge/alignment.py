"""Which entries of a list are which after a change, and changes of one version carried into the other."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from typing import Any

from facade.contract.pointers import Tokens
from facade.tmf.patch import json_equal


def aligned(old: Sequence[Any], new: Sequence[Any]) -> dict[int, int]:
    """The new position of each entry that stayed, by its old position.

    An entry is the same if it is equal; else if no other entry has its id, its name, or the id of what it holds; else
    if it stands at the same position in a list that is as long as before. Entries with different ids are not the same.
    """
    found = _equal(old, new)
    for name_of in (_own_id, _name, _held_ids):
        _match(old, new, found, name_of)
    if len(old) == len(new):
        left = set(range(len(new))) - set(found.values())
        found |= {i: i for i in left if i not in found and _may_be(old[i], new[i])}
    return found


def _match(old: Sequence[Any], new: Sequence[Any], found: dict[int, int], name_of: Callable[[Any], Hashable]) -> None:
    """Add the entries that have a name in common which no other has."""
    taken = set(found.values())
    names = {i: name_of(entry) for i, entry in enumerate(old) if i not in found}
    others = {j: name_of(entry) for j, entry in enumerate(new) if j not in taken}
    counted, others_counted = Counter(names.values()), Counter(others.values())
    by_name = {name: j for j, name in others.items() if name and others_counted[name] == 1}
    for i, name in names.items():
        if name in by_name and counted[name] == 1 and _may_be(old[i], new[by_name[name]]):
            found[i] = by_name[name]


def _may_be(old: Any, new: Any) -> bool:
    held, now_held = _held_ids(old), _held_ids(new)
    return _own_id(old) == _own_id(new) and (not held or not now_held or not held.isdisjoint(now_held))


def _own_id(entry: Any) -> str | None:
    return _text(entry, "id")


def _name(entry: Any) -> str | None:
    return _text(entry, "name")


def _held_ids(entry: Any) -> frozenset[str]:
    members = entry.values() if isinstance(entry, dict) else ()
    return frozenset(one for one in (_own_id(member) for member in members) if one is not None)


def _text(entry: Any, name: str) -> str | None:
    value = entry.get(name) if isinstance(entry, dict) else None
    return value if isinstance(value, str) else None


def _equal(old: Sequence[Any], new: Sequence[Any]) -> dict[int, int]:
    places: defaultdict[Hashable, deque[int]] = defaultdict(deque)
    for j, entry in enumerate(new):
        places[_key(entry)].append(j)
    keys = [_key(entry) for entry in old]
    return {i: places[key].popleft() for i, key in enumerate(keys) if places[key]}


def _key(value: Any) -> Hashable:
    """The same for values that are equal as JSON."""
    if isinstance(value, dict):
        return frozenset((name, _key(member)) for name, member in value.items())
    if isinstance(value, list):
        return tuple(map(_key, value))
    return (value,) if isinstance(value, bool) else value


def merged(base: Any, ours: Any, theirs: Any, hidden: Collection[Tokens], at: Tokens = ()) -> Any:
    """`ours` with what changed from `base` to `theirs`.

    `base` is `ours` as the other version shows it. What is not in `base` stays as it is: attributes, and the entries
    of lists that `hidden` has the places of. Of an object that gets another id nothing stays: it is another object.
    """
    if json_equal(base, theirs):
        return ours
    if len({_own_id(base), _own_id(theirs)} - {None}) > 1:
        return theirs
    if isinstance(base, dict) and isinstance(ours, dict) and isinstance(theirs, dict):
        return _merged_members(base, ours, theirs, hidden, at)
    if isinstance(base, list) and isinstance(ours, list) and isinstance(theirs, list):
        return _merged_entries(base, ours, theirs, hidden, at)
    return theirs


def _merged_members(
    base: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any], hidden: Collection[Tokens], at: Tokens
) -> dict[str, Any]:
    result = {name: value for name, value in ours.items() if name in theirs or name not in base}
    for name, value in theirs.items():
        if name in ours and name in base:
            result[name] = merged(base[name], ours[name], value, hidden, (*at, name))
        elif name not in base or not json_equal(base[name], value):
            result[name] = value
    return result


def _merged_entries(
    base: list[Any], ours: list[Any], theirs: list[Any], hidden: Collection[Tokens], at: Tokens
) -> list[Any]:
    positions = [k for k in range(len(ours)) if (*at, str(k)) not in hidden]
    if len(positions) != len(base):
        return theirs
    source = {j: i for i, j in aligned(base, theirs).items()}
    result = list(_followers(ours, -1, hidden, at)) if source or not base else []
    for j, entry in enumerate(theirs):
        i = source.get(j)
        if i is None:
            result.append(entry)
        else:
            k = positions[i]
            result.append(merged(base[i], ours[k], entry, hidden, (*at, str(k))))
            result += _followers(ours, k, hidden, at)
    return result


def _followers(ours: list[Any], position: int, hidden: Collection[Tokens], at: Tokens) -> Iterator[Any]:
    """The hidden entries right behind one."""
    position += 1
    while position < len(ours) and (*at, str(position)) in hidden:
        yield ours[position]
        position += 1
