"""A v4 patch on a document that is kept in v5.

The patch is applied to what v4 shows, which says what its client asks for. That change is then made in v5, so that what
v4 does not show stays: a JSON patch is lifted and applied, anything else is merged.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from facade.contract.pointers import Token, Tokens, pointer, tokens_of
from facade.contract.validator import MERGE_PATCHES
from facade.contract.violations import Code, ContractViolation, Violation
from facade.tmf.bridge.alignment import merged
from facade.tmf.bridge.complement import COMPLEMENT, concerns, without_complement
from facade.tmf.bridge.explaining import NOTES, without_told
from facade.tmf.bridge.patches import LiftedPatch
from facade.tmf.bridge.paths import is_position
from facade.tmf.bridge.report import Bridged, Kind, Loss
from facade.tmf.patch import Limits, apply_operations, apply_patch, changed, require_form

if TYPE_CHECKING:
    from facade.tmf.bridge.bridge import Bridge


LIFTED = Limits(operations=300, changes=3_000, pointer=2_000, written=400_000)
"""For a patch that was within the limits in v4: one operation becomes three at most."""

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Patched:
    """`document`: the v5 document, still with what v5's contract does not take. `shown`: what v4 shows afterwards.

    `asked`: the v4 attributes that the patch changes. `losses`: what the patch lost, with pointers into it.
    """

    document: Document
    shown: Document
    asked: Sequence[str]
    losses: Sequence[Loss] = ()


Lower = Callable[[Document], Bridged]
"""What v4 shows of a v5 document."""


def patched(bridge: Bridge, resource: str, document: Document, media_type: str, patch: Any, lower: Lower) -> Patched:
    """See `Bridge.patched`."""
    answered: Document = lower(document).body
    kept = without_complement(document)
    told = bridge.told(resource, kept)
    shown = without_told(answered, told, kept)
    if media_type in MERGE_PATCHES:
        wanted = without_told(apply_patch(media_type, answered, patch), told, kept)
        asked = changed(shown, wanted)
        losses = [loss for loss in bridge.lift(resource, patch).losses if _first(loss.pointer, asked) in asked]
        return Patched(_merged(bridge, resource, kept, wanted, asked, lower), wanted, asked, losses)
    require_form(media_type, patch)
    _refuse_hidden_positions(bridge, resource, patch, lower(kept).losses)
    crossing = {index for index, operation in enumerate(patch) if _crosses(bridge, resource, operation)}
    wanted, values = apply_operations(media_type, answered, patch, crossing)
    wanted = without_told(wanted, told, kept)
    asked = changed(shown, wanted)
    about = _attributes(patch, shown)
    # Positions in a patch count the provider's notes, which v5 does not have among its own.
    counts_told = bool(told) and NOTES in about
    if not counts_told and not any(concerns(entry, about) for entry in document.get(COMPLEMENT, ())):
        try:
            lifted = _lifted(bridge, resource, patch, values, asked)
            after = apply_patch(media_type, kept, lifted.body, LIFTED)
        except ContractViolation:
            pass  # v5 has no place for an operation: what it comes to is merged
        else:
            return Patched(_with(kept, after, bridge.lifted_names(resource, asked)), wanted, asked, lifted.losses)
    after = _merged(bridge, resource, kept, wanted, asked, lower)
    return Patched(after, wanted, asked, _losses(bridge, resource, patch, asked))


def _merged(
    bridge: Bridge, resource: str, kept: Document, wanted: Document, asked: Sequence[str], lower: Lower
) -> Document:
    """`kept` with the attributes that were asked for, each with what v4 does not show of it."""
    names = bridge.lifted_names(resource, asked)
    lowered = lower({name: value for name, value in kept.items() if name in names})
    base, theirs = (
        bridge.lift(resource, {name: shown[name] for name in asked if name in shown}).body
        for shown in (lowered.body, wanted)
    )
    after = dict(kept)
    for name in names:
        if name not in theirs:
            after.pop(name, None)
        elif name in kept and name in base:
            after[name] = merged(base[name], kept[name], theirs[name], _hidden_entries(lowered.losses), (name,))
        else:
            after[name] = theirs[name]
    return after


def _with(kept: Document, after: Document, names: Collection[str]) -> Document:
    rest = {name: value for name, value in kept.items() if name not in names}
    return rest | {name: value for name, value in after.items() if name in names}


def _lifted(bridge: Bridge, resource: str, patch: Any, values: dict[int, Any], asked: Sequence[str]) -> LiftedPatch:
    """Without tests: they hold by now. What moves between attributes that v5 writes differently is added anew."""
    numbered: list[tuple[int, dict[str, Any]]] = []
    for index, operation in enumerate(patch):
        if index in values:
            if operation["op"] == "move":
                numbered.append((index, {"op": "remove", "path": operation["from"]}))
            numbered.append((index, {"op": "add", "path": operation["path"], "value": values[index]}))
        elif operation["op"] != "test":
            numbered.append((index, operation))
    numbers, operations = [index for index, _ in numbered], [operation for _, operation in numbered]
    lifted = bridge.lift_patch(resource, operations, numbers)
    losses = [loss for loss in lifted.losses if _attribute(patch[int(tokens_of(loss.pointer)[0])]) in (*asked, "")]
    return replace(lifted, losses=tuple(losses))


def _losses(bridge: Bridge, resource: str, patch: Any, asked: Sequence[str]) -> list[Loss]:
    """What the values in a JSON patch lose."""
    concerned = [
        (index, operation)
        for index, operation in enumerate(patch)
        if operation["op"] in ("add", "replace") and _attribute(operation) in (*asked, "")
    ]
    return bridge.lost_by_patch(resource, concerned)


def _first(text: str, otherwise: Sequence[str]) -> str:
    return next(iter(tokens_of(text) or otherwise), "")


def _attributes(patch: Any, shown: Document) -> set[str]:
    """The top-level attributes that operations are about."""
    paths = (operation[member] for operation in patch for member in ("path", "from") if member in operation)
    names = {_first(path.partition("?")[0], ()) for path in paths}
    return names if "" not in names else names | shown.keys()


def _attribute(operation: Any) -> str:
    """What an operation is about; nothing for the whole document."""
    return _first(operation["path"].partition("?")[0], ())


def _refuse_hidden_positions(bridge: Bridge, resource: str, patch: Any, losses: Sequence[Loss]) -> None:
    """Raises ContractViolation where entries are picked of a list that has others in v5: the wrong ones would be."""
    lists = {_names(place) for place in _hidden_entries(losses)}
    text = "the list has entries that v4 does not show, so none of it can be picked; give it whole, or use v5"
    found = [
        Violation(pointer((index, member)), Code.INVALID_VALUE, text)
        for index, operation in enumerate(patch)
        for member in ("from", "path")
        if member in operation and operation["op"] != "test" and _picks(bridge, resource, operation[member], lists)
    ]
    if found:
        raise ContractViolation(found)


def _picks(bridge: Bridge, resource: str, path: str, lists: Collection[Tokens]) -> bool:
    """Whether a v4 path leads to or into single entries, there already, of one of these v5 lists."""
    place, query, _ = path.partition("?")
    tokens = bridge.lift_names(resource, tokens_of(place))
    for depth, token in enumerate(tokens, start=1):
        if not is_position(token) and _names(tokens[:depth]) in lists:
            return bool(query) or tokens[depth:] not in ((), ("-",))
    return False


def _hidden_entries(losses: Sequence[Loss]) -> set[tuple[str, ...]]:
    """The entries of lists in the v5 document that v4 does not show."""
    places = [tuple(tokens_of(loss.pointer)) for loss in losses if loss.kind is Kind.LOST]
    return {place for place in places if place and is_position(place[-1])}


def _names(tokens: Sequence[Token]) -> Tokens:
    return tuple(str(token) for token in tokens if not is_position(token))


def _crosses(bridge: Bridge, resource: str, operation: Any) -> bool:
    """Whether a value leaves one shape for another that v5 writes otherwise."""
    return operation["op"] in ("move", "copy") and not bridge.alike(resource, operation["from"], operation["path"])
