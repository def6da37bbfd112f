"""Changes generated payloads of catalog items so that our rules take them; everything else stays as it is."""

from collections.abc import Mapping
from typing import Any

from facade.tmf.tmf620.items import REFUSED, STATES
from facade.tmf.tmf620.shapes import LONGEST

Payload = dict[str, Any]
UNSENT = frozenset({*REFUSED, "id", "lastUpdate"})
"""Attributes that are refused, that name an item of somebody else, or that only the server writes."""


def item(body: Payload, _: str) -> Payload:
    body = {name: _usable(value) for name, value in body.items() if name not in UNSENT}
    body["name"] = body["name"].strip()[:LONGEST] or "x"
    if "version" in body:
        body["version"] = "".join(set(body["version"]) - set("()"))[:60].strip() or "x"
    if "lifecycleStatus" in body:
        body["lifecycleStatus"] = tuple(STATES.values())[len(body["name"]) % len(STATES)]
    if {"startDateTime", "endDateTime"} <= body.get("validFor", {}).keys():
        body["validFor"]["endDateTime"] = body["validFor"]["startDateTime"]
    return body


def _usable(value: Any) -> Any:
    """Ids and names that can be those of something."""
    if isinstance(value, list):
        return [_usable(one) for one in value]
    if not isinstance(value, Mapping):
        return value
    return {
        name: (one.strip()[:LONGEST] or "x") if name in ("id", "name") and isinstance(one, str) else _usable(one)
        for name, one in value.items()
    }
