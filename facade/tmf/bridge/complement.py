"""The complement of a v5 document: what its v4 client sent, and v5 does not have or has in other words.

It is kept in the document, under a name that no client can send or read, as a list of entries in the order of the
document that v4 shows:

    {"at": "/productOrderItem/0/itemPrice/1", "value": …, "reason": …}   set aside: v5 does not have it
    {"at": "/billingAccount", "sent": {…}, "shown": {…}}                 members that v4 shows as they were sent, as
                                                                         long as they would be `shown` otherwise

`difference` makes the entries and `restored` puts back what they hold; `moved` (in `moving`) follows a change by v5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from facade.contract.pointers import Token, pointer, tokens_of
from facade.contract.violations import Code, ContractViolation, Violation
from facade.tmf.bridge.report import Kind, Loss

COMPLEMENT = "@complement"

Entry = dict[str, Any]
PositionsAside = Mapping[tuple[str, ...], Sequence[int]]
"""Positions in lists of the v4 document, by the tokens that lead to the list."""
_ABSENT = object()
_TYPE = "@type"


@dataclass(frozen=True, slots=True)
class SetAside:
    """Stands in a document where a value was taken out, and says why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Hidden:
    """A value of v5 that v4 does not show, unless a v4 client sent it. `pointer` leads to it in the v5 document."""

    value: Any
    pointer: str


@dataclass(frozen=True, slots=True)
class Restored:
    """A v4 document with what its complement holds.

    `set_aside`: what v5 does not have. `known`: pointers to what v5 has and v4 would not show without the complement.
    """

    document: Any
    set_aside: tuple[Loss, ...]
    known: frozenset[str]


def difference(shown: Any, wanted: Any) -> list[Entry]:
    """The complement that turns `shown`, the v5 document in v4, into `wanted`.

    `shown` has a SetAside wherever v5 does not have the value, and may have Hidden values.
    """
    return list(_difference(shown, wanted, ()))


def _difference(shown: Any, wanted: Any, at: tuple[Token, ...]) -> Iterator[Entry]:
    if isinstance(wanted, dict):
        yield from _members(shown, wanted, at)
        inside: Iterable[tuple[Token, Any, Any]] = ((name, shown.get(name), wanted[name]) for name in wanted)
    elif isinstance(wanted, list):
        inside = ((index, *pair) for index, pair in enumerate(zip(shown, wanted, strict=True)))
    else:
        return
    for token, there, value in inside:
        if isinstance(there, SetAside):
            yield {"at": pointer((*at, token)), "value": value, "reason": there.reason}
        elif _similar(there, value):
            yield from _difference(there, value, (*at, token))


def _members(shown: Mapping[str, Any], wanted: Mapping[str, Any], at: tuple[Token, ...]) -> Iterator[Entry]:
    """The entries for the members that are shown in other words or not at all."""
    there = {name: shown.get(name, _ABSENT) for name in wanted}
    differing = [
        name
        for name, value in there.items()
        if value is not _ABSENT and not isinstance(value, SetAside) and not _similar(value, wanted[name])
    ]
    # Members of one object belong together, such as an amount and its unit; attributes of a resource do not.
    for names in [differing] if at else [[name] for name in differing]:
        if names:
            sent, instead = {name: wanted[name] for name in names}, {name: plain(shown[name]) for name in names}
            yield {"at": pointer(at), "sent": sent, "shown": instead}
    absent = {name: wanted[name] for name, value in there.items() if value is _ABSENT}
    if absent:  # they may be shown under other names
        others = shown.keys() - wanted.keys() - {_TYPE}
        instead = {name: plain(value) for name, value in shown.items() if name in others and _is_shown(value)}
        yield {"at": pointer(at), "sent": absent, "shown": instead}


def _similar(shown: Any, wanted: Any) -> bool:
    """Whether the two are equal or differ inside only, in members of objects."""
    if isinstance(shown, dict) and isinstance(wanted, dict):
        return True
    if isinstance(shown, list) and isinstance(wanted, list):
        pairs = zip(shown, wanted, strict=False)
        return len(shown) == len(wanted) and all(isinstance(a, SetAside) or _similar(a, b) for a, b in pairs)
    return _same(shown, wanted)


def _is_shown(value: Any) -> bool:
    return not isinstance(value, SetAside | Hidden)


def plain(value: Any) -> Any:
    """The value without what was set aside in it and without what v4 does not show."""
    if isinstance(value, Hidden):
        return plain(value.value)
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items() if _is_shown(one)}
    if isinstance(value, list):
        return [plain(one) for one in value if _is_shown(one)]
    return value


