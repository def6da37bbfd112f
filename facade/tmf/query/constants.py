"""Texts of a query as the constants that an attribute can be compared with."""

import re
from datetime import UTC, datetime

from canonical.shared.criteria import Constant, Operator
from canonical.shared.jsontext import number_of
from facade.contract.messages import not_one_of
from facade.contract.pointers import shortened
from facade.contract.violations import ContractViolation
from facade.tmf.query.attributes import Attribute, Kind, Words
from facade.tmf.query.refusals import refusal
from facade.tmf.query.regex import portable

_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_INSTANT = re.compile(
    rf"({_DATE})(?:[Tt]([0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}})(\.[0-9]+)?([Zz]|[ +-][0-9]{{2}}:[0-9]{{2}}))?"
)
_ORDERED = {Operator.GREATER, Operator.GREATER_OR_EQUAL, Operator.LESS, Operator.LESS_OR_EQUAL}


def constants_of(
    parameter: str, attribute: Attribute, operator: Operator, text: str, quoted: bool
) -> tuple[Constant, ...]:
    """What `text` can mean beside an attribute of this kind. Raises ContractViolation when it means nothing.

    `quoted`: the caller wrote it as text, which decides where the attribute's kind does not.
    """
    kind = attribute.kind
    if "\0" in text:
        raise refusal(parameter, "the NUL character is in no document")
    if attribute.words is not None:
        return _ours(parameter, attribute, attribute.words, operator, text)
    if kind is Kind.OBJECT:
        raise refusal(parameter, "an object cannot be compared; name one of its attributes")
    if operator is Operator.MATCHES:
        if kind not in (Kind.TEXT, Kind.ANY):
            raise refusal(parameter, f"a regular expression needs a text, and this is a {kind.value}")
        return (portable(parameter, text),)
    if operator is Operator.EQUAL and attribute.values and text not in attribute.values:
        raise ContractViolation([not_one_of((parameter[:60],), attribute.values, text)])
    if operator in _ORDERED and kind is Kind.BOOLEAN:
        raise refusal(parameter, "true and false have no order")
    return _meanings(parameter, kind, operator, text, quoted)


def _ours(parameter: str, attribute: Attribute, words: Words, operator: Operator, text: str) -> tuple[str, ...]:
    """The words of ours that a client means by one of its own."""
    if operator is not Operator.EQUAL:
        names = ".".join(step.name for step in attribute.steps)
        raise refusal(parameter, f"your profile has words of yours for {names}: compare it by = or != only")
    found = tuple(one for one in words.meanings(text) if not attribute.values or one in attribute.values)
    if not found:
        allowed = words.allowed
        hint = f"one of {', '.join(allowed)}" if allowed else None
        raise refusal(parameter, f"{shortened(text)} is not agreed with you", hint)
    return found


def _meanings(parameter: str, kind: Kind, operator: Operator, text: str, quoted: bool) -> tuple[Constant, ...]:
    if kind is Kind.TEXT:
        return (text,)
    meanings: tuple[Constant | None, ...]
    if kind is Kind.ANY:
        if quoted:
            return (text,)
        boolean = None if operator in _ORDERED else _boolean(text)
        return (text, *(one for one in (number_of(text), boolean) if one is not None))
    meanings = ({Kind.NUMBER: number_of, Kind.BOOLEAN: _boolean, Kind.INSTANT: instant}[kind](text),)
    if meanings[0] is None:
        raise refusal(parameter, f"{shortened(text)!r} is no {_SPOKEN[kind]}")
    return meanings


_SPOKEN = {
    Kind.NUMBER: "number",
    Kind.BOOLEAN: "boolean: use true or false",
    Kind.INSTANT: "time: use RFC 3339, as in 2026-05-03T08:00:00Z or 2026-05-03",
}


def _boolean(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text)


def instant(text: str) -> datetime | None:
    """The time that an RFC 3339 text names; a date alone is its first moment in UTC.

    A blank before the offset is a `+` that was not encoded.
    """
    match = _INSTANT.fullmatch(text)
    if match is None or not text.isascii():
        return None
    date, time, fraction, offset = match.groups()
    try:
        if time is None:
            return datetime.fromisoformat(date).replace(tzinfo=UTC)
        found = datetime.fromisoformat(f"{date}T{time}{(fraction or '')[:7]}{offset.upper().replace(' ', '+')}")
        found.astimezone(UTC)
    except (ValueError, OverflowError):  # in UTC it may be before the first year, or after the last one
        return None
    return found
