"""Patches applied to documents, by media type."""

import copy
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

import jsonpatch
import jsonpointer

from facade.contract.pointers import pointer
from facade.contract.violations import Code, ContractViolation
from facade.tmf.patch.equality import json_equal
from facade.tmf.patch.limits import Budget, Limits
from facade.tmf.patch.merge import merge_document, require_merge_form
from facade.tmf.patch.operations import PatchOperation, read_operations
from facade.tmf.patch.pointers import END, Path, Tokens, Unresolved, found, require_addable
from facade.tmf.patch.refusals import PatchTestFailed, refusal, shown
from facade.tmf.patch.selection import Ambiguous, NothingToSelect, crossings, selected

Document = dict[str, Any]


def apply_patch(media_type: str, document: Document, patch: Any, limits: Limits | None = None) -> Document:
    """`document` with all of `patch`, as a new document; `document` and `patch` stay as they are.

    `media_type` is one of MEDIA_TYPES, with or without parameters; KeyError otherwise: the caller answers 415.
    Raises PatchTestFailed when a `test` fails, otherwise ContractViolation, whose pointers lead into the patch.
    Knows no schema: whether the result is a good resource is for the caller to see.
    """
    return _APPLY[_plain(media_type)](document, patch, limits or Limits())


def apply_operations(
    media_type: str, document: Document, patch: Any, wanted: Collection[int]
) -> tuple[Document, dict[int, Any]]:
    """The same for a JSON patch, and the value that each of the `wanted` operations moves or copies, by its index.

    Such values count as written.
    """
    values: dict[int, Any] = {}
    queries = _plain(media_type) == _QUERY
    return _operate(document, patch, Limits(), queries=queries, wanted=wanted, values=values), values


def require_form(media_type: str, patch: Any, limits: Limits | None = None) -> None:
    """Raises what `apply_patch` would raise for any document: for whoever has to read a patch before it is applied."""
    kind = _plain(media_type)
    if _APPLY[kind] is merge_document:
        require_merge_form(patch, limits or Limits())
    else:
        read_operations(patch, limits or Limits(), queries=kind == _QUERY)


