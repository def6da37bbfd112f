"""A partner's ids and words in documents of one resource, in one version: read in ours, and shown in the partner's.

A body is read in our words before a contract checks it; an answer is shown in the partner's words when it is otherwise
complete. So contracts, bridges, mappers and the store know our words only.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

from canonical.audit.record import Mapped
from canonical.shared.editions import Named
from canonical.shared.errors import CanonicalError, InvalidTransition
from facade.contract.pointers import Token, Tokens, pointer, shortened, tokens_of
from facade.contract.violations import Code, ContractViolation, Violation
from facade.partners.dictionaries import Dictionary
from facade.partners.words import NO_WORDS, PartnerWords, content_tag
from facade.tmf.domains import ID_DOMAINS, OF_PERSONS, OURS, Domain
from facade.tmf.engine.declaration import Resource
from facade.tmf.engine.promotions import (
    WORD_NOT_AGREED,
    PromotedBody,
    Promoting,
    promoted,
    promoted_patch,
    with_promoted,
)
from facade.tmf.engine.word_patches import JSON_PATCHES, operation_in_ours
from facade.tmf.engine.word_places import Node
from facade.tmf.engine.worded_attributes import WordedAttributes
from facade.tmf.query.attributes import Attributes
from facade.tmf.vocabulary import STANDARD, Vocabulary

_TOKEN = re.compile(r"[\w:~.-]+")
_PUNCTUATION = ":~.-"
"""What ends no id."""
DETAILS: Mapping[str, Domain] = MappingProxyType(
    {
        "productId": Domain.PRODUCTS,
        "assetId": Domain.PRODUCTS,
        "customerId": Domain.CUSTOMERS,
        "billingAccountId": Domain.BILLING_ACCOUNTS,
    }
)
"""Details of errors that are ids, whoever sent them."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the partner's where a document has it, and ours for it; None if the partner may not say this."""

    domain: Domain
    theirs: str
    ours: str | None


