"""Errors in a partner's contract: its code, reason and message for codes of ours.

A message has placeholders `{name}` for parameters that the code declares. It is split into parts when the profile is
compiled; nothing in it is a format or an expression. Reasons and messages can be given in several languages.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

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

OURS = "en"
"""The language of our own texts."""
LONGEST_ACCEPTED = 500
"""Characters of an Accept-Language header that are read."""

_LANGUAGE = {"type": "string", "pattern": "^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}$"}


def _in_languages(longest: int) -> dict[str, Any]:
    return {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 50,
        "propertyNames": _LANGUAGE,
        "additionalProperties": {"type": "string", "minLength": 1, "maxLength": longest},
    }


SCHEMA: dict[str, Any] = {
    "type": "object",
    "maxProperties": 1_000,
    "properties": {"language": _LANGUAGE},
    "additionalProperties": {
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "properties": {
            "code": {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME},
            "reason": {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME},
            "message": {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT},
            "reasons": _in_languages(LONGEST_NAME),
            "messages": _in_languages(LONGEST_TEXT),
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

    @property
    def template(self) -> str:
        """The message as the profile has it."""
        return "".join(f"{{{part}}}" if index % 2 else part for index, part in enumerate(self.parts))

    def text(self, values: Mapping[str, Any]) -> str | None:
        """None if a parameter has no value."""
        if any(values.get(name) is None for name in self.parts[1::2]):
            return None
        told = (_shown(values[part]) if index % 2 else part for index, part in enumerate(self.parts))
        return shortened("".join(told), LONGEST_MESSAGE)


@dataclass(frozen=True, slots=True)
class PartnerError:
    """What the partner reads instead of ours; None for ours. Texts are by their language, None if nobody said it."""

    code: str | None = None
    reasons: Mapping[str | None, str] = field(default_factory=lambda: MappingProxyType({}))
    messages: Mapping[str | None, Message] = field(default_factory=lambda: MappingProxyType({}))


NO_ERROR = PartnerError()


@dataclass(frozen=True)
class PartnerErrors:
    """The errors of a partner's contract by our codes. `language` is preferred by the partner; it `negotiates` if some
    texts are given by language.
    """

    by_code: Mapping[str, PartnerError] = field(default_factory=lambda: MappingProxyType({}))
    language: str | None = None
    negotiates: bool = False

    def told(self, answer: ErrorAnswer, accepted: str = "") -> ErrorAnswer:
        """The answer as the partner reads it. Status and details stay as they are.

        `accepted` is the header Accept-Language of the request. A text is in the partner's language; without such a
        text in one that is accepted; else in English, which we always have.
        """
        if not self.by_code:
            return answer
        choice = _Choice(self.language, accepted if self.negotiates else "")
        known = self.by_code.get(answer.code, NO_ERROR)
        first = answer.errors[0]["pointer"] if answer.errors else None
        common = {"code": answer.code, "message": answer.detail, "pointer": first}
        told = replace(
            answer,
            code=known.code or answer.code,
            ours=answer.our_code,
            title=choice.reason(known, answer.title),
            detail=choice.message(known, {**common, **answer.extra}),
            errors=tuple(self._entry(entry, answer, choice) for entry in answer.errors),
        )
        return replace(told, headers={**answer.headers, **self._headers(choice)})

    def _entry(self, entry: Mapping[str, Any], answer: ErrorAnswer, choice: "_Choice") -> Mapping[str, Any]:
        """The entry of one mistake. Details are of the answer's code."""
        known = self.by_code.get(entry.get("reason", ""), NO_ERROR)
        if known is NO_ERROR:
            choice.languages[OURS] = None
            return entry
        details = answer.extra if entry["reason"] == answer.code else {}
        common = {"code": entry["reason"], "message": entry["message"], "pointer": entry["pointer"]}
        return {
            **entry,
            "reason": known.code or entry["reason"],
            "message": choice.message(known, {**common, **details}),
        }

    def _headers(self, choice: "_Choice") -> dict[str, str]:
        if self.language is None and not self.negotiates:
            return {}
        named = ", ".join(filter(None, choice.languages))
        headers = {"Content-Language": named} if named else {}
        return headers | ({"Vary": "Accept-Language"} if self.negotiates else {})

    @property
    def codes(self) -> dict[str, str]:
        """The partner's code by ours."""
        return {ours: error.code for ours, error in self.by_code.items() if error.code is not None}


