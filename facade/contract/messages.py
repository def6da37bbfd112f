"""Converts the validator's findings to violations: a code, an exact pointer, a message of ours, and a hint."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any

import jsonschema_rs

from canonical.shared import jsontext
from facade.contract.pointers import Token, dotted, pointer, shortened
from facade.contract.schema import FORMAT_PATTERNS
from facade.contract.violations import Code, Violation

NOT_BLANK = r"\S"

_FORMATS = {
    "date-time": 'a date and time with an offset, like "2026-05-03T08:00:00Z" (RFC 3339)',
    "date": 'a date, like "2026-05-03" (RFC 3339)',
    "uri": "an absolute URI",
    "email": "an e-mail address",
    "uuid": "a UUID",
}
_ARTICLES = {"array": "an array", "object": "an object", "integer": "an integer", "null": "null"}
# Common wrong words for actions and states, with the right ones. Similar spelling does not help here: the closest match
# to "change" would be "noChange".
_MEANT = {
    "change": ("modify",), "update": ("modify",), "edit": ("modify",), "create": ("add",), "new": ("add",),
    "install": ("add",), "remove": ("delete",), "cancel": ("delete", "cancelled"), "terminate": ("delete",),
    "disconnect": ("delete",), "cease": ("delete",), "none": ("noChange",), "keep": ("noChange",),
    "done": ("completed",), "canceled": ("cancelled",), "finished": ("completed",), "started": ("inProgress",),
}  # fmt: skip
_MAX_LISTED = 20
_MAX_COMPARED = 50
"""The most names that are compared with a missing one or reported as unexpected: an object may have tens of
thousands.
"""

Finding = jsonschema_rs.ValidationError
_Place = tuple[Token, ...]
_Translation = Callable[[_Place, Mapping[str, Any], Any], list[Violation]]


def violations(findings: Iterable[Finding], document: Any, limit: int) -> list[Violation]:
    """At most `limit` violations, in the order found, each mistake once.

    TM Forum's classes inherit some parents twice, so a validator finds the same mistake on several paths.
    """
    found: dict[tuple[str, Code], Violation] = {}
    for finding in findings:
        for violation in _of_finding(finding, document):
            found.setdefault((violation.pointer, violation.code), violation)
        if len(found) >= limit:
            break
    return list(found.values())[:limit]


def _of_finding(finding: Finding, document: Any) -> list[Violation]:
    place, value = _place_and_value(finding.instance_path, document)
    kind = finding.kind
    translate = _TRANSLATIONS.get(kind.name, _other)
    return translate(place, kind.as_dict(), value)


def _place_and_value(path: Iterable[Token], document: Any) -> tuple[_Place, Any]:
    """jsonschema-rs (0.60) gives the name `7` of a member as the number, as it does positions in lists."""
    place: list[Token] = []
    for token in path:
        if isinstance(token, int) and isinstance(document, Mapping):
            name = str(token)
            place.append(name if name in document else next(one for one in document if _is_number(one, token)))
        else:
            place.append(token)
        document = document[place[-1]]
    return tuple(place), document


def _is_number(name: str, number: int) -> bool:
    return re.fullmatch(r"\+?[0-9]+", name) is not None and int(name) == number


def _required(place: _Place, facts: Mapping[str, Any], value: Any) -> list[Violation]:
    name = str(facts["property"])
    hint = None
    if isinstance(value, Mapping):
        close = _nearest(name, list(islice(value, _MAX_COMPARED)), cutoff=0.8)
        hint = f"there is `{shortened(close)}`; did you mean `{name}`?" if close else None
    at = (*place, name)
    return [Violation(pointer(at), Code.MISSING_PROPERTY, f"{dotted(at)} is required.", hint=hint)]


def _type(place: _Place, facts: Mapping[str, Any], value: Any) -> list[Violation]:
    wanted = " or ".join(_named(str(kind)) for kind in facts["types"])
    text = f"{dotted(place)} must be {wanted}, not {_named(_kind(value))}."
    if _kind(value) == "number" and "integer" in facts["types"]:
        text = f"{dotted(place)} must be an integer, not {_shown(value)}."
    return [Violation(pointer(place), Code.INVALID_FORMAT, text)]


def _enum(place: _Place, facts: Mapping[str, Any], value: Any) -> list[Violation]:
    return [not_one_of(place, facts["options"] if "options" in facts else [facts["expected_value"]], value)]


def not_one_of(place: Sequence[Token], options: Sequence[Any], value: Any) -> Violation:
    """For a value that is none of those that an enumeration has."""
    allowed = tuple(option if isinstance(option, str) else _shown(option) for option in options)
    listed = ", ".join(allowed[:_MAX_LISTED]) + (", …" if len(allowed) > _MAX_LISTED else "")
    text = f"{dotted(place)} must be {'one of ' if len(allowed) > 1 else ''}{listed}, not {_shown(value)}."
    meant = _meant(value, [option for option in options if isinstance(option, str)])
    hint = f"did you mean `{meant}`?" if meant else None
    return Violation(pointer(place), Code.INVALID_VALUE, text, allowed, hint)


def _format(place: _Place, facts: Mapping[str, Any], value: Any) -> list[Violation]:
    wanted = _FORMATS.get(str(facts["format"]), str(facts["format"]))
    text = f"{dotted(place)} must be {wanted}, not {_shown(value)}."
    return [Violation(pointer(place), Code.INVALID_FORMAT, text)]


def _pattern(place: _Place, facts: Mapping[str, Any], value: Any) -> list[Violation]:
    if facts["pattern"] in FORMAT_PATTERNS:
        return _format(place, {"format": FORMAT_PATTERNS[facts["pattern"]]}, value)
    if facts["pattern"] == NOT_BLANK:
        return [Violation(pointer(place), Code.INVALID_VALUE, f"{dotted(place)} must not be blank.")]
    text = f"{dotted(place)} must match {facts['pattern']}, and {_shown(value)} does not."
    return [Violation(pointer(place), Code.INVALID_FORMAT, text)]


def _unexpected(place: _Place, facts: Mapping[str, Any], value: Any) -> list[Violation]:
    names = facts.get("unexpected")
    places = [(*place, str(name)) for name in names[:_MAX_COMPARED]] if names is not None else [place]
    return [Violation(pointer(at), Code.UNEXPECTED_PROPERTY, f"{dotted(at)} is not accepted here.") for at in places]


def _bound(text: str) -> _Translation:
    def translate(place: _Place, facts: Mapping[str, Any], value: Any) -> list[Violation]:
        limit = next(iter(facts.values()), "")
        return [Violation(pointer(place), Code.INVALID_VALUE, f"{dotted(place)} {text.format(limit)}.")]

    return translate


def _size(bound: str, one: str, many: str, code: Code = Code.INVALID_VALUE) -> _Translation:
    def translate(place: _Place, facts: Mapping[str, Any], value: Any) -> list[Violation]:
        limit = facts["limit"]
        text = f"{dotted(place)} must have {bound} {limit} {one if limit == 1 else many}."
        return [Violation(pointer(place), code, text)]

    return translate


def _other(place: _Place, facts: Mapping[str, Any], value: Any) -> list[Violation]:
    text = f"{dotted(place)} matches none of the forms that are allowed here."
    return [Violation(pointer(place), Code.OTHER_ISSUE, text)]


_TRANSLATIONS: Mapping[str, _Translation] = {
    "required": _required,
    "type": _type,
    "enum": _enum,
    "const": _enum,
    "format": _format,
    "pattern": _pattern,
    "additionalProperties": _unexpected,
    "falseSchema": _unexpected,
    "minimum": _bound("must be at least {}"),
    "maximum": _bound("must be at most {}"),
    "exclusiveMinimum": _bound("must be greater than {}"),
    "exclusiveMaximum": _bound("must be less than {}"),
    "multipleOf": _bound("must be a multiple of {}"),
    "minLength": _size("at least", "character", "characters"),
    "maxLength": _size("at most", "character", "characters"),
    "minItems": _size("at least", "entry", "entries"),
    "maxItems": _size("at most", "entry", "entries", Code.TOO_MANY_RECORDS),
    "minProperties": _size("at least", "member", "members"),
    "maxProperties": _size("at most", "member", "members", Code.TOO_MANY_RECORDS),
    "uniqueItems": _bound("must not repeat an entry"),
}


_KINDS: Mapping[type, str] = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    Decimal: "number",
    str: "string",
    list: "array",
    dict: "object",
}


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), type(value).__name__)


def _named(kind: str) -> str:
    return _ARTICLES.get(kind, f"a {kind}")


def _shown(value: Any) -> str:
    """A value as JSON, cut short, so that the sender recognises it."""
    if isinstance(value, str):
        return f'"{shortened(value)}"'
    if isinstance(value, dict | list):
        return _named(_kind(value))
    return shortened(jsontext.text(value))


def _meant(value: Any, options: Sequence[str]) -> str | None:
    if not isinstance(value, str) or len(value) > 60:
        return None
    for word in _MEANT.get(value.strip().lower(), ()):
        if word in options:
            return word
    return _nearest(value.strip(), options, cutoff=0.6)


def _nearest(word: str, options: Sequence[str], cutoff: float) -> str | None:
    folded = {option.strip().lower(): option for option in options if len(option) <= 60}
    near = difflib.get_close_matches(word.lower(), folded, n=1, cutoff=cutoff)
    return folded[near[0]] if near else None
