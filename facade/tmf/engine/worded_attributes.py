"""Attributes of resources that lists are filtered by, in words of a partner's own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from facade.partners.dictionaries import Dictionary
from facade.tmf.domains import Domain
from facade.tmf.engine.word_places import Node
from facade.tmf.query.attributes import Attribute, Attributes, Names, Words


@dataclass(frozen=True)
class WordedAttributes:
    """`attributes` whose values are compared in the partner's words. `kept` tells where v5 documents have them."""

    attributes: Attributes
    kept: Node
    dictionaries: Mapping[Domain, Dictionary]

    def find(self, parameter: str, names: Names) -> Attribute:
        found = self.attributes.find(parameter, names)
        leaf = self.kept.leaf(step.name for step in found.steps)
        known = None if leaf is None or leaf.domain is None else self.dictionaries.get(leaf.domain)
        if leaf is None or known is None:
            return found
        words: Words = OtherPartiesToo(known) if leaf.conditional else known
        return replace(found, words=words)


@dataclass(frozen=True, slots=True)
class OtherPartiesToo:
    """The ids of customers at a place where those of other parties stand too, which are compared as they are."""

    known: Dictionary

    def meanings(self, theirs: str) -> tuple[str, ...]:
        return self.known.meanings(theirs) or (theirs,)

    @property
    def keeps_order(self) -> bool:
        return self.known.keeps_order

    @property
    def allowed(self) -> tuple[str, ...]:
        return self.known.allowed
