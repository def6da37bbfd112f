"""One resource in each version. Mappers and documents that are kept have v5's words; v4 is bridged to it.

What v5's contract does not take of a v4 body is set aside. Pointers in errors and records are those of the version that
the client uses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar

from canonical.audit.record import Mapped, Outcome
from canonical.shared import jsontext
from canonical.shared.criteria import Compare, Criterion, Not, Operator, PathStep
from facade.contract.nulls import without_nulls
from facade.contract.pointers import Tokens, pointer, shortened, tokens_of
from facade.contract.validator import Checked, Contract
from facade.contract.violations import Code, ContractViolation, Violation
from facade.partners.profiles import Profile
from facade.tmf.bridge import (
    COMPLEMENT,
    MOST_SET_ASIDE,
    Bridge,
    Bridged,
    Kind,
    Loss,
    NotVisible,
    fit,
    positions_aside,
    refuse_reserved,
    without_complement,
)
from facade.tmf.engine.answers import Shown
from facade.tmf.engine.declaration import Resource, Verb
from facade.tmf.engine.error_translation import client_pointers
from facade.tmf.engine.payload import Payload
from facade.tmf.engine.promotions import Promoting
from facade.tmf.engine.word_places import Node, in_v4, tree_of
from facade.tmf.engine.wording import Wording
from facade.tmf.patch import apply_patch
from facade.tmf.query.attributes import Attribute, Attributes, Names, SchemaAttributes
from facade.tmf.query.refusals import refusal
from facade.tmf.query.selection import Selection, selected

_BRIDGED: Mapping[Kind, Outcome] = MappingProxyType(
    {Kind.LOST: Outcome.CARRIED, Kind.DEFAULTED: Outcome.ENRICHED, Kind.RESHAPED: Outcome.MAPPED}
)
"""What became of a place of a v4 body that differs in v5. What v5 cannot hold is set aside, and shown in v4 again."""
MOST_WORDINGS = 1_000
_COMPLEMENTED = f'{{"{COMPLEMENT}":'
"""How the text of a document begins that has a complement."""


@dataclass(frozen=True)
class Version:
    """One resource in v5; `V4` says what is different in v4.

    `contract` is that of v5, which a resource has to keep however it was sent. `kept` are the attributes of the
    documents that are kept, in v5. `related` are the resources that its attributes refer to, by the attribute.
    """

    resource: Resource[Any]
    contract: Contract
    kept: SchemaAttributes
    bridge: Bridge
    related: Mapping[str, Resource[Any]]
    name: ClassVar[str] = "v5"

    @property
    def searchable(self) -> Attributes:
        """What its lists are filtered and sorted by."""
        return self.kept

    @property
    def selectable(self) -> SchemaAttributes:
        """What `fields` may name."""
        return self.kept

    def wording(self, profile: Profile) -> Wording | None:
        """The words of a partner for this resource; None if it uses ours."""
        known, targets = profile.words.dictionaries, self.resource.promotable
        rules = [one for one in profile.promotions if one.to in targets]
        if not rules and not (known and any(place.domain in known for place in self.resource.places)):
            return None
        seen = self._wordings.get(id(profile))
        if seen is not None and seen[0] is profile:
            return seen[1]
        promoting = tuple(Promoting(one, self._promotable[one.to], targets[one.to].beside) for one in rules)
        places = self.words_sent, self._words_kept
        made = Wording(*places, profile.words, profile.vocabulary, self._words_explaining, promoting)
        if len(self._wordings) >= MOST_WORDINGS:
            self._wordings.clear()
        self._wordings[id(profile)] = profile, made
        return made

    @property
    def visible(self) -> Criterion | None:
        """Which resources there are in this version; None for all."""
        return None

    def is_visible(self, state: str, resource: Resource[Any] | None = None) -> bool:
        """Whether the resource, or another one of the API, that shows this state exists in this version."""
        return True

    def operation_name(self, verb: Verb) -> str:
        """Operation name for idempotency and audit, prefixed with the version unless it is v5."""
        return self.resource.operation(verb)

    def lifted(self, body: Any) -> Bridged:
        """A body to create the resource with, in v5. Raises ContractViolation with this version's pointers."""
        refuse_reserved(body)
        return Bridged(body)

    def meant(self, body: Any) -> Any:
        """The same, without checking anything."""
        return body

    def losses(self, body: Any) -> Sequence[Loss]:
        """What the other version would not say of a body that keeps this version's contract."""
        return self.bridge.lower(self.resource.schema, body).losses

    def patched(self, document: Payload, media_type: str, patch: Any) -> Bridged:
        """The v5 document with a patch in this version's words. Raises what `apply_patch` does."""
        after = apply_patch(media_type, without_complement(document), patch)
        refuse_reserved(after)
        return Bridged(self.bridge.moved(self.resource.schema, document, after))

    def changed(self, before: Payload, after: Payload) -> list[str]:
        """The top-level v5 attributes that differ, also those that only v4 shows differently."""
        return self.bridge.changed(self.resource.schema, before, after)

    def extensions(self, body: Any) -> list[Tokens]:
        """The members of a body in this version that its contract does not declare."""
        return self.contract.extensions(self.resource.operation(Verb.CREATE), body)

    def as_shown(self, document: Payload) -> Payload:
        """A v5 document as this version has it."""
        return without_complement(document)

    def kept_place(self, at: Tokens) -> Tokens:
        """Where documents that are kept have what a body in this version has there."""
        return at

    def client_pointer(self, pointer: str, sent: Any, lifted: Any = None) -> str:
        """Where a v5 pointer leads in `sent`, a body in this version. `lifted`: the v5 body with its complement."""
        return pointer

    def client_trail(self, trail: tuple[Mapped, ...], bridged: Bridged, sent: Any) -> tuple[Mapped, ...]:
        """How each field was read, from what was sent on; what the bridge lost has no target."""
        return trail

    def shown(self, document: str, href: str, selection: Selection | None, wording: Wording | None = None) -> Shown:
        """A document kept as text without its href. Raises NotFound for what this version does not have.

        Without a selection, a complement and words of the client's, v5 neither parses nor writes JSON.
        """
        if selection is None and wording is None and not document.startswith(_COMPLEMENTED):
            return Shown(b'{"href":%b,%b' % (jsontext.write(href), document[1:].encode()))
        return self.written({"href": href} | jsontext.read_kept(document), selection, wording)

    def written(self, document: Payload, selection: Selection | None, wording: Wording | None = None) -> Shown:
        """A whole v5 document."""
        return Shown(_written(without_complement(document), selection, wording))

    def spoken(self, document: Payload) -> Payload:
        """A whole v5 document in this version. Raises NotFound for what this version does not have."""
        return without_complement(document)

    @cached_property
    def _wordings(self) -> dict[int, tuple[Profile, Wording]]:
        """Those of profiles that were met lately: a request needs its own three times, and the next one again."""
        return {}

    @cached_property
    def _promotable(self) -> Mapping[str, Tokens]:
        """Where this version has what an extension may say."""
        pointers = {name: self.shown_pointer(one.pointer) for name, one in self.resource.promotable.items()}
        return {name: tuple(0 if one == "0" else one for one in tokens_of(at)) for name, at in pointers.items()}

    def shown_pointer(self, at: str) -> str:
        """Where this version has what v5 documents have there."""
        return at

    @cached_property
    def _words_kept(self) -> Node:
        return tree_of(self.resource.places)

    @cached_property
    def _words_explaining(self) -> Node:
        told = self.bridge.classes[self.resource.schema].explained_by
        places = self.resource.places if told is not None else ()
        return tree_of(one for one in places if told and tokens_of(one.pointer)[0] == told.attribute)

    @cached_property
    def words_sent(self) -> Node:
        return self._words_kept


