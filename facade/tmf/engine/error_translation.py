"""Errors in the words of the client: of the version that it speaks, and of the states that it is shown."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from canonical.shared.errors import InvalidTransition
from facade.contract.pointers import Token, dotted, tokens_of
from facade.contract.violations import ContractViolation, Violation


@contextmanager
def client_pointers(place_of: Callable[[str], str]) -> Iterator[None]:
    """What is raised about a v5 body is raised about the body that was sent. `place_of`: where a v5 pointer leads."""
    try:
        yield
    except ContractViolation as error:
        raise ContractViolation([_moved(found, place_of(found.pointer)) for found in error.violations]) from error


@contextmanager
def client_states(states: Mapping[Any, str]) -> Iterator[None]:
    """What a state forbids is told with the state that the client sees. `states` by the states of the core."""
    try:
        yield
    except InvalidTransition as error:
        names = {str(state): shown for state, shown in states.items()}
        known = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b")
        allowed = [names.get(str(action), action) for action in error.details.get("allowedActions", ())]
        details = dict(error.details) | {"state": names[str(error.details["state"])], "allowedActions": allowed}
        message = known.sub(lambda found: names[found[0]], error.message)
        raise InvalidTransition(message, pointer=error.pointer, **details) from error


def _moved(found: Violation, place: str) -> Violation:
    if place == found.pointer:
        return found
    names = _tokens(found.pointer), _tokens(place)
    hint = None if found.hint is None else _reworded(found.hint, *names)
    return replace(found, pointer=place, message=_reworded(found.message, *names), hint=hint)


def _reworded(text: str, place: Sequence[Token], told: Sequence[Token]) -> str:
    """`text`, which speaks of the attribute at `place` by its path or its name, with those at `told`."""
    if dotted(place) in text:
        return text.replace(dotted(place), dotted(told))
    old, new = place[-1:], told[-1:]
    if old == new or not all(isinstance(name, str) for name in (*old, *new)) or not new:
        return text
    return re.sub(rf"(?<![\w@]){re.escape(str(old[0]))}(?!\w)", lambda _: str(new[0]), text)


def _tokens(pointer: str) -> list[Token]:
    return [int(token) if token.isdecimal() else token for token in tokens_of(pointer)]
