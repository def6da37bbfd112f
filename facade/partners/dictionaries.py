"""A partner's ids or words of one domain and ours, both ways: a table, a template, or both.

    dictionary.inward("A-1")         ours for the partner's; None if the partner may not say this
    dictionary.outward("po_fibre")   the partner's for ours; ours if the partner has none for it

No two of the partner's words that are shown stand for one of ours, and enumerated words that are shown are read as what
they were. An id of ours for which the partner has none is shown as it is, and may look like another one of the
partner's.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import Any

from facade.contract.pointers import escaped
from facade.partners.faults import MOST_ALLOWED, ProfileFault
from facade.tmf.domains import OF_CUSTOMERS, OF_PERSONS, OURS, Domain

LONGEST = 100
"""Characters of an id, a word or a template."""
MOST_ROWS = 10_000
PLACEHOLDER = "{id}"
REFUSE, CARRY = "refuse", "carry"
"""What happens to what the partner has no word for: it is refused, or read as ours."""

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "minProperties": 1,
    "properties": {
        "table": {
            "type": "object",
            "additionalProperties": {"type": "string", "minLength": 1, "maxLength": LONGEST},
            "propertyNames": {"minLength": 1, "maxLength": LONGEST},
            "maxProperties": MOST_ROWS,
        },
        "preferred": {"type": "array", "items": {"type": "string"}, "maxItems": MOST_ROWS},
        "unknown": {"enum": [REFUSE, CARRY]},
    },
}
"""The form of one dictionary in a profile."""
SCHEMA_WITH_TEMPLATE: dict[str, Any] = {
    **SCHEMA,
    "properties": {**SCHEMA["properties"], "template": {"type": "string", "minLength": 1, "maxLength": LONGEST}},
}


@dataclass(frozen=True, slots=True)
class Template:
    """The partner's id is ours between two texts."""

    before: str
    after: str

    def inward(self, theirs: str) -> str | None:
        if not (theirs.startswith(self.before) and theirs.endswith(self.after)):
            return None
        return theirs[len(self.before) : len(theirs) - len(self.after)] or None

    def outward(self, ours: str) -> str:
        return f"{self.before}{ours}{self.after}"


@dataclass(frozen=True, slots=True)
class Dictionary:
    """`ours` by the partner's, `theirs` by ours. `carries`: what the partner has no word for is read as ours. It stands
    `at` this pointer of the profile.
    """

    domain: Domain
    ours: Mapping[str, str]
    theirs: Mapping[str, str]
    template: Template | None = None
    carries: bool = False
    at: str = ""

    def row(self, theirs: str) -> str:
        """The pointer into the profile to what reads this word. Ids of persons are not repeated in it."""
        if theirs not in self.ours:
            return f"{self.at}/template"
        table = f"{self.at}/table"
        return table if self.domain in OF_PERSONS else f"{table}/{escaped(theirs)}"

    def inward(self, theirs: str) -> str | None:
        found = self.ours.get(theirs)
        if found is None and self.template is not None:
            found = self.template.inward(theirs)
            found = None if found in self.theirs else found  # its word is in the table
        return theirs if found is None and self.carries else found

    def outward(self, ours: str) -> str:
        found = self.theirs.get(ours)
        if found is None and self.template is not None:
            return self.template.outward(ours)
        return ours if found is None else found

    def has_word_for(self, ours: str) -> bool:
        return self.carries or self.template is not None or ours in self.theirs

    def sought(self, theirs: str) -> str | None:
        """Ours, in an address or a filter: also what is shown as it is because the partner has no word for it."""
        found = self.inward(theirs)
        return theirs if found is None and self.outward(theirs) == theirs else found

    def meanings(self, theirs: str) -> tuple[str, ...]:
        """Everything of ours that is shown so, in a filter."""
        if self.ours or self.template is not None:
            found = self.sought(theirs)
            return () if found is None else (found,)
        shown = [ours for ours, word in self.theirs.items() if word == theirs]
        return tuple(shown) or ((theirs,) if self.outward(theirs) == theirs else ())

    @property
    def keeps_order(self) -> bool:
        """Whether the partner's words sort as ours do."""
        return not self.theirs

    @property
    def allowed(self) -> tuple[str, ...]:
        """What the partner may say, as an error lists it: no ids of customers, which others may not see."""
        template = () if self.template is None else (self.template.outward(PLACEHOLDER),)
        words = () if self.domain in OF_CUSTOMERS else islice(self.theirs.values(), MOST_ALLOWED)
        return (*template, *words)


