"""JSON merge patch (RFC 7386)."""

import copy
from typing import Any

from facade.contract.violations import Code
from facade.tmf.patch.limits import Limits, extent
from facade.tmf.patch.refusals import refusal


def merged(target: Any, patch: Any) -> Any:
    """`target` with the members of `patch`: null removes, objects merge, anything else replaces (RFC 7386, section 2).

    Neither argument is changed; the result shares what it did not have to build. Recursive: bound the depth first.
    """
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def merge_document(document: dict[str, Any], patch: Any, limits: Limits) -> dict[str, Any]:
    """A new document that shares nothing with the other two. Raises ContractViolation: no object, or too large."""
    require_merge_form(patch, limits)
    result: dict[str, Any] = merged(copy.deepcopy(document), copy.deepcopy(patch))
    size = extent(result)
    if size.nodes > limits.nodes or size.size > limits.size:
        message = f"the document would have more than {limits.nodes} values or {limits.size} bytes"
        raise refusal((), message, Code.TOO_MANY_RECORDS)
    return result


def require_merge_form(patch: Any, limits: Limits) -> None:
    """Raises ContractViolation unless the patch is an object within the limits."""
    if isinstance(patch, list):
        message = "a merge patch is an object; a list of operations is sent as application/json-patch+json"
        raise refusal((), message)
    if not isinstance(patch, dict):
        raise refusal((), "a merge patch is an object with the attributes to change")
    size = extent(patch)
    if size.depth > limits.depth:
        raise refusal((), f"the patch is nested deeper than {limits.depth} levels", Code.OTHER_ISSUE)
    if size.nodes > limits.nodes:
        raise refusal((), f"the patch has more than {limits.nodes} values", Code.TOO_MANY_RECORDS)
