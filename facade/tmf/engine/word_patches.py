"""Operations of JSON patches that are sent in a partner's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from facade.contract.pointers import tokens_of
from facade.tmf.bridge.paths import is_position
from facade.tmf.engine.word_places import Convert

if TYPE_CHECKING:
    from facade.tmf.engine.wording import ReadWords, Wording

QUERIES = "application/json-patch-query+json"
JSON_PATCHES = ("application/json-patch+json", QUERIES)
_NOTHING = "%00"
"""A text that is in no document: the NUL character."""


def operation_in_ours(operation: Any, index: int, media_type: str, read: ReadWords) -> Any:
    """An operation with its value, and the texts that its paths compare, in our words."""
    path = operation.get("path") if isinstance(operation, dict) else None
    if not isinstance(path, str):
        return operation
    wording, changed = read.wording, dict(operation)
    if media_type == QUERIES:
        path = path.partition("?")[0]
        for member in ("path", "from"):
            if isinstance(text := operation.get(member), str) and "?" in text:
                changed[member] = _selection(text, wording)
                read.texts[(index, member)] = text
    if "value" in operation:
        for node in wording.tree.at(tokens_of(path)):
            convert = _convert(read, is_test=operation.get("op") == "test", of_somebody=node.conditional)
            changed["value"] = node.converted(changed["value"], convert, wording.sends_customer, (index, "value"))
    return changed if changed != operation else operation


def _convert(read: ReadWords, *, is_test: bool, of_somebody: bool) -> Convert:
    if is_test:
        return read.compared_of_somebody if of_somebody else read.compared
    return read.of_somebody if of_somebody else read.ours


def _selection(path: str, wording: Wording) -> str:
    """A path with a query, whose conditions `name.name=text` begin at the document or at a list on the way."""
    place, _, query = path.partition("?")
    names = [token for token in tokens_of(place) if not is_position(token)]
    return f"{place}?{'&'.join(_condition(part, names, wording) for part in query.split('&'))}"


def _condition(part: str, names: Sequence[str], wording: Wording) -> str:
    key, equals, text = part.partition("=")
    for depth in range(len(names) + 1):
        leaf = wording.tree.leaf((*names[:depth], *unquote(key).split(".")))
        known = None if leaf is None or leaf.domain is None else wording.of(leaf.domain)
        if leaf is not None and known is not None:
            ours = known.sought(unquote(text))
            if ours is None and leaf.conditional:
                return part
            return f"{key}{equals}{_NOTHING if ours is None else quote(ours, safe='')}"
    return part
