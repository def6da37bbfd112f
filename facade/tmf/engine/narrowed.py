"""The contract of one version of an API, narrowed to what is agreed with a partner.

Words that the partner may say replace ours where the contract enumerates them, and are listed where it allows any text.
What answers may show besides is not listed in classes that answers use, too.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from facade.contract.classes import ClassCatalog, plain_name
from facade.contract.official import operations
from facade.partners.dictionaries import PLACEHOLDER, Dictionary
from facade.partners.profiles import Profile
from facade.partners.promotions import Promotion
from facade.tmf.domains import OURS, Domain
from facade.tmf.engine.versions import Version
from facade.tmf.engine.word_places import Node

SENT_ONLY = re.compile(r"_(FVO|Create)$")
"""The names of classes that requests have and answers do not."""
ROWS = 50
"""Words that a description explains."""
_SPECIAL = re.compile(r"[.*+?^${}()|\[\]\\/]")


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What is said in the contract: the partner and the version of its profile, and whether the API's version is
    deprecated.
    """

    client: str
    profile: Profile
    deprecated: bool = False


def narrowed(contract: Mapping[str, Any], versions: Iterable[Version], to: Narrowing) -> dict[str, Any]:
    """A copy of the contract. `versions`: how its resources are spoken of in it."""
    spec: dict[str, Any] = deepcopy(dict(contract))
    versions = tuple(versions)
    schemas = spec["components"]["schemas"]
    for owner, member, domain in _places(ClassCatalog(schemas), versions):
        known = to.profile.words.dictionaries.get(domain)
        if known is not None:
            _narrow(schemas, owner, member, known, to.client)
    promoting = list(_promoting(schemas, versions, to.profile))
    for owner, rule in promoting:
        _promote(schemas, owner, rule, to.client)
    spec["info"]["title"] += f" for {to.client}"
    spec["info"]["description"] += f" Narrowed to what is agreed with {to.client}, {to.profile.version}."
    if to.profile.extensions.refuses:
        named = (*to.profile.extensions.allowed, *dict.fromkeys(rule.name for _, rule in promoting))
        allowed = ", ".join(named) or "none"
        spec["info"]["description"] += f" Attributes that no schema declares are refused; allowed: {allowed}."
    codes = {ours: theirs for ours, theirs in to.profile.errors.codes.items() if ours != theirs}
    if codes and "Error" in schemas:
        told = ", ".join(f"{theirs} ({ours})" for ours, theirs in sorted(codes.items()))
        _member_of(schemas["Error"], "code")["description"] = f"The code. Agreed with {to.client}: {told}."
    if to.deprecated:
        for _, _, operation in operations(spec):
            operation["deprecated"] = True
    return spec


@dataclass
class _Walk:
    """Walks the classes of a contract along the places of a resource."""

    catalog: ClassCatalog
    found: dict[tuple[str, str], set[Domain | None]] = field(default_factory=dict)
    seen: set[tuple[str, int]] = field(default_factory=set)

    def along(self, name: str, node: Node) -> None:
        if (name, id(node)) in self.seen:
            return
        self.seen.add((name, id(node)))
        properties = self.catalog.shape(name).properties
        conditional = {} if node.of_customers is None else node.of_customers.members
        for member, below in (*node.members.items(), *conditional.items()):
            if member not in properties:
                continue
            if below.domain is not None:
                self.found.setdefault((name, member), set()).add(None if below.conditional else below.domain)
            target = below if below.element is None else below.element
            for one in self._classes(properties[member]):
                self.along(one, target)

    def _classes(self, schema: Mapping[str, Any]) -> Iterator[str]:
        """The classes that may stand at a place, or in the list that stands there."""
        items = self.catalog.shape_of(schema).items
        if isinstance(items, Mapping):
            yield from self._classes(items)
            return
        name = self.catalog.name_of(schema)
        slot = self.catalog.slot_of(schema) if name is None else self.catalog.slot(name)
        if slot is not None:
            yield from dict.fromkeys(slot.classes.values())
        elif name is not None:
            yield name