@dataclass(frozen=True)
class V4(Version):
    """`own` is the v4 contract, `attributes` are v4's."""

    own: Contract
    attributes: SchemaAttributes
    name: ClassVar[str] = "v4"

    @property
    def searchable(self) -> Attributes:
        return LiftedAttributes(self.bridge, self.resource.schema, self.attributes, self.kept)

    @property
    def selectable(self) -> SchemaAttributes:
        return self.attributes

    @property
    def visible(self) -> Criterion | None:
        hidden = self._hidden_states(self.resource)
        return Not(Compare((PathStep(self.resource.state_attribute),), Operator.EQUAL, hidden)) if hidden else None

    def is_visible(self, state: str, resource: Resource[Any] | None = None) -> bool:
        return state not in self._hidden_states(resource or self.resource)

    def operation_name(self, verb: Verb) -> str:
        return f"{self.name} {self.resource.operation(verb, self.name)}"

    def lifted(self, body: Any) -> Bridged:
        refuse_reserved(body)
        bridged = self.bridge.lift(self.resource.schema, body)
        for attribute, (hidden, instead) in self.resource.not_in_v4.items():
            if bridged.body.get(attribute) in hidden:
                text = f"a {self.resource.name} with this value cannot be seen in v4; use v5"
                raise ContractViolation([Violation(f"/{attribute}", Code.INVALID_VALUE, text, instead)])
        checked = self._created(self.contract, bridged.body)
        if bridged.leads_back and not checked.violations:
            return replace(bridged, body=checked.body)
        with client_pointers(lambda pointer: self.client_pointer(pointer, body)):
            return self.bridge.fit(self.resource.schema, body, bridged, self._judged)

    def meant(self, body: Any) -> Any:
        return self.bridge.lift(self.resource.schema, body).body

    def losses(self, body: Any) -> Sequence[Loss]:
        return self.lifted(body).losses

    def patched(self, document: Payload, media_type: str, patch: Any) -> Bridged:
        schema = self.resource.schema
        result = self.bridge.patched(schema, document, media_type, patch, self.lowered)
        if not result.asked:
            return Bridged(document)
        refuse_reserved(result.shown)
        creation = self.resource.operation(Verb.CREATE, self.name)
        checked = self.own.check_request(creation, result.shown)
        result = replace(result, shown=without_nulls(result.shown, checked.nulls))
        wrong = [one for one in checked.violations if (tokens_of(one.pointer) or [""])[0] in ("", *result.asked)]
        if wrong:
            raise ContractViolation(wrong)
        with client_pointers(lambda pointer: self.client_pointer(pointer, result.shown)):
            fitted = self.bridge.fit_patched(schema, document, result, self._judged)
        return replace(fitted, nulls=checked.nulls)

    def extensions(self, body: Any) -> list[Tokens]:
        return self.own.extensions(self.resource.operation(Verb.CREATE, self.name), body)

    def shown_pointer(self, at: str) -> str:
        return self.bridge.lower_pointer(self.resource.schema, at)

    def as_shown(self, document: Payload) -> Payload:
        shown: Payload = self.lowered(document).body
        return shown

    def kept_place(self, at: Tokens) -> Tokens:
        return tuple(self.bridge.lift_names(self.resource.schema, at))

    def client_pointer(self, pointer: str, sent: Any, lifted: Any = None) -> str:
        aside = positions_aside((lifted or {}).get(COMPLEMENT, ()))
        return self.bridge.sent_pointer(self.resource.schema, pointer, sent, aside)

    def client_trail(self, trail: tuple[Mapped, ...], bridged: Bridged, sent: Any) -> tuple[Mapped, ...]:
        aside, pointer_to = positions_aside(bridged.body.get(COMPLEMENT, ())), self.bridge.sent_pointer
        schema = self.resource.schema
        told = (replace(mapped, source=pointer_to(schema, mapped.source, sent, aside)) for mapped in trail)
        losses = (
            Mapped(loss.pointer, "", f"{loss.kind.value} in v5: {loss.reason}", _BRIDGED[loss.kind])
            for loss in bridged.losses
        )
        return (*told, *losses)

    def shown(self, document: str, href: str, selection: Selection | None, wording: Wording | None = None) -> Shown:
        return self.written({"href": href} | jsontext.read_kept(document), selection, wording)

    def written(self, document: Payload, selection: Selection | None, wording: Wording | None = None) -> Shown:
        if wording is not None:
            document = wording.explained(document)
        bridged = self.lowered(document)
        return Shown(_written(bridged.body, selection, wording), len(bridged.losses))

    def spoken(self, document: Payload) -> Payload:
        body: Payload = self.lowered(document).body
        return body

    @cached_property
    def words_sent(self) -> Node:
        return tree_of(in_v4(self.resource.places, self.bridge, self.resource.schema))

    def lowered(self, document: Payload) -> Bridged:
        """The document in v4, and no more of it than v4's contract takes. Raises NotFound for what v4 does not have."""
        try:
            bridged = self.bridge.lower(self.resource.schema, document)
        except NotVisible as error:
            raise self.resource.kind.missing(str(document["id"])) from error
        if not bridged.is_doubtful:
            return bridged
        retrieval = self.resource.operation(Verb.RETRIEVE, self.name)
        fitted = fit(
            bridged.body, lambda body: Checked(body, tuple(self.own.response_errors(retrieval, 200, body))), self.name
        )
        lost = [Loss(pointer(place), Kind.LOST, reason) for place, reason in fitted.places()]
        return replace(bridged, body=fitted.document, losses=(*bridged.losses, *lost))

    def _judged(self, body: Any) -> Checked:
        """What v5's contract says of a body, as a request and, since it is shown, as an answer.

        It lists more mistakes than clients are shown: each may be a value to set aside, and every look costs as much.
        """
        contract = self.contract.listing(MOST_SET_ASIDE + 1)
        checked = self._created(contract, body)
        if checked.violations:
            return checked
        answer = self.resource.operation(Verb.RETRIEVE)
        return Checked(checked.body, tuple(contract.response_errors(answer, 200, checked.body)))

    def _created(self, contract: Contract, body: Any) -> Checked:
        return contract.check_request(self.resource.operation(Verb.CREATE), body)

    def _hidden_states(self, resource: Resource[Any]) -> tuple[str, ...]:
        return self.bridge.hidden_values(resource.schema).get(resource.state_attribute, ())


def _written(document: Payload, selection: Selection | None, wording: Wording | None) -> bytes:
    return jsontext.write(selected(document if wording is None else wording.shown(document), selection))


@dataclass(frozen=True)
class LiftedAttributes:
    """v4's names of a resource, as steps in the v5 documents that are kept."""

    bridge: Bridge
    schema: str
    v4: SchemaAttributes
    v5: SchemaAttributes

    def find(self, parameter: str, names: Names) -> Attribute:
        asked = self.v4.find(parameter, names)
        path = ".".join(names)
        try:
            kept = self.v5.find(parameter, tuple(self.bridge.lift_path(self.schema, path).split(".")) if names else ())
            return replace(kept, values=asked.values)
        except ContractViolation:
            raise refusal(parameter, f"{shortened(path)} is only carried and cannot be searched") from None
