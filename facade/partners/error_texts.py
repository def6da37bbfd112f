"""Errors in a partner's contract: its code, reason and message for codes of ours.

A message has placeholders `{name}` for parameters that the code declares. It is split into parts when the profile is
compiled; nothing in it is a format or an expression.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from facade.answers import ErrorAnswer
from facade.contract.pointers import escaped, shortened
from facade.partners.error_codes import known_codes, parameters_of
from facade.partners.faults import ProfileFault

LONGEST_NAME = 100
"""Characters of a code or a reason."""
LONGEST_TEXT = 500
"""Characters of a message in a profile."""
LONGEST_VALUE = 200
"""Characters that a parameter adds to a message at most."""
LONGEST_MESSAGE = 2_000

SCHEMA: dict[str, Any] = {
    "type": "object",
    "maxProperties": 1_000,
    "additionalProperties": {
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "properties": {
            "code": {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME},
            "reason": {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME},
            "message": {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT},
        },
    },
}
"""The form of the key `errors` of a profile."""
_PLACEHOLDER = re.compile(r"\{([A-Za-z]+)\}")
_BRACES = re.compile(r"[{}]")


@dataclass(frozen=True, slots=True)
class Message:
    """Texts and the names of parameters, in turn: a text first and last."""

    parts: tuple[str, ...]

    def text(self, values: Mapping[str, Any]) -> str | None:
        """None if a parameter has no value."""
        if any(values.get(name) is None for name in self.parts[1::2]):
            return None
        told = (_shown(values[part]) if index % 2 else part for index, part in enumerate(self.parts))
        return shortened("".join(told), LONGEST_MESSAGE)


@dataclass(frozen=True, slots=True)
class PartnerError:
    """What the partner reads instead of ours; None for ours."""

    code: str | None = None
    reason: str | None = None
    message: Message | None = None


@dataclass(frozen=True)
class PartnerErrors:
    """The errors of a partner's contract by our codes."""

    by_code: Mapping[str, PartnerError] = field(default_factory=lambda: MappingProxyType({}))

    def told(self, answer: ErrorAnswer) -> ErrorAnswer:
        """The answer as the partner reads it. Status, headers and details stay as they are."""
        if not self.by_code:
            return answer
        known = self.by_code.get(answer.code, PartnerError())
        first = answer.errors[0]["pointer"] if answer.errors else None
        common = {"code": answer.code, "message": answer.detail, "pointer": first}
        message = known.message and known.message.text({**common, **answer.extra})
        return replace(
            answer,
            code=known.code or answer.code,
            ours=answer.our_code,
            title=known.reason or answer.title,
            detail=message or answer.detail,
            errors=tuple(self._entry(entry, answer) for entry in answer.errors),
        )

    def _entry(self, entry: Mapping[str, Any], answer: ErrorAnswer) -> Mapping[str, Any]:
        """The entry of one mistake. Details are of the answer's code."""
        known = self.by_code.get(entry.get("reason", ""))
        if known is None:
            return entry
        details = answer.extra if entry["reason"] == answer.code else {}
        common = {"code": entry["reason"], "message": entry["message"], "pointer": entry["pointer"]}
        message = known.message and known.message.text({**common, **details})
        return {**entry, "reason": known.code or entry["reason"], "message": message or entry["message"]}

    @property
    def codes(self) -> dict[str, str]:
        """The partner's code by ours."""
        return {ours: error.code for ours, error in self.by_code.items() if error.code is not None}


OUR_ERRORS = PartnerErrors()


def partner_errors(said: Mapping[str, Mapping[str, str]]) -> PartnerErrors:
    """The errors in a profile that keeps its schema. Raises ProfileFault."""
    found: dict[str, PartnerError] = {}
    known = known_codes() if said else frozenset()
    for code, error in said.items():
        at = f"/errors/{escaped(code)}"
        if code not in known:
            raise ProfileFault(at, f"{shortened(code)} is no code that a client is answered", sorted(known))
        for name, text in error.items():
            if not text.isprintable() or text != text.strip():
                raise ProfileFault(f"{at}/{name}", "it has characters that are not printed, or blanks at an end")
        message = _message(code, error["message"], f"{at}/message") if "message" in error else None
        found[code] = PartnerError(error.get("code"), error.get("reason"), message)
    return PartnerErrors(MappingProxyType(found)) if found else OUR_ERRORS


def _message(code: str, text: str, at: str) -> Message:
    parts = tuple(_PLACEHOLDER.split(text))
    if any(_BRACES.search(part) for part in parts[::2]):
        raise ProfileFault(at, "braces stand around the name of a parameter only, as in {message}", _placeholders(code))
    for name in parts[1::2]:
        if name not in parameters_of(code):
            raise ProfileFault(at, f"{code} has no parameter {shortened(name)}", _placeholders(code))
    return Message(parts)


def _placeholders(code: str) -> Iterator[str]:
    return (f"{{{name}}}" for name in parameters_of(code))


def _shown(value: Any) -> str:
    """A value of an error as text."""
    told = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return shortened(told, LONGEST_VALUE)
