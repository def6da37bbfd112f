"""What is agreed with a partner, for its people to read: a Markdown page made of its profile.

Each key of the profile has a section. A key without one is shown as the profile has it, so nothing is left out.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from facade.partners.error_texts import PartnerErrors
from facade.partners.files import as_file
from facade.partners.markdown import block, code, indented_json, listing, plain, table
from facade.partners.profiles import Profile

Lines = Iterable[str]


@dataclass(frozen=True, slots=True)
class TriedExample:
    """An example and what the mapper made of it: the answer of a dry run."""

    title: str
    operation: tuple[str, str, str]
    payload: Any
    answer: Mapping[str, Any]


@dataclass(frozen=True)
class Handout:
    """`addresses` of each API and version; `attributes`: what happens to those of each kind of object, by its name."""

    client: str
    document: Mapping[str, Any]
    profile: Profile
    addresses: Mapping[tuple[str, str], str]
    attributes: Mapping[str, Mapping[str, Sequence[str]]]
    examples: Sequence[TriedExample] = ()

    def markdown(self) -> str:
        """The whole page."""
        version = code(self.profile.version)
        lines = [f"# What is agreed with {plain(self.client)}", "", f"Profile version: {version}", ""]
        if "description" in self.document:
            lines += [plain(self.document["description"]), ""]
        for title, body in self._sections():
            written = list(body)
            if written:
                lines += [f"## {title}", "", *written]
        return "\n".join(lines).rstrip("\n") + "\n"

    def _sections(self) -> Iterator[tuple[str, Lines]]:
        yield "Versions", self._versions()
        yield "Attributes", self._attributes()
        for key, (title, written) in SECTIONS.items():
            if key in self.document:
                yield title, written(self.document[key])
        yield "Errors", _errors(self.profile.errors)
        others = {key: said for key, said in self.document.items() if key not in {*SECTIONS, *WRITTEN_APART}}
        yield "Other terms", block(as_file(others), "yaml") if others else ()
        yield "Examples", (line for example in self.examples for line in _example(example))

    def _versions(self) -> Lines:
        """The addresses that the partner may use."""
        rows = []
        for (api, version), address in self.addresses.items():
            allowed = self.profile.versions.by_api.get(api)
            if allowed is not None and version not in allowed:
                continue
            terms = self.profile.versions.terms(api, version)
            times = (terms.deprecated_since, terms.sunset)
            rows.append([api, version, code(address), *("" if at is None else at.date().isoformat() for at in times)])
        return table(("API", "version", "address", "deprecated since", "ends"), rows)

    def _attributes(self) -> Lines:
        for kind, fates in self.attributes.items():
            rows = [[fate, ", ".join(map(code, names))] for fate, names in fates.items()]
            yield from table((f"{kind}", "attributes"), rows)


def _dictionaries(said: Mapping[str, Mapping[str, Any]]) -> Lines:
    for domain, one in said.items():
        yield from (f"### {plain(domain)}", "")
        rows = [[code(theirs), code(ours)] for theirs, ours in one.get("table", {}).items()]
        if "template" in one:
            rows.append([code(one["template"]), code("{id}")])
        yield from table(("yours", "ours"), rows)
        if "preferred" in one:
            yield from (f"You read {', '.join(map(code, one['preferred']))}.", "")
        carried = one.get("unknown") == "carry"
        yield from ("Anything else is read as ours." if carried else "Anything else is refused.", "")


def _words(said: Mapping[str, str]) -> Lines:
    return table(("yours", "ours"), [[code(theirs), code(ours)] for theirs, ours in said.items()])


def _named(said: Mapping[str, Any]) -> Lines:
    """Values by their names; a list of values as such."""
    rows = []
    for name, value in said.items():
        inner = value.items() if isinstance(value, dict) else ()
        shown = [f"{part}: {_joined(values)}" for part, values in inner] or (
            value if isinstance(value, list) else [value]
        )
        rows.append([code(name), ", ".join(map(code, shown))])
    return table(("what", "agreed"), rows)


def _joined(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def _errors(errors: PartnerErrors) -> Lines:
    rows = []
    for ours, error in errors.by_code.items():
        messages = {language: one.template for language, one in error.messages.items()}
        rows.append([code(error.code or ours), code(ours), _in_languages(error.reasons), _in_languages(messages)])
    return table(("you read", "our code", "reason", "message"), rows) if rows else ()


def _in_languages(texts: Mapping[str | None, str]) -> str:
    return "; ".join(f"{language}: {plain(text)}" if language else plain(text) for language, text in texts.items())


def _example(example: TriedExample) -> Lines:
    yield from (f"### {plain(example.title)}", "", f"You send ({plain(' '.join(example.operation))}):", "")
    yield from block(indented_json(example.payload), "json")
    if example.answer["accepted"]:
        yield from ("We understand:", "")
        yield from block(indented_json(example.answer["command"]), "json")
    else:
        yield from ("It is refused:", "")
        yield from block(indented_json(example.answer["errors"]), "json")


_SENTENCES = {
    "before": "An order that breaks a rule is refused at once.",
    "after": "An order that breaks a rule is acknowledged, and then rejected.",
    "absent": "It is read as if the attribute were not there.",
    "refuse": "It is refused at an attribute that cannot be null.",
    "mustEqual": "Prices that you state must be those of our catalog.",
    "carry": "Prices that you state are kept, and compared with nothing.",
    "ignore": "Prices that you state are left out.",
}
"""What single values mean."""


def _sentence(said: str) -> Lines:
    return (_SENTENCES[said], "")


def _promoted(said: Mapping[str, Any]) -> Lines:
    rows = []
    for place, rule in said.items():
        words = ", ".join(code(f"{theirs}: {ours}") for theirs, ours in rule.get("table", {}).items())
        rows.append([code(place), code(rule["to"]), words or "as you send it"])
    return table(("you send", "it says", "values"), rows)


SECTIONS: Mapping[str, tuple[str, Callable[[Any], Lines]]] = MappingProxyType(
    {
        "ids": ("Your ids", _dictionaries),
        "words": ("Your words", _dictionaries),
        "partyRoles": ("Your names of party roles", _words),
        "relationshipTypes": ("Your names of relationships between items", _words),
        "orderRelationshipTypes": ("Your names of relationships between orders", _words),
        "externalIds": ("External ids", _named),
        "customers": ("Customers for whom you act", _named),
        "billingAccounts": ("Billing accounts", lambda said: listing(map(code, said))),
        "market": ("Where you sell", _named),
        "validation": ("When orders are checked", _sentence),
        "extensions": ("Attributes of your own", _named),
        "promoted": ("Attributes of your own that say what an attribute of an order says", _promoted),
        "orderRules": ("Rules for orders", _named),
        "catalogRules": ("Rules for items of the catalog", _named),
        "nulls": ("What null means", _sentence),
        "prices": ("Prices in orders", _sentence),
        "lateChanges": ("Attributes that may change after an order began", lambda said: listing(map(code, said))),
        "enrichment": ("What we add to orders that do not state it", _named),
        "limits": ("How often you may ask", _named),
        "hub": ("Registrations for events", _named),
        "recording": ("What is recorded of what you send, without personal data", _named),
    }
)
"""The section of each key: its title, and how it is written."""
WRITTEN_APART = frozenset({"description", "versions", "errors", "examples"})
"""Keys that are written of the compiled profile, or elsewhere."""