def _places(catalog: ClassCatalog, versions: Iterable[Version]) -> Iterator[tuple[str, str, Domain]]:
    """The class, the member and the domain of each place. A class that has one member for several domains, or for
    customers among others, is left as it is.
    """
    walk = _Walk(catalog)
    for version in versions:
        root = version.resource.schema_in(version.name)
        for name in catalog.schemas:
            if plain_name(name) == root:
                walk.along(name, version.words_sent)
    for (owner, member), domains in walk.found.items():
        [domain, *others] = domains
        if domain is not None and not others:
            yield owner, member, domain


def _promoting(schemas: Any, versions: Iterable[Version], profile: Profile) -> Iterator[tuple[str, Promotion]]:
    """Each class that has an extension that is promoted, and its rule."""
    for version in versions:
        root = version.resource.schema_in(version.name)
        owners = [name for name in schemas if plain_name(name) == root]
        yield from (
            (name, one) for one in profile.promotions if one.to in version.resource.promotable for name in owners
        )


def _promote(schemas: Any, owner: str, rule: Promotion, client: str) -> None:
    words = {} if rule.ours is None else {"enum": list(rule.ours)}
    told = {"description": f"In the words of {client}: {rule.to}."}
    part = {"type": "object", "properties": {rule.name: {"type": "string", **words, **told}}}
    schemas[owner].setdefault("allOf", []).append(part)


def _narrow(schemas: Any, owner: str, member: str, known: Dictionary, client: str) -> None:
    told = _in_words(known, client)
    defined = _member_of(schemas[owner], member)
    if defined is None:  # inherited from a class that others use, too
        schemas[owner].setdefault("allOf", []).append({"type": "object", "properties": {member: {}}})
        defined = schemas[owner]["allOf"][-1]["properties"][member]
    published = schemas.get(ClassCatalog(schemas).name_of(defined) or "", defined).get("enum")
    ours = OURS.get(known.domain) if published is None else [str(word).strip() for word in published]
    allowed = _allowed(known, ours, sent_only=bool(SENT_ONLY.search(owner)))
    described = " ".join(filter(None, (defined.get("description"), told)))
    if allowed:
        nullable = {"nullable": True} if defined.get("nullable") else {}
        defined.clear()
        defined.update({"type": "string", **allowed, **nullable})
    defined["description"] = described


def _allowed(known: Dictionary, ours: Sequence[str] | None, sent_only: bool) -> dict[str, Any]:
    """What may stand there, as a schema; empty for any text. `ours` are our words, where they are enumerated."""
    if ours is not None:
        theirs = [word for word, meaning in known.ours.items() if meaning in ours]
        shown = () if sent_only else map(known.outward, ours)
        return {"enum": list(dict.fromkeys((*theirs, *shown, *(ours if known.carries else ()))))}
    if known.carries:
        return {}
    if known.template is not None:
        template = known.template.outward(PLACEHOLDER)
        before, _, after = template.partition(PLACEHOLDER)
        pattern = {"type": "string", "pattern": f"^{_literally(before)}.+{_literally(after)}$"}
        return {"anyOf": [pattern, {"type": "string", "enum": list(known.ours)}]} if known.ours else pattern
    return {"enum": list(known.ours)} if sent_only else {}


def _in_words(known: Dictionary, client: str) -> str:
    rows = [f"{theirs} is our {ours}" for theirs, ours in list(known.ours.items())[:ROWS]]
    if known.template is not None:
        rows.append(f"{known.template.outward(PLACEHOLDER)} is our {PLACEHOLDER}")
    more = "; …" if len(known.ours) > ROWS else ""
    return f"In the words of {client}: {'; '.join(rows)}{more}."


def _member_of(schema: Mapping[str, Any], member: str) -> Any:
    """The definition of a member in the class itself; None if it is inherited."""
    if member in schema.get("properties", {}):
        return schema["properties"][member]
    parts = (part for part in schema.get("allOf", ()) if "$ref" not in part)
    return next((found for part in parts if (found := _member_of(part, member)) is not None), None)


def _literally(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text)
