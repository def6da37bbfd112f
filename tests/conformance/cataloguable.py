"""Changes generated payloads of catalog items so that our rules take them; everything else stays as it is."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import uuid4

from canonical.catalog.lifecycle import LifecycleStatus
from facade.tmf.tmf620.items import LONGEST_VERSION, STATES, UNADDRESSABLE, UNSAID
from facade.tmf.tmf620.shapes import LONGEST

Payload = dict[str, Any]
AMOUNTS = ("price", "percentage", "taxIncludedAmount", "dutyFreeAmount")


def category_v5(body: Payload, parent_id: str) -> Payload:
    if "parent" in body:
        body["parent"]["id"] = parent_id
    return _category(body, root="parent" not in body)


def category_v4(body: Payload, parent_id: str) -> Payload:
    if "parentId" in body:
        body["parentId"] = parent_id
    return _category(body, root="parentId" not in body)


def _category(body: Payload, *, root: bool) -> Payload:
    return _item(body) | ({"isRoot": root} if "isRoot" in body else {})


def item(body: Payload, _: str) -> Payload:
    """A catalog, an offering, a price or a specification: it names others by their ids everywhere. Nobody knows these,
    so it is not launched.
    """
    usable = _item({name: value if name == "id" else _usable_at(name, value) for name, value in body.items()})
    launched = usable.get("lifecycleStatus") == STATES[LifecycleStatus.LAUNCHED]
    return usable | ({"lifecycleStatus": STATES[LifecycleStatus.ACTIVE]} if launched else {})


def _item(body: Payload) -> Payload:
    body = {name: value for name, value in body.items() if name not in UNSAID}
    body["name"] = body["name"].strip()[:LONGEST] or "x"
    if "id" in body:
        body["id"] = f"{_nameable(body['id'])[:60]} {uuid4()}"
    if "version" in body:
        body["version"] = _nameable(body["version"])[:LONGEST_VERSION]
    if "lifecycleStatus" in body:
        body["lifecycleStatus"] = tuple(STATES.values())[len(body["name"]) % len(STATES)]
    if {"startDateTime", "endDateTime"} <= body.get("validFor", {}).keys():
        body["validFor"]["endDateTime"] = body["validFor"]["startDateTime"]
    return body


def _nameable(text: str) -> str:
    return UNADDRESSABLE.sub("", text).translate(dict.fromkeys(map(ord, "/()"))).strip() or "x"


def _usable(value: Any) -> Any:
    """Ids and names that can be those of something, and amounts that can be charged."""
    if isinstance(value, list):
        return [_usable(one) for one in value]
    if not isinstance(value, Mapping):
        return value
    return {name: _usable_at(name, one) for name, one in value.items()}


def _usable_at(name: str, value: Any) -> Any:
    if name in ("id", "name") and isinstance(value, str):
        return value.strip()[:LONGEST] or "x"
    return _payable(value) if name in AMOUNTS else _usable(value)


def _payable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _payable(one) for name, one in value.items()}
    if isinstance(value, list):
        return _usable(value)
    return int(value) % 1000 if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else value
