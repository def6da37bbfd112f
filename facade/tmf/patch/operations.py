"""The operations of a JSON patch (RFC 6902), read from a body."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from facade.contract.pointers import shortened
from facade.contract.violations import Code, ContractViolation, Violation
from facade.tmf.patch.limits import Limits, extent
from facade.tmf.patch.pointers import Path, Unreadable, read_path
from facade.tmf.patch.refusals import refusal, violation

MEMBERS = {
    "add": ("path", "value"),
    "remove": ("path",),
    "replace": ("path", "value"),
    "move": ("from", "path"),
    "copy": ("from", "path"),
    "test": ("path", "value"),
}
"""What each operation needs; other members are ignored (RFC 6902, section 4)."""


@dataclass(frozen=True, slots=True)
class PatchOperation:
    """One operation with its number in the patch, from 0. `source` is `from`; both it and `value` only where needed."""

    index: int
    name: str
    path: Path
    source: Path | None = None
    value: Any = None


def read_operations(patch: Any, limits: Limits, *, queries: bool) -> list[PatchOperation]:
    """The operations of a patch body. Raises ContractViolation with everything that is wrong with their form."""
    if not isinstance(patch, list):
        message = "a JSON patch is a list of operations; an object is sent as application/merge-patch+json"
        raise refusal((), message)
    if len(patch) > limits.operations:
        raise refusal((), f"the patch has more than {limits.operations} operations", Code.TOO_MANY_RECORDS)
    size = extent(patch)
    # A value stands two levels deep in the patch, below its operation.
    if size.depth > limits.depth + 2:
        raise refusal((), f"the patch is nested deeper than {limits.depth + 2} levels", Code.OTHER_ISSUE)
    if size.nodes > limits.nodes:
        raise refusal((), f"the patch has more than {limits.nodes} values", Code.TOO_MANY_RECORDS)
    violations = [one for index, entry in enumerate(patch) for one in _violations(index, entry, limits, queries)]
    if violations:
        raise ContractViolation(violations)
    return [_operation(index, entry, limits, queries) for index, entry in enumerate(patch)]


def _operation(index: int, entry: dict[str, Any], limits: Limits, queries: bool) -> PatchOperation:
    name = entry["op"]
    source = read_path(entry["from"], limits, queries=queries) if "from" in MEMBERS[name] else None
    path = read_path(entry["path"], limits, queries=queries)
    return PatchOperation(index, name, path, source, entry["value"] if "value" in MEMBERS[name] else None)


def _violations(index: int, entry: Any, limits: Limits, queries: bool) -> Iterator[Violation]:
    if not isinstance(entry, dict):
        yield violation((index,), "an operation is an object with `op` and `path`")
        return
    name = entry.get("op")
    if not isinstance(name, str) or name not in MEMBERS:
        yield _wrong_name(index, entry)
        return
    for member in MEMBERS[name]:
        if member not in entry:
            yield violation((index, member), f"{name} needs `{member}`", Code.MISSING_PROPERTY)
        elif member != "value":
            yield from _wrong_path((index, member), name, entry[member], limits, queries)
    if queries and name == "move" and "?" in str(entry.get("path")):
        message = "move takes a query in `from` only: what is moved away could change what the query selects"
        yield violation((index, "path"), message)


def _wrong_name(index: int, entry: dict[str, Any]) -> Violation:
    if "op" not in entry:
        return violation((index, "op"), "an operation needs `op`", Code.MISSING_PROPERTY, MEMBERS)
    said = f"{shortened(entry['op'])!r}" if isinstance(entry["op"], str) else "this"
    return violation((index, "op"), f"{said} is no operation", Code.INVALID_VALUE, MEMBERS)


def _wrong_path(place: Sequence[str | int], name: str, text: Any, limits: Limits, queries: bool) -> Iterator[Violation]:
    if not isinstance(text, str):
        yield violation(place, f"{name} needs a text here, a JSON pointer", Code.INVALID_FORMAT)
        return
    try:
        read_path(text, limits, queries=queries)
    except Unreadable as refused:
        yield violation(place, f"{name}: `{place[-1]}` {refused.reason}", refused.code)
