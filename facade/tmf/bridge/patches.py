"""JSON patches (RFC 6902, and with a query in the path) from v4 to v5."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from facade.contract.pointers import pointer
from facade.contract.violations import Code, ContractViolation, Violation
from facade.tmf.bridge.bodies import DEFAULT
from facade.tmf.bridge.forms import Characteristic, Identifier, RelatedProduct, characteristic_class
from facade.tmf.bridge.paths import Reached, is_position, lift_path, tokens_of, walk
from facade.tmf.bridge.report import Bridged, Conventions, Run

Operation = Mapping[str, Any]
_NAME = re.compile(r"[@A-Za-z][@\w.]*")


def lift_patch(resource: str, operations: Sequence[Operation], conventions: Conventions = DEFAULT) -> Bridged:
    """A v4 JSON patch as a v5 one. One operation may become two: a characteristic's class follows its value.

    Raises ContractViolation for a step into the product of a product relationship, which v5 has no single place for.
    """
    run = Run(conventions)
    lifted: list[dict[str, Any]] = []
    for index, operation in enumerate(operations):
        lifted += _lifted(resource, index, operation, run)
    return Bridged(lifted, tuple(run.losses))


def _lifted(resource: str, index: int, operation: Operation, run: Run) -> list[dict[str, Any]]:
    path, mark, query = str(operation["path"]).partition("?")
    tokens = tokens_of(path)
    names, reached = walk(resource, tokens, up=True)
    lifted = {**operation, "path": pointer(names) + mark + _lifted_selector(resource, tokens, query)}
    if "from" in operation:
        lifted["from"] = pointer(walk(resource, tokens_of(str(operation["from"])), up=True)[0])
    if reached is None:
        return [lifted]
    _refuse_related_product(reached, index)
    at = (((), index), "value")
    if isinstance(reached.owner, Identifier):
        return [_identifying(lifted, operation, reached, run, at)]
    if "value" in operation and reached.convert is not None:
        lifted["value"] = reached.convert(operation["value"], at, run)
    if isinstance(reached.owner, Characteristic) and reached.name == "value" and operation["op"] in ("add", "replace"):
        beside = pointer(names[:-1]) + "/@type" + lifted["path"][len(pointer(names)) :]
        return [lifted, {"op": "add", "path": beside, "value": characteristic_class(operation.get("value"))}]
    return [lifted]


def _identifying(lifted: dict[str, Any], operation: Operation, reached: Reached, run: Run, at: Any) -> dict[str, Any]:
    if operation["op"] == "test":
        return {**lifted, "path": lifted["path"] + "/0/id"}
    if "value" in operation and reached.convert is not None:
        lifted["value"] = reached.convert(operation["value"], at, run)
    return lifted


def _refuse_related_product(reached: Reached, index: int) -> None:
    if isinstance(reached.owner, RelatedProduct) and reached.name == "product":
        message = "a related product is changed by giving the relationship anew"
        raise ContractViolation([Violation(pointer((index, "path")), Code.INVALID_VALUE, message)])


def _lifted_selector(resource: str, tokens: Sequence[str], query: str) -> str:
    """The query of a path, whose names start at the resource or, when they do not repeat the path, at its array."""
    if not query:
        return ""
    array = next((token for token in tokens if not is_position(token)), "")

    def lifted(condition: str) -> str:
        name, equals, value = condition.partition("=")
        if not array or name.split(".")[0] == array:
            return lift_path(resource, name) + equals + value
        whole, start = lift_path(resource, f"{array}.{name}"), lift_path(resource, array)
        return whole.removeprefix(f"{start}.") + equals + value

    return "&".join(map(lifted, query.split("&")))
