"""JSON patches (RFC 6902, and with a query in the path) from v4 to v5."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from facade.contract.pointers import pointer, tokens_of
from facade.contract.violations import Code, ContractViolation, Violation
from facade.tmf.bridge.converters import Converter
from facade.tmf.bridge.paths import Reached, is_position, lift_path, walk
from facade.tmf.bridge.report import Loss, Run
from facade.tmf.bridge.special import BareId, Characteristic, Relationship, characteristic_class

Operation = Mapping[str, Any]
_NAME = re.compile(r"[@A-Za-z][@\w.]*")


@dataclass(frozen=True, slots=True)
class LiftedPatch:
    body: list[dict[str, Any]]
    losses: tuple[Loss, ...]


def lift_patch(root: Converter, operations: Sequence[Operation], numbers: Sequence[int] | None = None) -> LiftedPatch:
    """See `Bridge.lift_patch`."""
    run = Run()
    lifted: list[dict[str, Any]] = []
    for number, operation in zip(range(len(operations)) if numbers is None else numbers, operations, strict=True):
        lifted += _lifted(root, number, operation, run)
    return LiftedPatch(lifted, tuple(run.losses))


def lost_by_patch(root: Converter, operations: Iterable[tuple[int, Operation]]) -> list[Loss]:
    """See `Bridge.lost_by_patch`."""
    run = Run()
    for number, operation in operations:
        reached = walk(root, tokens_of(str(operation["path"]).partition("?")[0]), up=True)[1]
        if reached is not None and reached.convert is not None and "value" in operation:
            reached.convert(operation["value"], (((), number), "value"), run)
    return run.losses


def alike(root: Converter, source: str, target: str) -> bool:
    """Whether a value may go from one v4 path to another in v5 as it stands there."""
    left, arrived = (walk(root, tokens_of(path.partition("?")[0]), up=True)[1] for path in (source, target))
    if arrived is not None and isinstance(arrived.owner, Characteristic) and arrived.name == "value":
        return False  # its class follows it
    return bool(_writing(left) == _writing(arrived))


def _writing(reached: Reached | None) -> Any:
    """What tells how a value is written; None where both versions write it alike."""
    if reached is None or (reached.convert is None and reached.step is None):
        return None
    return reached.convert, reached.owner


def _lifted(root: Converter, index: int, operation: Operation, run: Run) -> list[dict[str, Any]]:
    path, mark, query = str(operation["path"]).partition("?")
    tokens = tokens_of(path)
    names, reached = walk(root, tokens, up=True)
    lifted = {**operation, "path": pointer(names) + mark + _lifted_selector(root, tokens, query)}
    if "from" in operation:
        lifted["from"] = pointer(walk(root, tokens_of(str(operation["from"])), up=True)[0])
    if reached is None:
        return [lifted]
    _refuse_relationship(reached, index)
    at = (((), index), "value")
    if isinstance(reached.owner, BareId):
        return [_identifying(lifted, operation, reached.owner, reached, run, at)]
    if "value" in operation and reached.convert is not None:
        lifted["value"] = reached.convert(operation["value"], at, run)
    if isinstance(reached.owner, Characteristic) and reached.name == "value" and operation["op"] in ("add", "replace"):
        beside = pointer(names[:-1]) + "/@type" + lifted["path"][len(pointer(names)) :]
        return [lifted, {"op": "add", "path": beside, "value": characteristic_class(operation.get("value"))}]
    return [lifted]


def _identifying(
    lifted: dict[str, Any], operation: Operation, owner: BareId, reached: Reached, run: Run, at: Any
) -> dict[str, Any]:
    if operation["op"] == "test":
        return {**lifted, "path": lifted["path"] + pointer(owner.inside_v5)}
    if "value" in operation and reached.convert is not None:
        lifted["value"] = reached.convert(operation["value"], at, run)
    return lifted


def _refuse_relationship(reached: Reached, index: int) -> None:
    if isinstance(reached.owner, Relationship) and reached.name == reached.owner.held:
        message = f"a related {reached.name} is changed by giving the relationship anew"
        raise ContractViolation([Violation(pointer((index, "path")), Code.INVALID_VALUE, message)])


def _lifted_selector(root: Converter, tokens: Sequence[str], query: str) -> str:
    """The query of a path, whose names start at the resource or, when they do not repeat the path, at its array."""
    if not query:
        return ""
    array = next((token for token in tokens if not is_position(token)), "")

    def lifted(condition: str) -> str:
        name, equals, value = condition.partition("=")
        if not array or name.split(".")[0] == array:
            return lift_path(root, name) + equals + value
        whole, start = lift_path(root, f"{array}.{name}"), lift_path(root, array)
        return whole.removeprefix(f"{start}.") + equals + value

    return "&".join(map(lifted, query.split("&")))
