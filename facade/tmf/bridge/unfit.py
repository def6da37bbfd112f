"""Takes out of a document what a contract does not take: the smallest part that leaves the rest valid."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from facade.contract.pointers import Token, Tokens, tokens_of
from facade.contract.validator import Checked
from facade.contract.violations import Code, ContractViolation, Violation
from facade.tmf.bridge.complement import SetAside

Judge = Callable[[Any], Checked]
"""What a contract says of a document."""
Whole = Callable[[Tokens], Tokens]
"""From a place to the one that has to go with it, because it makes no sense without."""
Gone = dict[Token, "Gone | str"]
"""Where something was taken out: token by token, and at the end the reason."""

MOST_SET_ASIDE = 1000
"""Values that are taken out of one document."""


@dataclass(frozen=True)
class Fitted:
    """`document` is what the contract takes, as it was understood. `gone` is where the original has more."""

    document: Any
    gone: Gone

    def places(self) -> Iterator[tuple[Tokens, str]]:
        """Where something was taken out of the original, with the reason."""
        return _leaves(self.gone, ())

    def marked(self, original: Any) -> Any:
        """The original, with a SetAside in each of the places."""
        return _without(original, self.gone, mark=True)


def fit(document: Any, judge: Judge, version: str, whole: Whole = lambda place: place) -> Fitted:
    """Raises ContractViolation if the document itself breaks a rule, or if too many values would have to go."""
    gone: Gone = {}
    kept = document
    while (checked := judge(kept)).violations:
        found = [(_place(kept, violation), violation) for violation in checked.violations]
        if any(not place for place, _ in found):
            raise ContractViolation([violation for place, violation in found if not place])
        originals = [
            (whole(_original(place, gone)), _reason(place, violation, version, gone)) for place, violation in found
        ]
        for place, reason in originals:
            _remove(gone, place, reason)
        if sum(1 for _ in _leaves(gone, ())) > MOST_SET_ASIDE:
            text = f"more than {MOST_SET_ASIDE} values have no place in {version}; send fewer of them, or use {version}"
            raise ContractViolation([Violation("", Code.TOO_MANY_RECORDS, text)])
        kept = _without(document, gone)
    return Fitted(checked.body, gone)


def _place(document: Any, violation: Violation) -> Tokens:
    """The value that has to go: the one with the mistake, or the object that lacks a member."""
    place: list[Token] = []
    for token in tokens_of(violation.pointer):
        if isinstance(document, list):
            place.append(int(token))
        elif isinstance(document, dict) and token in document:
            place.append(token)
        else:
            break
        document = document[place[-1]]
    return tuple(place)


def _original(place: Tokens, gone: Gone) -> Tokens:
    """Where a place of the document without `gone` is in the whole one."""
    found: list[Token] = []
    here: Gone | str = gone
    for token in place:
        inside = here if isinstance(here, dict) else {}
        if isinstance(token, int):
            for removed in sorted(
                one for one, what in inside.items() if isinstance(one, int) and isinstance(what, str)
            ):
                token += removed <= token  # noqa: PLW2901 - where it was before
        found.append(token)
        here = inside.get(token, {})
    return tuple(found)


def _remove(gone: Gone, place: Tokens, reason: str) -> None:
    *way, last = place
    for token in way:
        inside = gone.setdefault(token, {})
        if isinstance(inside, str):
            return  # it went with what it is in
        gone = inside
    gone[last] = reason


def _leaves(gone: Gone, at: Tokens) -> Iterator[tuple[Tokens, str]]:
    for token, what in gone.items():
        if isinstance(what, str):
            yield (*at, token), what
        else:
            yield from _leaves(what, (*at, token))


def _without(value: Any, gone: Gone, *, mark: bool = False) -> Any:
    copied = value.copy()
    for token, what in gone.items():
        if isinstance(what, dict):
            copied[token] = _without(value[token], what, mark=mark)
        elif mark or isinstance(copied, list):
            copied[token] = SetAside(what)
        else:
            del copied[token]
    if mark or isinstance(copied, dict):
        return copied
    return [entry for entry in copied if not isinstance(entry, SetAside)]


def _reason(place: Tokens, violation: Violation, version: str, gone: Gone) -> str:
    if violation.code is Code.MISSING_PROPERTY:
        name = tokens_of(violation.pointer)[-1]
        removed = _gone_at(gone, (*_original(place, gone), name))
        return removed or f"{version} demands {name}"
    if violation.allowed:
        return f"{version} demands one of {', '.join(violation.allowed)}"
    return f"{version} demands otherwise: {violation.message}"


def _gone_at(gone: Gone, place: Tokens) -> str | None:
    """Why the value at a place was taken out; None if it was not."""
    *way, last = place
    for token in way:
        inside = gone.get(token)
        if not isinstance(inside, dict):
            return None
        gone = inside
    found = gone.get(last)
    return found if isinstance(found, str) else None