OUR_ERRORS = PartnerErrors()


class _Choice:
    """Chooses the language of each text of one answer. `languages` are those that were chosen, in their order."""

    def __init__(self, preferred: str | None, accepted: str) -> None:
        self._preferred = preferred
        self._accepted = parse_accept_header(accepted[:LONGEST_ACCEPTED], LanguageAccept)
        self.languages: dict[str | None, None] = {}

    def reason(self, known: PartnerError, ours: str) -> str:
        language = self._of(known.reasons)
        return self._chosen(language, known.reasons.get(language), ours)

    def message(self, known: PartnerError, values: Mapping[str, Any]) -> str:
        """`values` has our message, and the values of placeholders."""
        language = self._of(known.messages)
        found = known.messages.get(language)
        return self._chosen(language, None if found is None else found.text(values), values["message"])

    def _of(self, texts: Mapping[str | None, Any]) -> str | None:
        if self._preferred in texts:  # also where nobody said a language
            return self._preferred
        if None in texts:
            return None
        return self._accepted_of({one.lower(): one for one in (*filter(None, texts), OURS)})

    def _accepted_of(self, known: Mapping[str, str]) -> str:
        """The best accepted language; `fr-CH` accepts `fr` (RFC 4647, section 3.4), `*` is no wish."""
        for wished, quality in self._accepted:
            subtags = wished.lower().split("-")
            ranges = ("-".join(subtags[:count]) for count in range(len(subtags), 0, -1))
            found = next((one for one in ranges if one in known), None)
            if quality and found is not None:
                return known[found]
        return OURS

    def _chosen(self, language: str | None, text: str | None, ours: str) -> str:
        self.languages[OURS if text is None else language] = None
        return ours if text is None else text


def partner_errors(said: Mapping[str, Any]) -> PartnerErrors:
    """The errors in a profile that keeps its schema. Raises ProfileFault."""
    found: dict[str, PartnerError] = {}
    language = said.get("language")
    errors = {code: error for code, error in said.items() if code != "language"}
    known = known_codes() if errors else frozenset()
    for code, error in errors.items():
        at = f"/errors/{escaped(code)}"
        if code not in known:
            raise ProfileFault(at, f"{shortened(code)} is no code that a client is answered", sorted(known))
        if "code" in error:
            _check_text(error["code"], f"{at}/code")
        reasons = _by_language(error, "reason", language, at)
        messages = _by_language(error, "message", language, at)
        compiled = {one: _message(code, text, place) for one, (text, place) in messages.items()}
        told = {one: text for one, (text, _) in reasons.items()}
        found[code] = PartnerError(error.get("code"), MappingProxyType(told), MappingProxyType(compiled))
    negotiates = any("reasons" in error or "messages" in error for error in errors.values())
    return PartnerErrors(MappingProxyType(found), language, negotiates) if found else OUR_ERRORS


def _by_language(
    error: Mapping[str, Any], key: str, language: str | None, at: str
) -> dict[str | None, tuple[str, str]]:
    """The texts of an error by their languages, each with its pointer. Raises ProfileFault."""
    several = f"{key}s"
    found: dict[str | None, tuple[str, str]] = {
        one: (text, f"{at}/{several}/{one}") for one, text in error.get(several, {}).items()
    }
    if key in error:
        if found and language is None:
            raise ProfileFault(f"{at}/{key}", f"say its language under /errors/language, or write it under {several}")
        if language in found:
            raise ProfileFault(f"{at}/{several}/{language}", f"{key} has the text in this language already: keep one")
        found[language] = (error[key], f"{at}/{key}")
    for text, place in found.values():
        _check_text(text, place)
    return found


def _check_text(text: str, at: str) -> None:
    if not text.isprintable() or text != text.strip():
        raise ProfileFault(at, "it has characters that are not printed, or blanks at an end")


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
