"""There and back again is where it started, minus what the reports name."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any

from facade.contract.pointers import pointer, tokens_of
from facade.tmf.bridge import Bridged, Kind, Loss
from facade.tmf.tmf622.v4 import BRIDGE

Direction = tuple[Callable[[str, Any], Bridged], Callable[[str, str], str]]


def lift_pointer(resource: str, text: str) -> str:
    return pointer(BRIDGE.lift_names(resource, tokens_of(text)))


UP: Direction = (BRIDGE.lift, lift_pointer)
DOWN: Direction = (BRIDGE.lower, BRIDGE.lower_pointer)


def same_after_v5(resource: str, body: Any) -> tuple[Any, Any]:
    """A v4 body and what v4 → v5 → v4 made of it, without what the reports name."""
    return _compared(resource, body, UP, DOWN)


def same_after_v4(resource: str, body: Any) -> tuple[Any, Any]:
    """A v5 body and what v5 → v4 → v5 made of it, without what the reports name."""
    return _compared(resource, body, DOWN, UP)


def _compared(resource: str, body: Any, there: Direction, back: Direction) -> tuple[Any, Any]:
    untouched = copy.deepcopy(body)
    between = there[0](resource, body)
    assert body == untouched, "a body given is not changed"
    result = back[0](resource, between.body)
    named = [(loss.kind, loss.pointer) for loss in between.losses]
    # What was reshaped comes back where the way there and back leads.
    led = [(kind, p, back[1](resource, there[1](resource, p))) for kind, p in named if kind is Kind.RESHAPED]
    named += [(kind, home) for kind, p, home in led if not p.startswith(f"{home}/")]
    gone = [tuple(tokens_of(p)) for kind, p in named if kind is Kind.LOST and _is_element(p)]
    later = [(loss.kind, _at_home(resource, loss, back[1])) for loss in result.losses]
    expected, found = copy.deepcopy(body), copy.deepcopy(result.body)
    _forget(expected, [p for _, p in named] + [_moved(p, gone, back=True) for _, p in later])
    stays = [p for kind, p in named if kind is not Kind.LOST or not _is_element(p)]
    _forget(found, [_moved(p, gone) for p in stays] + [p for kind, p in later if not _is_element(p)])
    _forget_supplied_types(found, expected)
    return expected, found


def _at_home(resource: str, loss: Loss, home: Callable[[str, str], str]) -> str:
    """The pointer of a second step's loss in the words of the body it all began with."""
    if loss.kind is Kind.LOST:
        parent, _, name = loss.pointer.rpartition("/")
        return f"{home(resource, parent)}/{name}"
    return home(resource, loss.pointer)


def _is_element(pointer: str) -> bool:
    return pointer.rpartition("/")[2].isdecimal()


def _moved(pointer: str, gone: list[tuple[str, ...]], *, back: bool = False) -> str:
    """Where a pointer leads once the elements in `gone` are removed; `back`: where it led before."""
    moved: list[str] = []
    for token in tokens_of(pointer):
        if token.isdecimal():
            before = sorted(int(g[-1]) for g in gone if g[:-1] == tuple(moved))
            position = int(token)
            for removed in before:
                position += (removed <= position) if back else -(removed < int(token))
            moved.append(str(position))
        else:
            moved.append(token)
    return "".join("/" + token.replace("~", "~0").replace("/", "~1") for token in moved)


def _forget(document: Any, pointers: Iterable[str]) -> None:
    order = sorted({tuple(tokens_of(p)) for p in pointers}, key=_deepest_first)
    for tokens in order:
        holder = document
        for token in tokens[:-1]:
            holder = _inside(holder, token)
        if isinstance(holder, dict):
            holder.pop(tokens[-1], None)
        elif isinstance(holder, list) and tokens[-1].isdecimal() and int(tokens[-1]) < len(holder):
            del holder[int(tokens[-1])]


def _deepest_first(tokens: tuple[str, ...]) -> tuple[Any, ...]:
    return (-len(tokens), *(-int(t) if t.isdecimal() else 0 for t in tokens))


def _inside(holder: Any, token: str) -> Any:
    if isinstance(holder, dict):
        return holder.get(token)
    if isinstance(holder, list) and token.isdecimal() and int(token) < len(holder):
        return holder[int(token)]
    return None


def _forget_supplied_types(found: Any, expected: Any) -> None:
    """`@type` is supplied by position in both versions, which is not a loss."""
    if isinstance(found, dict) and isinstance(expected, dict):
        if "@type" not in expected:
            found.pop("@type", None)
        for name in found.keys() & expected.keys():
            _forget_supplied_types(found[name], expected[name])
    elif isinstance(found, list) and isinstance(expected, list):
        for one, other in zip(found, expected, strict=False):
            _forget_supplied_types(one, other)