@dataclass(frozen=True)
class Wording:
    """`tree`: where the version has ids and words, `kept`: where the documents that are kept have them, in v5.

    `explaining`: those of `kept` that v4 shows in notes. `promoting` are extensions that say what attributes say.
    """

    tree: Node
    kept: Node
    words: PartnerWords = NO_WORDS
    vocabulary: Vocabulary = STANDARD
    explaining: Node = field(default_factory=Node)
    promoting: tuple[Promoting, ...] = ()

    def read(self, body: Any, media_type: str = "application/json") -> "ReadWords":
        """A body, or a patch, in our words."""
        read = ReadWords(self)
        if media_type in JSON_PATCHES and isinstance(body, list):
            read.patch = body
            read.promoted = promoted_patch(body, self.promoting)
            operations = enumerate(read.promoted.body)
            read.body = [operation_in_ours(one, index, media_type, read) for index, one in operations]
        else:
            read.promoted = promoted(body, self.promoting)
            read.body = self.tree.converted(read.promoted.body, read.ours, self.sends_customer)
        return read

    def shown(self, document: Any) -> Any:
        """A document of this version, in the partner's words."""
        return with_promoted(self.tree.converted(document, self._theirs, self._shows_customer), self.promoting)

    def explained(self, document: Any) -> Any:
        """A v5 document with the partner's words in what v4 shows in notes."""
        return self.explaining.converted(document, self._theirs, self._shows_customer)

    def answered(self, body: Any) -> Any:
        """What `shown` made, in our words."""
        bodies = body if isinstance(body, list) else [body]
        read = [self.tree.converted(one, ReadWords(self).ours, self.sends_customer) for one in bodies]
        return read if isinstance(body, list) else read[0]

    def shown_as_they_are(self, document: Any) -> set[tuple[Domain, str]]:
        """The words of a v5 document for which the partner has none."""
        found: set[tuple[Domain, str]] = set()

        def seen(domain: Domain, ours: str, _: Tokens) -> str:
            found.add((domain, ours))
            return ours

        self.kept.converted(document, seen, self._shows_customer)
        return {(domain, ours) for domain, ours in found if self._theirs(domain, ours, ()) == ours}

    def of(self, domain: Domain) -> Dictionary | None:
        return self.words.dictionaries.get(domain)

    def at(self, names: Iterable[Token]) -> Dictionary | None:
        """The words of what stands at a place of this version."""
        leaf = self.tree.leaf(names)
        return None if leaf is None or leaf.domain is None else self.of(leaf.domain)

    def of_elements(self, names: Iterable[Token], ours: Collection[str]) -> Dictionary | None:
        """The words of an attribute of the elements of a list, if all of `ours`, which are some, can be its value."""
        elements = (node.element for node in self.tree.at(names) if node.element is not None and ours)
        domains = (leaf.domain for element in elements for leaf in element.members.values() if leaf.domain is not None)
        return next((self.of(domain) for domain in domains if set(ours) <= set(OURS.get(domain, ()))), None)

    def our_id(self, part: str) -> str | None:
        """The id of a resource in an address, in ours; None if no resource is shown with that id."""
        known = self._own_id
        return part if known is None else known.sought(part)

    def their_id(self, ours: str) -> str:
        known = self._own_id
        return ours if known is None else known.outward(ours)

    def searchable(self, attributes: Attributes) -> Attributes:
        """The attributes that lists are filtered by, compared in the partner's words."""
        return WordedAttributes(attributes, self.kept, self.words.dictionaries)

    @cached_property
    def tag(self) -> str:
        """What entity tags end with, so that a client with other words reads anew. A role that is a customer's decides
        how the id of its party is shown.
        """
        own = {one: of for one, of in self.vocabulary.party_roles.items() if STANDARD.party_roles.get(one) != of}
        said = [[one.rule.name, one.rule.to, dict(one.rule.ours or {})] for one in self.promoting]
        tags = (self.words.hash, content_tag(own) if own and self.words.hash else "", content_tag(said) if said else "")
        return f"-{''.join(tags)}" if any(tags) else ""

    @contextmanager
    def told(self, read: "ReadWords | None" = None, state_attribute: str = "state") -> Iterator[None]:
        """What is raised is raised in the partner's words. `state_attribute` shows the states of the resource."""
        read = read or ReadWords(self)
        try:
            yield
        except ContractViolation as error:
            raise ContractViolation(read.told(error.violations)) from error
        except CanonicalError as error:
            of_state = isinstance(error, InvalidTransition)
            states = self._in_documents(state_attribute) if of_state else None
            error.subject = error.subject or _subject(error.details)
            read.name(error.details)
            error.message = read.text(error.message, states)
            error.details = {name: read.detail(value, states) for name, value in error.details.items()}
            raise

    def _theirs(self, domain: Domain, ours: str, _: Tokens) -> str:
        known = self.of(domain)
        return ours if known is None else known.outward(ours)

    def sends_customer(self, element: Mapping[str, Any]) -> bool:
        """Whether a related party, as the partner sends it, has the role of a customer."""
        role, known = str(element.get("role", "")), self.of(Domain.ROLES)
        return self.vocabulary.names_customer(role if known is None else known.inward(role) or role)

    def _shows_customer(self, element: Mapping[str, Any]) -> bool:
        return self.vocabulary.names_customer(str(element.get("role", "")))

    def _in_documents(self, attribute: str) -> Dictionary | None:
        leaf = self.kept.leaf((attribute,))
        return None if leaf is None or leaf.domain is None else self.of(leaf.domain)

    @cached_property
    def _own_id(self) -> Dictionary | None:
        return self._in_documents("id")


