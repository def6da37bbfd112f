"""Converts the envelope of events. The resources inside are converted as their own rows say."""

from __future__ import annotations

from typing import Any

from facade.contract.classes import REFERENCE_MEMBERS
from facade.tmf.bridge.converters import TYPE, Converter, Object
from facade.tmf.bridge.report import Place, Run

_BASE_TYPE = "@baseType"
_WANTED, _FIELD_PATH = "informationRequired", "fieldPath"


class Envelope(Converter):
    """v5 names the class, spells the time right, and asks for information in a patch."""

    def lift(self, value: Object, at: Place, run: Run) -> Object:
        out = super().lift(value, at, run)
        out[TYPE] = out.get("eventType", self.mapping.v5)
        out[_BASE_TYPE] = "Event"
        event = out.get("event")
        if str(out[TYPE]).endswith("InformationRequiredEvent") and isinstance(event, dict):
            if _FIELD_PATH in out:
                event[_WANTED] = {"op": "add", "path": out.pop(_FIELD_PATH)}
            for name in event.keys() & self.parts["event"].parts.keys():
                event[name] = _shrunk(event[name], ((at, "event"), name), run)
        return out

    def lower(self, value: Object, at: Place, run: Run) -> Object:
        out = super().lower(value, at, run)
        for name in (TYPE, _BASE_TYPE):
            out.pop(name, None)
        wanted = out["event"].pop(_WANTED, None) if isinstance(out.get("event"), dict) else None
        if isinstance(wanted, dict) and "path" in wanted:
            out[_FIELD_PATH] = wanted["path"]
        return out


def _shrunk(resource: Any, at: Place, run: Run) -> Any:
    """The reference that v5 has instead of the whole resource."""
    if not isinstance(resource, dict):
        return resource
    for name in resource.keys() - REFERENCE_MEMBERS:
        run.lost((at, name), "v5 names the resource only", resource[name])
    kept = {name: member for name, member in resource.items() if name in REFERENCE_MEMBERS}
    return {**kept, TYPE: f"{resource.get(TYPE, '')}Ref"}
