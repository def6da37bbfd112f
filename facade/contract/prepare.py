"""Official file + overlay → the contract we serve.

An overlay may build on others: `x-extends: [v5.yaml, common.yaml]` (relative to it) are applied first, in this order
and leniently, for what is common to many APIs and so fits no file entirely. `x-texts` are applied last, see `texts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from facade.contract.loading import parse_spec
from facade.contract.official import PreparationError, finished, operations, structure_of
from facade.contract.overlay import Mend, OverlayError, apply_overlay
from facade.contract.texts import apply_texts

_DEFAULTS_LOST = (
    "A default beside a $ref is ignored in OpenAPI 3.0; such references are wrapped in allOf, where it counts."
)
_BRANCHES_OVERLAP = (
    "Branches of oneOf overlap: a PartyRoleRef without partyId is a PartyRef too, so validators that do not look at "
    "the discriminator refuse it. anyOf says what is meant."
)
_OPERATION_ORDER = (
    "tags", "summary", "description", "operationId", "security", "parameters", "requestBody", "responses",
)  # fmt: skip
_ORDER = ("openapi", "info", "x-mended", "servers", "tags", "security", "paths", "components")


def prepare(official: Mapping[str, Any], overlays: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The contract that results from applying `overlays` in turn, the last one strictly.

    Its `x-mended` lists the defects of the official file that were repaired, with the reason. Raises
    PreparationError naming every operation, parameter and answer still without a text of ours, every
    operation without security, and every reference that leads nowhere; OverlayError for a broken overlay.
    """
    document = structure_of(official)
    mends = [Mend("$..['$ref']", _DEFAULTS_LOST, places)] if (places := _lost_defaults(document)) else []
    mends += [Mend("$..oneOf", _BRANCHES_OVERLAP, places)] if (places := _one_of_to_any_of(document)) else []
    for overlay in overlays:
        mends += apply_overlay(document, overlay, strict=overlay is overlays[-1])
    _add_texts(document, overlays)
    document = finished(document)
    gaps = _gaps(document)
    if gaps:
        raise PreparationError("the overlay is incomplete: " + "; ".join(gaps))
    for _, _, operation in operations(document):
        _in_reading_order(operation)
    document["x-mended"] = [{"target": m.target, "reason": m.reason, "places": m.places} for m in mends]
    return {name: document[name] for name in (*_ORDER, *document) if name in document}


def prepare_file(official: Path, overlay: Path) -> str:
    """The prepared contract as YAML text. The same inputs give the same bytes."""
    document = prepare(parse_spec(official.read_bytes()), _with_foundations(overlay))
    header = (
        f"# Made by `tmf-facade contract prepare` from {official.name} (TM Forum, Apache-2.0) and\n"
        f"# {overlay.name}: change the overlay, not this file.\n"
    )
    return header + yaml.dump(
        document, Dumper=_PlainDumper, sort_keys=False, allow_unicode=True, width=110, default_flow_style=False
    )


def _with_foundations(path: Path) -> list[Mapping[str, Any]]:
    overlay = parse_spec(path.read_bytes())
    named = overlay.get("x-extends", [])
    foundations = [named] if isinstance(named, str) else named
    return [*(each for name in foundations for each in _with_foundations(path.parent / name)), overlay]


def _add_texts(document: dict[str, Any], overlays: Sequence[Mapping[str, Any]]) -> None:
    texts: dict[str, str] = {}
    for overlay in overlays:
        texts |= overlay.get("x-texts", {})
    used = apply_texts(document, texts)
    idle = sorted(set(overlays[-1].get("x-texts", {})) - used) if overlays else []
    if idle:
        raise OverlayError(f"x-texts names parts that do not exist: {', '.join(idle)}")


def _lost_defaults(node: Any) -> int:
    if isinstance(node, Mapping):
        here = isinstance(node.get("$ref"), str) and "default" in node
        return int(here) + sum(_lost_defaults(value) for value in node.values())
    return sum(_lost_defaults(entry) for entry in node) if isinstance(node, list) else 0


def _one_of_to_any_of(node: Any) -> int:
    """Changes every union in place and counts them."""
    if isinstance(node, list):
        return sum(map(_one_of_to_any_of, node))
    if not isinstance(node, dict):
        return 0
    here = isinstance(node.get("oneOf"), list) and "anyOf" not in node
    if here:
        members = [("anyOf" if name == "oneOf" else name, value) for name, value in node.items()]
        node.clear()
        node.update(members)
    return int(here) + sum(map(_one_of_to_any_of, node.values()))


def _in_reading_order(operation: dict[str, Any]) -> None:
    operation["responses"] = dict(sorted(operation["responses"].items()))
    ordered = {name: operation[name] for name in (*_OPERATION_ORDER, *operation) if name in operation}
    operation.clear()
    operation.update(ordered)


def _gaps(document: Mapping[str, Any]) -> list[str]:
    gaps = []
    for path, method, operation in operations(document):
        name = operation.get("operationId", f"{method} {path}")
        if not operation.get("summary") or not operation.get("description"):
            gaps.append(f"{name} has no summary or description")
        if "security" not in operation and "security" not in document:
            gaps.append(f"{name} has no security")
        gaps += (
            f"{name} parameter {parameter['name']} has no description"
            for parameter in operation["parameters"]
            if "$ref" not in parameter and not parameter.get("description")
        )
        body = operation.get("requestBody")
        if body and not body.get("description"):
            gaps.append(f"{name} request body has no description")
        for status, answer in operation["responses"].items():
            if "$ref" not in answer and not answer.get("description"):
                gaps.append(f"{name} answer {status} has no description")
    return gaps


class _PlainDumper(yaml.SafeDumper):
    """YAML without anchors: a reader should not have to follow them."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