def restored(shown: Any, entries: Sequence[Entry]) -> Restored:
    """`shown`, the v5 document in v4, with what its complement holds. An entry whose place is gone is left out."""
    document = _copied(shown)
    losses: list[Loss] = []
    known: list[str] = []
    for entry in entries:
        tokens = tokens_of(entry["at"])
        if "value" not in entry:
            known += _reword(_reached(document, tokens), entry["sent"], entry["shown"])
        elif _put(_reached(document, tokens[:-1]), tokens[-1], entry["value"]):
            losses.append(Loss(entry["at"], Kind.LOST, entry["reason"], entry["value"]))
    return Restored(plain(document), tuple(losses), frozenset(known))


def _copied(value: Any) -> Any:
    """The same with objects and lists of its own."""
    if isinstance(value, dict):
        return {name: _copied(member) for name, member in value.items()}
    return [_copied(entry) for entry in value] if isinstance(value, list) else value


def _reached(document: Any, tokens: Sequence[str]) -> Any:
    """What stands at a place; None if there is none."""
    for token in tokens:
        if isinstance(document, dict):
            document = document.get(token)
        elif isinstance(document, list) and token.isdecimal() and int(token) < len(document):
            document = document[int(token)]
        else:
            return None
    return document


def _put(parent: Any, token: str, value: Any) -> bool:
    """Whether the value could be put there."""
    if isinstance(parent, list):
        parent.insert(int(token), value)
        return True
    if not isinstance(parent, dict) or token in parent:
        return False
    parent[token] = value
    return True


def _reword(holder: Any, sent: Mapping[str, Any], shown: Mapping[str, Any]) -> list[str]:
    """Show members as they were sent. Returns the pointers of what is shown only for that reason."""
    if not isinstance(holder, dict) or any(name in holder for name in sent.keys() - shown.keys()):
        return []
    found = {name: holder.get(name, _ABSENT) for name in shown}
    if not all(_same(plain(found[name]), value) for name, value in shown.items()):
        return []
    for name in shown:
        del holder[name]
    holder |= sent
    return [one.pointer for one in found.values() if isinstance(one, Hidden)]


def _same(one: Any, other: Any) -> bool:
    """Equal to the digit: 1.0 is neither 1 nor 1.00."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and one == other and (type(one) is not Decimal or str(one) == str(other))


def concerns(entry: Entry, names: AbstractSet[str]) -> bool:
    """Whether an entry is about one of these top-level attributes of the v4 document."""
    return not names.isdisjoint(attributes_of(entry))


def attributes_of(entry: Entry) -> Iterable[str]:
    """The top-level attributes of the v4 document that an entry is about."""
    tokens = tokens_of(entry["at"])
    return tokens[:1] or (*entry["sent"], *entry["shown"])


def with_complement(document: dict[str, Any], entries: Sequence[Entry]) -> dict[str, Any]:
    """The complement comes first: so the text of a document tells at its beginning whether there is one."""
    rest = without_complement(document)
    return {COMPLEMENT: list(entries), **rest} if entries else rest


def without_complement(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != COMPLEMENT}


def entries_without(entries: Iterable[Entry], is_left_out: Callable[[Sequence[str]], bool]) -> list[Entry]:
    """A complement without what stands at the places of the v4 document that are left out, or in them."""
    kept: list[Entry] = []
    for entry in entries:
        tokens = tokens_of(entry["at"])
        if is_left_out(tokens):
            continue
        members = {
            side: {name: value for name, value in entry[side].items() if not is_left_out([*tokens, name])}
            for side in ("sent", "shown")
            if side in entry
        }
        if not members or any(members.values()):
            kept.append(entry | members)
    return kept


def refuse_reserved(body: Any) -> None:
    """Raises ContractViolation for a body with the name under which complements are kept."""
    if isinstance(body, dict) and COMPLEMENT in body:
        text = f"{COMPLEMENT} is not accepted here: the bridge between v4 and v5 keeps something under this name"
        raise ContractViolation([Violation(f"/{COMPLEMENT}", Code.UNEXPECTED_PROPERTY, text)])


def full_position(position: int, aside: Sequence[int]) -> int:
    """The position in the list with what was set aside, of the entry at `position` without it."""
    for one in aside:
        position += one <= position
    return position


def positions_aside(entries: Iterable[Entry]) -> PositionsAside:
    """The positions that were set aside, of each list that has some."""
    found: dict[tuple[str, ...], list[int]] = {}
    for entry in entries:
        *way, last = tokens_of(entry["at"]) or [""]
        if "value" in entry and last.isdecimal():
            found.setdefault(tuple(way), []).append(int(last))
    return {way: sorted(positions) for way, positions in found.items()}


def full_pointer(text: str, aside: PositionsAside) -> str:
    """A pointer into the v4 document without what was set aside, as one into the document with it."""
    found: list[str] = []
    for token in tokens_of(text):
        beside = aside.get(tuple(found), ())
        found.append(str(full_position(int(token), beside)) if token.isdecimal() and beside else token)
    return pointer(found)
