"""A patch in v4's words on a resource that is kept in v5.

It is applied to what v4 shows, which tells what its client asks for, and lifted it is applied to what is kept, so that
what v4 does not show stays.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from facade.contract.pointers import Token, pointer, tokens_of
from facade.contract.violations import Code, ContractViolation, Violation
from facade.tmf.bridge import Bridge, Bridged, Kind, Loss, is_position
from facade.tmf.patch import Limits, apply_operations, apply_patch, changed, require_form

MERGE_PATCHES = frozenset({"application/json", "application/merge-patch+json"})

LIFTED = Limits(operations=300, changes=3_000, pointer=2_000, written=400_000)
"""For a patch that was within the limits in v4: one operation becomes three at most."""

Document = dict[str, Any]
Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Lifted:
    """A patch in v5, the losses on the way, and the index that each of its operations has in what was sent."""

    body: Any
    losses: Sequence[Loss]
    origins: Sequence[int] = ()


def patched_in_v4(
    bridge: Bridge, resource: str, document: Document, lowered: Bridged, media_type: str, patch: Any
) -> Bridged:
    """The v5 document with a v4 patch, and what the patch lost. `lowered` is the document in v4.

    A `test` is about what v4 shows, and an attribute that is given as v4 shows it stays as it is kept. Raises what
    `apply_patch` does, with pointers into the patch.
    """
    shown = lowered.body
    if media_type in MERGE_PATCHES:
        asked = changed(shown, apply_patch(media_type, shown, patch))
        lifted = _lifted_members(bridge, resource, patch, asked)
    else:
        require_form(media_type, patch)
        _refuse_hidden_positions(bridge, resource, patch, lowered.losses)
        apart = {index for index, operation in enumerate(patch) if _crosses(bridge, resource, operation)}
        wanted, values = apply_operations(media_type, shown, patch, apart)
        asked = changed(shown, wanted)
        lifted = _lifted_operations(bridge, resource, patch, values, asked)
    after = _applied(media_type, document, lifted)
    touched = {name for asked_name in asked for name in bridge.lift_names(resource, (asked_name,))[:1]}
    kept = {name: value for name, value in document.items() if name not in touched}
    return Bridged(kept | {name: value for name, value in after.items() if name in touched}, tuple(lifted.losses))


def _lifted_members(bridge: Bridge, resource: str, patch: Any, asked: Sequence[str]) -> _Lifted:
    bridged = bridge.lift(resource, patch)
    return _Lifted(bridged.body, [loss for loss in bridged.losses if (tokens_of(loss.pointer) or asked)[0] in asked])


def _lifted_operations(
    bridge: Bridge, resource: str, patch: Any, values: dict[int, Any], asked: Sequence[str]
) -> _Lifted:
    """Without tests: they hold by now. What is moved between attributes of different shape is `values`, added anew."""
    numbered: list[tuple[int, dict[str, Any]]] = []
    for index, operation in enumerate(patch):
        if index in values:
            if operation["op"] == "move":
                numbered.append((index, {"op": "remove", "path": operation["from"]}))
            numbered.append((index, {"op": "add", "path": operation["path"], "value": values[index]}))
        elif operation["op"] != "test":
            numbered.append((index, operation))
    origins = [index for index, _ in numbered]
    lifted = bridge.lift_patch(resource, [operation for _, operation in numbered], origins)
    losses = [loss for loss in lifted.losses if _attribute(patch[int(tokens_of(loss.pointer)[0])]) in (*asked, "")]
    return _Lifted(lifted.body, losses, lifted.origins)


def _attribute(operation: Any) -> str:
    """What an operation is about; nothing for the whole document."""
    return (tokens_of(operation["path"].partition("?")[0]) or [""])[0]


def _refuse_hidden_positions(bridge: Bridge, resource: str, patch: Any, losses: Sequence[Loss]) -> None:
    """Raises ContractViolation where entries are picked of a list that has others in v5: the wrong ones would be."""
    places = [tokens_of(loss.pointer) for loss in losses if loss.kind is Kind.LOST]
    lists = {_names(place) for place in places if place and is_position(place[-1])}
    text = "the list has entries that v4 does not show, so none of it can be picked; give it whole, or use v5"
    found = [
        Violation(pointer((index, member)), Code.INVALID_VALUE, text)
        for index, operation in enumerate(patch)
        for member in ("from", "path")
        if member in operation and operation["op"] != "test" and _picks(bridge, resource, operation[member], lists)
    ]
    if found:
        raise ContractViolation(found)


def _picks(bridge: Bridge, resource: str, path: str, lists: Collection[Names]) -> bool:
    """Whether a v4 path leads to or into single entries, there already, of one of these v5 lists."""
    place, query, _ = path.partition("?")
    tokens = bridge.lift_names(resource, tokens_of(place))
    for depth, token in enumerate(tokens, start=1):
        if not is_position(token) and _names(tokens[:depth]) in lists:
            return bool(query) or tokens[depth:] not in ((), ("-",))
    return False


def _names(tokens: Sequence[Token]) -> Names:
    return tuple(str(token) for token in tokens if not is_position(token))


def _crosses(bridge: Bridge, resource: str, operation: Any) -> bool:
    """Whether a value leaves one shape for another that v5 writes otherwise."""
    return operation["op"] in ("move", "copy") and not bridge.alike(resource, operation["from"], operation["path"])


def _applied(media_type: str, document: Document, lifted: _Lifted) -> Document:
    if media_type in MERGE_PATCHES:
        return apply_patch(media_type, document, lifted.body)
    try:
        return apply_patch(media_type, document, lifted.body, LIFTED)
    except ContractViolation as error:
        raise ContractViolation([_at_origin(found, lifted.origins) for found in error.violations]) from error


def _at_origin(found: Violation, origins: Sequence[int]) -> Violation:
    """A violation in the lifted patch, at the operation that was sent."""
    number, *rest = tokens_of(found.pointer) or [""]
    if not number.isdecimal():
        return found
    text = f"{found.message} (in the resource as v5 shows it, which has it otherwise than v4)"
    return replace(found, pointer=pointer((origins[int(number)], *rest)), message=text)
