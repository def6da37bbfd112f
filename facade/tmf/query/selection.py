"""`fields`: which attributes of each resource are answered (TMF630 section 4.3)."""

import re
from collections.abc import Mapping
from typing import Any, Protocol

from facade.contract.pointers import shortened
from facade.tmf.query.attributes import Attribute, Kind, Names
from facade.tmf.query.refusals import MAX_DEPTH, MAX_TEXT, NotSupported, refusal

ALWAYS = ("@type", "id", "href")
"""Shown in every object that has them: v5 schemas require `@type`, TMF630 promises id and href."""

_JSONPATH = re.compile(r"\w\[[?*]")

Selection = Mapping[str, "Selection | None"]
"""The attributes wanted by name; None for everything below."""


class KnownAttributes(Protocol):
    def known(self, parameter: str, names: Names) -> Attribute:
        """Raises ContractViolation at `parameter` where there is no such attribute."""
        ...


def selection_of(text: str | None, attributes: KnownAttributes) -> Selection | None:
    """What `fields` asks for: `state,note.text`, or `none`. None is everything. Raises ContractViolation."""
    if text is None:
        return None
    if len(text) > MAX_TEXT:
        raise refusal("fields", f"fields has at most {MAX_TEXT} characters")
    if _JSONPATH.search(text):
        raise NotSupported("fields", "JSONPath")
    chosen: dict[str, Any] = {}
    for name in (part.strip() for part in text.split(",")):
        if name not in ("", "none"):
            _add(chosen, name, attributes)
    return chosen


def _add(chosen: dict[str, Any], name: str, attributes: KnownAttributes) -> None:
    names = tuple(name.split("."))
    if len(names) > MAX_DEPTH:
        raise refusal("fields", f"a path has at most {MAX_DEPTH} names")
    attributes.known("fields", names)
    for depth, one in enumerate(names):
        last = depth == len(names) - 1
        if last or (one in chosen and chosen[one] is None):
            chosen[one] = None
            return
        if attributes.known("fields", names[: depth + 1]).kind not in (Kind.OBJECT, Kind.ANY):
            raise refusal("fields", f"{shortened(name)} leads into a simple value")
        chosen = chosen.setdefault(one, {})


def selected(value: Any, selection: Selection | None) -> Any:
    """The part of a document that was asked for."""
    if selection is None:
        return value
    if isinstance(value, list):
        return [selected(element, selection) for element in value]
    if not isinstance(value, dict):
        return value
    return {
        name: selected(member, selection.get(name))
        for name, member in value.items()
        if name in selection or name in ALWAYS
    }