@dataclass
class ReadWords:
    """What was read in the partner's words: `body` is the same in ours, `words` are those that were replaced or may not
    be said, by their places in the body as sent. `texts` are what a JSON patch compares, as sent, and `patch`
    are its operations. `named` are the partner's ids of what an error tells of, by ours.
    """

    wording: Wording
    body: Any = None
    words: dict[Tokens, Word] = field(default_factory=dict)
    texts: dict[Tokens, str] = field(default_factory=dict)
    patch: list[Any] | None = None
    named: dict[str, str] = field(default_factory=dict)
    promoted: PromotedBody = field(default_factory=lambda: PromotedBody(None))

    def ours(self, domain: Domain, theirs: str, at: Tokens) -> str:
        known = self.wording.of(domain)
        if known is None:
            return theirs
        found = known.inward(theirs)
        if found != theirs:
            self.words[at] = Word(domain, theirs, found)
        return theirs if found is None else found

    def compared(self, domain: Domain, theirs: str, at: Tokens) -> str | None:
        """Ours for what a client compares; None, which is equal to no word, for what is shown nowhere."""
        known = self.wording.of(domain)
        found = theirs if known is None else known.sought(theirs)
        if found != theirs:
            self.texts[at] = theirs
        return found

    def compared_of_somebody(self, domain: Domain, theirs: str, at: Tokens) -> str | None:
        """The same for an id of a party, whose role stands elsewhere: other parties' ids are compared as they are."""
        known = self.wording.of(domain)
        return theirs if known is None or known.sought(theirs) is None else self.compared(domain, theirs, at)

    def of_somebody(self, domain: Domain, theirs: str, at: Tokens) -> str:
        """Ours for an id of a party, whose role stands elsewhere."""
        known = self.wording.of(domain)
        return theirs if known is None or known.inward(theirs) is None else self.ours(domain, theirs, at)

    def check(self, changed: Any = None) -> None:
        """Raises ContractViolation with every word that the partner may not say. It may repeat those of the v5 document
        `changed` that it is shown as they are.
        """
        said = {at: word for at, word in self.words.items() if word.ours is None}
        if said and changed is not None:
            shown = self.wording.shown_as_they_are(changed)
            said = {at: word for at, word in said.items() if (word.domain, word.theirs) not in shown}
        wrong = [*self.promoted.wrong, *(self._unknown(pointer(at), word) for at, word in said.items())]
        if wrong:
            raise ContractViolation(self.promoted.told(wrong))

    def sent(self, body: Any) -> Any:
        """`body`, which is ours with what a contract adds, in the partner's words again."""
        sent = {at: word.theirs for at, word in self.words.items()} | self.texts
        return self.promoted.as_sent(_with(body, sent) if sent else body)

    def trail(self, trail: tuple[Mapped, ...]) -> tuple[Mapped, ...]:
        """How each field was read, from the partner's words on."""
        mapped = {at: word for at, word in self._by_pointer.items() if word.ours is not None}
        told = [
            Mapped(one.source, one.target, f"{_rule(known)}; {one.rule}", one.outcome, self._row(known))
            if (known := mapped.get(one.source)) is not None
            else one
            for one in trail
        ]
        sources = {one.source for one in trail}
        more = [
            Mapped(at, self._target(at), _rule(word), agreed=self._row(word))
            for at, word in mapped.items()
            if at not in sources
        ]
        return self.promoted.trail((*told, *more))

    def told(self, violations: Sequence[Violation]) -> tuple[Violation, ...]:
        return self.promoted.told(tuple(map(self._told, violations)))

    def text(self, text: str, words: Dictionary | None = None) -> str:
        """A text in which ids, and these `words`, stand as the partner writes them."""
        shown = self._shown_id if words is None else lambda token: self._shown_id(words.outward(token))

        def replaced(found: re.Match[str]) -> str:
            token = found[0].rstrip(_PUNCTUATION)
            return shown(token) + found[0][len(token) :]

        return _TOKEN.sub(replaced, text)

    def detail(self, value: Any, words: Dictionary | None = None) -> Any:
        """A detail of an error, likewise."""
        if isinstance(value, list | tuple):
            return [self.detail(one, words) for one in value]
        return self.text(value, words) if isinstance(value, str) else value

    def name(self, details: Mapping[str, Any]) -> None:
        """Show the ids in the details of an error as the partner writes them, also those that it did not send."""
        for name, domain in DETAILS.items():
            known, ours = self.wording.of(domain), details.get(name)
            if known is not None and isinstance(ours, str):
                self.named[ours] = known.outward(ours)

    def _told(self, found: Violation) -> Violation:
        if found.reason == WORD_NOT_AGREED:
            return found  # said in the partner's words
        message = self.text(found.message)
        known = self._known_at(found)
        if known is None or not (found.allowed or found.hint):
            return found if message == found.message else replace(found, message=message)
        allowed = tuple(known.outward(one) for one in found.allowed if known.has_word_for(one))
        hint = None if found.hint is None else known.outward(found.hint)
        return replace(found, message=_in_words(message, found.allowed, known), allowed=allowed, hint=hint)

    def _row(self, word: Word) -> str | None:
        known = self.wording.of(word.domain)
        return None if known is None else known.row(word.theirs)

    def _known_at(self, found: Violation) -> Dictionary | None:
        """The words of the place of a violation, or of which one is missing there."""
        if found.pointer in self._by_pointer:
            return self.wording.of(self._by_pointer[found.pointer].domain)
        place = tokens_of(found.pointer)
        return self.wording.at(place) or self.wording.of_elements(place, found.allowed)

    def _unknown(self, at: str, word: Word) -> Violation:
        known = self.wording.of(word.domain)
        text = f"{shortened(word.theirs)} is not agreed with you; your profile lists what you may write here"
        return Violation(at, Code.INVALID_VALUE, text, () if known is None else known.allowed, reason=WORD_NOT_AGREED)

    def _shown_id(self, ours: str) -> str:
        if (sent := self._sent_ids.get(ours, self.named.get(ours))) is not None:
            return sent
        known = (self.wording.of(domain) for domain in ID_DOMAINS)
        return next((one.theirs[ours] for one in known if one is not None and ours in one.theirs), ours)

    def _target(self, at: str) -> str:
        """Where a word goes that no field of the command is made of. A patch says it with its operation."""
        operation, _, below = at.removeprefix("/").partition("/value")
        return f"/carried{at}" if self.patch is None else f"{self.patch[int(operation)]['path']}{below}"

    @cached_property
    def _by_pointer(self) -> Mapping[str, Word]:
        return {pointer(at): word for at, word in self.words.items()}

    @cached_property
    def _sent_ids(self) -> Mapping[str, str]:
        found = (word for word in self.words.values() if word.domain in ID_DOMAINS and word.ours is not None)
        return {str(word.ours): word.theirs for word in found}