def dictionary(domain: Domain, said: Mapping[str, Any], at: str) -> Dictionary:
    """The dictionary that stands at the pointer `at` of a profile and keeps its schema. Raises ProfileFault."""
    ours: Mapping[str, str] = said.get("table", {})
    for word, meaning in ours.items():
        _check_word(word, meaning, domain, f"{at}/table/{escaped(word)}")
    template = _template(said["template"], f"{at}/template") if "template" in said else None
    if not ours and template is None:
        raise ProfileFault(at, "a dictionary needs a table or a template", ("table", "template"))
    theirs = _shown(ours, said.get("preferred", ()), at)
    if template is not None:
        _check_apart(ours, theirs, template, at)
    for word in ours.keys() & set(OURS.get(domain, ())) - theirs.keys():
        text = f"{word!r} stands for {ours[word]!r}, and our {word!r} would be shown so too: give ours another word"
        raise ProfileFault(f"{at}/table/{escaped(word)}", text)
    carries = said.get("unknown", REFUSE) == CARRY
    return Dictionary(domain, MappingProxyType(dict(ours)), MappingProxyType(theirs), template, carries, at)


def _check_word(word: str, meaning: str, domain: Domain, at: str) -> None:
    for text in (word, meaning):
        if not text.isprintable() or text != text.strip():
            raise ProfileFault(at, f"{text!r} has characters that are not printed, or blanks at an end")
    known = OURS.get(domain)
    if known is not None and meaning not in known:
        raise ProfileFault(at, f"{word!r} stands for {meaning!r}, which is none of ours", known)


def _template(text: str, at: str) -> Template:
    before, found, after = text.partition(PLACEHOLDER)
    if not found or set("{}") & set(before + after):
        raise ProfileFault(at, f"a template has the placeholder {PLACEHOLDER} once, and no other braces")
    if not before + after:
        raise ProfileFault(at, f"a template has text beside {PLACEHOLDER}")
    if not text.isprintable() or text != text.strip():
        raise ProfileFault(at, "a template has characters that are not printed, or blanks at an end")
    return Template(before, after)


def _shown(ours: Mapping[str, str], preferred: Collection[str], at: str) -> dict[str, str]:
    """The partner's word that is shown for each of ours."""
    for number, word in enumerate(preferred):
        if word not in ours:
            raise ProfileFault(f"{at}/preferred/{number}", f"{word!r} is not in the table", ours)
    chosen: dict[str, str] = {}
    for word in preferred:
        if chosen.setdefault(ours[word], word) != word:
            text = f"{chosen[ours[word]]!r} and {word!r} are both preferred for {ours[word]!r}: keep one of them"
            raise ProfileFault(f"{at}/preferred", text)
    shown: dict[str, str] = {}
    for word, meaning in ours.items():
        other = shown.setdefault(meaning, chosen.get(meaning, word))
        if other != word and meaning not in chosen:
            text = f"{other!r} and {word!r} both stand for {meaning!r}: name the one to be shown under preferred"
            raise ProfileFault(f"{at}/table/{escaped(word)}", text, (other, word))
    return shown


def _check_apart(ours: Mapping[str, str], theirs: Mapping[str, str], template: Template, at: str) -> None:
    """A word of the table that the template reads as another id would be shown for two of ours."""
    for word, meaning in ours.items():
        read = template.inward(word)
        if read is not None and read != meaning and read not in theirs:
            text = f"{word!r} stands for {meaning!r} by the table and for {read!r} by the template"
            raise ProfileFault(f"{at}/table/{escaped(word)}", text)
