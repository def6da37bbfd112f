"""What the schema of profiles finds wrong, as faults that name the place and what is allowed there."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jsonschema_rs

from facade.contract.pointers import pointer, shortened
from facade.partners.faults import ProfileFault

LONGEST_REASON = 200
"""Characters: the reason may repeat what stands there."""


def schema_faults(wrong: jsonschema_rs.ValidationError, schema: Mapping[str, Any]) -> Iterator[ProfileFault]:
    """One fault for each unknown key that a violation of `schema` names, else one for the violation."""
    at = pointer(wrong.instance_path)
    if wrong.kind.name == "additionalProperties":
        known = sorted(_at(schema, wrong.schema_path[:-1]).get("properties", ()))
        unexpected: list[str] = getattr(wrong.kind, "unexpected", [])
        for key in unexpected:
            yield ProfileFault(at, f"the key {shortened(key)} is not known{_near(key, known)}", known, key)
        return
    name = getattr(wrong.kind, "error", None)  # of a name, what is wrong with the name
    allowed = list(getattr((name or wrong).kind, "options", ()))
    if name is not None and allowed:
        key = str(name.instance)
        yield ProfileFault(at, f"the key {shortened(key)} is not known{_near(key, allowed)}", allowed, key)
        return
    yield ProfileFault(at, shortened(wrong.message, LONGEST_REASON), allowed)


def _near(key: str, known: Sequence[str]) -> str:
    folded = {one.lower(): one for one in known}
    near = difflib.get_close_matches(key[:60].lower(), folded, n=1)
    return f": did you mean {folded[near[0]]}?" if near else ""


def _at(schema: Mapping[str, Any], path: Sequence[str | int]) -> Any:
    found: Any = schema
    for part in path:
        found = found[part]
    return found
