"""Takes out of a document what a contract does not take: the smallest part that leaves the rest valid."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from facade.contract.pointers import Token, Tokens, tokens_of
from facade.contract.validator import Checked
from facade.contract.violations import Code, ContractViolation, Violation
from facade.tmf.bridge.complement import SetAside, plain

Judge = Callable[[Any], Checked]
"""What a contract says of a document."""
Whole = Callable[[Tokens], Tokens]
"""From a place to the one that has to go with it, because it makes no sense without."""

MOST_SET_ASIDE = 1000
"""Values that are taken out of one document."""


@dataclass(frozen=True)
class Fitted:
    """`document` is what the contract takes, as it was understood. `marked` is the original, with a SetAside in each
    place where something was taken out.
    """

    document: Any
    marked: Any

    def places(self) -> Iterator[tuple[Tokens, str]]:
        """Where something was taken out of the original, with the reason."""
        return _set_aside(self.marked, ())


def fit(document: Any, judge: Judge, version: str, whole: Whole = lambda place: place) -> Fitted:
    """Raises ContractViolation if the document itself breaks a rule, or if too many values would have to go."""
    kept, marked = document, plain(document)
    while (checked := judge(kept)).violations:
        found = [(_place(marked, violation), violation) for violation in checked.violations]
        if any(not place for place, _ in found):
            raise ContractViolation([violation for place, violation in found if not place])
        for place, reason in [(whole(place), _reason(marked, place, one, version)) for place, one in found]:
            _mark(marked, place, reason)
        if sum(1 for _ in _set_aside(marked, ())) > MOST_SET_ASIDE:
            text = f"more than {MOST_SET_ASIDE} values have no place in {version}; send fewer of them, or use {version}"
            raise ContractViolation([Violation("", Code.TOO_MANY_RECORDS, text)])
        kept = plain(marked)
    return Fitted(checked.body, marked)


def _place(marked: Any, violation: Violation) -> Tokens:
    """The value that has to go, by its place in the original: the one with the mistake, or what lacks a member."""
    place: list[Token] = []
    for token in tokens_of(violation.pointer):
        if isinstance(marked, list):
            left = (at for at, entry in enumerate(marked) if not isinstance(entry, SetAside))
            place.append(next(islice(left, int(token), None)))
        elif isinstance(marked, dict) and token in marked and not isinstance(marked[token], SetAside):
            place.append(token)
        else:
            break
        marked = marked[place[-1]]
    return tuple(place)


def _mark(marked: Any, place: Tokens, reason: str) -> None:
    *way, last = place
    for token in way:
        marked = marked[token]
        if isinstance(marked, SetAside):
            return  # it went with what it is in
    marked[last] = SetAside(reason)


def _set_aside(marked: Any, at: Tokens) -> Iterator[tuple[Tokens, str]]:
    if isinstance(marked, SetAside):
        yield at, marked.reason
    elif isinstance(marked, dict | list):
        for token, inside in marked.items() if isinstance(marked, dict) else enumerate(marked):
            yield from _set_aside(inside, (*at, token))


def _reason(marked: Any, place: Tokens, violation: Violation, version: str) -> str:
    if violation.code is Code.MISSING_PROPERTY:
        name = tokens_of(violation.pointer)[-1]
        for token in place:
            marked = marked[token]
        removed = marked.get(name)
        return removed.reason if isinstance(removed, SetAside) else f"{version} demands {name}"
    if violation.allowed:
        return f"{version} demands one of {', '.join(violation.allowed)}"
    return f"{version} demands otherwise: {violation.message}"
