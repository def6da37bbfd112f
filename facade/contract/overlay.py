"""OpenAPI Overlay 1.0: actions that change an OpenAPI document at the places a JSONPath (RFC 9535) selects.

Two extensions of ours, both on an action: `x-mends` is the reason why the official file is wrong there (it is
recorded in the output), and `x-optional: true` says that the target need not exist.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jsonpath

_JSONPATH = jsonpath.JSONPathEnvironment(strict=True)
_ACTION_MEMBERS = {"target", "description", "update", "remove"}


class OverlayError(ValueError):
    """An overlay that cannot be applied; the message names the action and its mistake."""


@dataclass(frozen=True, slots=True)
class Mend:
    """A defect of the official file that an action repaired, and why."""

    target: str
    reason: str
    places: int


def apply_overlay(document: dict[str, Any], overlay: Mapping[str, Any], *, strict: bool = True) -> list[Mend]:
    """Apply each action in turn to `document`, in place, and return the mends that found their defect.

    With `strict` an action that selects nothing is an error unless it is `x-optional`: the standard lets it
    pass, but here it means that the official file changed under the overlay.
    """
    if not str(overlay.get("overlay", "")).startswith("1.0"):
        raise OverlayError("not an OpenAPI Overlay 1.0 document: its `overlay` member must be 1.0.0")
    mends = []
    for number, action in enumerate(overlay.get("actions", []), start=1):
        target = _target(number, action)
        places = _apply(document, target, action)
        if not places and strict and not action.get("x-optional"):
            raise OverlayError(f"action {number}: {target} selects nothing")
        if places and "x-mends" in action:
            mends.append(Mend(target, str(action["x-mends"]), places))
    return mends


def _target(number: int, action: Any) -> str:
    if not isinstance(action, Mapping) or not isinstance(action.get("target"), str):
        raise OverlayError(f"action {number}: needs a `target`")
    unknown = [name for name in action if name not in _ACTION_MEMBERS and not name.startswith("x-")]
    if unknown:
        raise OverlayError(f"action {number}: unknown member {unknown[0]!r}")
    if ("update" in action) == (action.get("remove") is True):
        raise OverlayError(f"action {number}: needs either `update` or `remove: true`")
    return str(action["target"])


def _apply(document: dict[str, Any], target: str, action: Mapping[str, Any]) -> int:
    try:
        matches = [(tuple(m.parts), m.obj) for m in _JSONPATH.finditer(target, document)]
    except jsonpath.JSONPathError as error:
        raise OverlayError(f"{target}: {str(error).splitlines()[0]}") from error
    if "update" in action:
        for parts, node in matches:
            _update(node, action["update"], target, parts)
    else:
        # Deepest and last first, so that removing one entry of an array does not move the next.
        for parts, _ in sorted(matches, key=lambda match: _removal_order(match[0]), reverse=True):
            _remove(document, parts, target)
    return len(matches)


def _removal_order(parts: Sequence[Any]) -> tuple[Any, ...]:
    return tuple((1, part, "") if isinstance(part, int) else (0, 0, str(part)) for part in parts)


def _update(node: Any, update: Any, target: str, parts: Sequence[Any]) -> None:
    if isinstance(node, list):
        node.append(copy.deepcopy(update))
    elif isinstance(node, dict) and isinstance(update, Mapping):
        _merge(node, update)
    else:
        raise OverlayError(f"{target}: {'/'.join(map(str, parts))} cannot take this update")


def _merge(node: dict[str, Any], update: Mapping[str, Any]) -> None:
    for name, value in update.items():
        present = node.get(name)
        if isinstance(present, dict) and isinstance(value, Mapping):
            _merge(present, value)
        elif isinstance(present, list) and isinstance(value, list):
            present.extend(copy.deepcopy(value))
        else:
            node[name] = copy.deepcopy(value)


def _remove(document: Any, parts: Sequence[Any], target: str) -> None:
    if not parts:
        raise OverlayError(f"{target}: the document itself cannot be removed")
    parent = document
    for part in parts[:-1]:
        parent = parent[part]
    del parent[parts[-1]]