def in_our_words(asked: str | Named, wording: Wording | None, resource: Resource[Any]) -> str | Named:
    """The id that an address names. Raises NotFound for one with which the partner is shown no resource."""
    if wording is None:
        return asked
    theirs = asked if isinstance(asked, str) else asked.reference
    ours = wording.our_id(theirs)
    if ours is None:
        raise resource.kind.missing(theirs)
    return ours if isinstance(asked, str) else replace(asked, reference=ours)


def _subject(details: Mapping[str, Any]) -> str | None:
    found = details.get("id")
    return found if isinstance(found, str) else None


def _in_words(text: str, ours: Iterable[str], known: Dictionary) -> str:
    """A text in which these words of ours, where they are not quoted, stand as the partner writes them."""
    longest_first = sorted(ours, key=len, reverse=True)
    if not longest_first:
        return text
    word = re.compile(rf'(?<![\w"])(?:{"|".join(map(re.escape, longest_first))})(?![\w"])')
    return word.sub(lambda found: known.outward(found[0]), text)


def _rule(word: Word) -> str:
    return "mapped by profile" if word.domain in OF_PERSONS else f"mapped by profile: {word.theirs} is {word.ours}"


def _with(value: Any, words: Mapping[Tokens, str]) -> Any:
    """`value` with these words at these places."""
    if () in words:
        return words[()]
    below: dict[Any, dict[Tokens, str]] = {}
    for tokens, word in words.items():
        below.setdefault(tokens[0], {})[tokens[1:]] = word
    changed = dict(value) if isinstance(value, dict) else list(value)
    for token, inner in below.items():
        changed[token] = _with(changed[token], inner)
    return changed