def _plain(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _operate(
    document: Document,
    patch: Any,
    limits: Limits,
    *,
    queries: bool,
    wanted: Collection[int] = (),
    values: dict[int, Any] | None = None,
) -> Document:
    operations = read_operations(patch, limits, queries=queries)
    budget = Budget(limits, document)
    result: Document = copy.deepcopy(document)
    for operation in operations:
        into = values if operation.index in wanted else None
        changed = _applied(result, operation, budget, queries, into)
        _within(operation, budget.check(changed))
        if not isinstance(changed, dict):
            raise refusal((operation.index, "path"), f"{operation.name}: the document must remain an object")
        result = changed
    return result


_QUERY = "application/json-patch-query+json"
_APPLY: Mapping[str, Callable[[Document, Any, Limits], Document]] = {
    "application/json": merge_document,
    "application/merge-patch+json": merge_document,
    "application/json-patch+json": partial(_operate, queries=False),
    _QUERY: partial(_operate, queries=True),
}
MEDIA_TYPES = tuple(_APPLY)


def _applied(
    document: Any, operation: PatchOperation, budget: Budget, queries: bool, values: dict[int, Any] | None
) -> Any:
    """The document after one operation; it may have been changed in place. `values` gets what it moves or copies."""
    if operation.name == "test":
        _test(document, operation, budget)
        return document
    source = _source(document, operation, budget)
    value = operation.value if source is None else found(document, source)
    places = _places(document, operation, operation.path, budget)
    if not places:
        raise _missing(operation, "path", "nothing fits its query")
    if operation.name == "add" and queries:
        places = [_end_of_array(document, place, value) for place in places]
    if operation.name != "remove":
        _within(operation, budget.write(places, value, anew=operation.name != "move" or values is not None))
    if values is not None:
        values[operation.index] = copy.deepcopy(value)
    for concrete in _concrete(operation, places, source, value):
        document = _step(document, operation, concrete)
    return document


def _test(document: Any, operation: PatchOperation, budget: Budget) -> None:
    places = _places(document, operation, operation.path, budget)
    if not places:
        raise PatchTestFailed(operation.index, operation.path.text, "nothing fits its query")
    for place in places:
        try:
            value = found(document, place)
        except Unresolved as missing:
            raise PatchTestFailed(operation.index, operation.path.text, missing.reason) from None
        # The library compares likewise, but writes both values whole into its error.
        if not json_equal(value, operation.value):
            raise PatchTestFailed(operation.index, operation.path.text, "the value there is another")


def _source(document: Any, operation: PatchOperation, budget: Budget) -> Tokens | None:
    """The one place that `from` means; None without `from`."""
    if operation.source is None:
        return None
    places = _places(document, operation, operation.source, budget)
    if len(places) != 1:
        reason = "more than one value fits its query" if places else "nothing fits its query"
        raise _missing(operation, "from", reason)
    try:
        found(document, places[0])
    except Unresolved as missing:
        raise _unresolved(operation, "from", missing) from None
    return places[0]


def _places(document: Any, operation: PatchOperation, path: Path, budget: Budget) -> list[Tokens]:
    """The places that a path of this operation means. Without a query there is one, whether it exists or not."""
    member = "from" if path is operation.source else "path"
    places = [path.tokens] if not path.conditions else _selection(document, operation, path, member, budget)
    _within(operation, budget.act(len(places)))
    return places


def _selection(document: Any, operation: PatchOperation, path: Path, member: str, budget: Budget) -> list[Tokens]:
    _within(operation, budget.search(len(path.conditions)))
    adds = member == "path" and operation.name in ("add", "copy")
    at = (operation.index, member)
    try:
        return selected(document, path, crossings(document, path, entries=not adds))
    except Ambiguous as ambiguous:
        message = f"{operation.name}: a key of the query fits several arrays; write it from the root"
        raise refusal(at, message, allowed=ambiguous.readings) from None
    except NothingToSelect:
        message = f"{operation.name} {shown(path.text)}: the path leads into no entries that a query could select"
        hint = "; without a query, `add` appends to an array" if adds else ""
        raise refusal(at, message + hint, Code.REFERENCE_NOT_FOUND) from None


def _end_of_array(document: Any, place: Tokens, value: Any) -> Tokens:
    """Where an `add` of the query dialect puts its value: at the end of an array that is a member of an object.

    A whole array replaces the array, as in RFC 6902: it is no entry.
    """
    if isinstance(value, list) or not place:
        return place
    try:
        owner = found(document, place[:-1])
    except Unresolved:
        return place
    appends = isinstance(owner, dict) and isinstance(owner.get(place[-1]), list)
    return (*place, END) if appends else place


def _concrete(
    operation: PatchOperation, places: list[Tokens], source: Tokens | None, value: Any
) -> list[dict[str, Any]]:
    """The operation once for each place, with nothing but plain pointers.

    Entries of an array are removed from the last to the first, so that positions hold. A copy is the `add` that
    RFC 6902, section 4.5 says it is: its source must not move while the first of several places gets it.
    """
    if operation.name == "remove":
        return [{"op": "remove", "path": pointer(place)} for place in reversed(places)]
    if operation.name == "move":
        return [{"op": "move", "from": pointer(source or ()), "path": pointer(place)} for place in places]
    name = "replace" if operation.name == "replace" else "add"
    return [{"op": name, "path": pointer(place), "value": value} for place in places]


def _step(document: Any, operation: PatchOperation, concrete: dict[str, Any]) -> Any:
    """One concrete operation carried out by the library.

    Its messages are not used: they repeat pointers and documents in full.
    """
    patch = jsonpatch.JsonPatch([concrete])
    try:
        return patch.apply(document, in_place=True)
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException):
        tokens = tuple(jsonpointer.JsonPointer(concrete["path"]).parts)
        raise _explained(document, operation, tokens) from None


def _explained(document: Any, operation: PatchOperation, tokens: Tokens) -> ContractViolation:
    try:
        if operation.name in ("remove", "replace"):
            found(document, tokens)
        else:
            require_addable(document, tokens)
    except Unresolved as missing:
        return _unresolved(operation, "path", missing)
    reason = {
        "move": "a value cannot be moved into itself",
        "remove": "the document itself cannot be removed",
    }.get(operation.name, "it cannot be carried out")
    return refusal((operation.index, "path"), f"{operation.name} {shown(operation.path.text)}: {reason}")


def _unresolved(operation: PatchOperation, member: str, missing: Unresolved) -> ContractViolation:
    message = f"{operation.name}: there is no {shown(missing.place)}: {missing.reason}"
    return refusal((operation.index, member), message, Code.REFERENCE_NOT_FOUND, missing.allowed)


def _missing(operation: PatchOperation, member: str, reason: str) -> ContractViolation:
    path = operation.source if member == "from" and operation.source else operation.path
    message = f"{operation.name} {shown(path.text)}: {reason}"
    return refusal((operation.index, member), message, Code.REFERENCE_NOT_FOUND)


def _within(operation: PatchOperation, excess: str | None) -> None:
    if excess is not None:
        raise refusal((operation.index,), f"{operation.name}: {excess}", Code.TOO_MANY_RECORDS)
