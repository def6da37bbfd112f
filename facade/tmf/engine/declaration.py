"""What an API declares: its resources, and for each how it is read, shown, changed and found."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic

from canonical.ordering.commands import OrderMarket
from canonical.ordering.external_ids import ANY_UNIQUE, ExternalIdRules
from canonical.shared import jsontext
from canonical.shared.aggregates import A, Kind
from canonical.shared.criteria import Compare, Criterion, Operator, PathStep
from canonical.shared.projection import Projection, SearchIndex, Term, term_of
from canonical.shared.reader import ALL, Only, Reader
from facade.answers import AnswerTable, ErrorAnswer
from facade.application.requests import Translation
from facade.partners.extensions import CARRIES_ALL, ExtensionRules
from facade.tmf.bridge import Bridge
from facade.tmf.domains import Place, Promotable
from facade.tmf.engine.payload import Payload
from facade.tmf.policies import NO_POLICIES, OrderPolicies
from facade.tmf.vocabulary import Vocabulary

if TYPE_CHECKING:
    from facade.security.principal import Principal


class Verb(StrEnum):
    """What can be done with a resource; the beginning of its operationId."""

    CREATE = "create"
    RETRIEVE = "retrieve"
    LIST = "list"
    PATCH = "patch"
    DELETE = "delete"


ALL_VERBS = frozenset(Verb)
TASK_VERBS = frozenset({Verb.CREATE, Verb.RETRIEVE, Verb.LIST})
"""A task is created and looked at; it changes by itself."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends a payload: the client, what its words mean, where it sells, the codes of rules that it may break,
    `excusable` with a reason, and what was agreed about its external identifiers and billing accounts.

    `version` of the API is the one it speaks, and it reached us at `origin`, such as https://host.example. `may` says
    whether it holds a scope, `reader` what it sees and for which customers it may act. `reason` is a person's, for a
    change of a resource that asks for one. Not `told`: nobody asks how its payload is read, so the trail may be left
    out. `profile` names the version of its partner profile, `extensions` are those that it
    may send, and `refuses_nulls` says whether it may send no nulls. `policies` were agreed about its orders.
    """

    client: str
    vocabulary: Vocabulary
    markets: tuple[OrderMarket, ...] = ()
    tolerated: tuple[str, ...] = ()
    version: str = "v5"
    origin: str = ""
    may: Callable[[str], bool] = lambda scope: False
    reason: str | None = None
    reader: Reader | None = None
    told: bool = True
    excusable: tuple[str, ...] = ()
    external_ids: ExternalIdRules = ANY_UNIQUE
    billing_accounts: tuple[str, ...] = ()
    profile: str | None = None
    extensions: ExtensionRules = CARRIES_ALL
    refuses_nulls: bool = False
    policies: OrderPolicies = NO_POLICIES


@dataclass(frozen=True)
class PatchRules(Generic[A]):
    """How a PATCH becomes a command. The patch is applied to the document; what differs says what is asked for.

    `never` names attributes that nobody changes, with the reason. `asked` says what changing these attributes asks for,
    of the aggregate, their names, the document with the patch and who asks; it raises InvalidTransition for what is not
    allowed now. `as_created` is what would have had to be sent to have the resource as it is to be. `to_change` makes
    the command, of what is asked for, the aggregate, the names, and that payload. `replaces` says of the aggregate and
    that command whether it makes a new one instead of changing this.
    """

    never: Mapping[str, str]
    asked: Callable[[A, Collection[str], Payload, Sender], Any]
    as_created: Callable[[Payload, A], Payload]
    to_change: Callable[[Any, A, Collection[str], Payload, Sender], Translation]
    replaces: Callable[[A, Any], bool] = lambda aggregate, command: False


@dataclass(frozen=True)
class Resource(Generic[A]):
    """One resource of an API. Its mapper speaks v5.

    `name` is the last part of its address, `schema` its class in the contracts; `v4_name` is its name in v4, where its
    class is called so too, if that is another. `to_command` raises ContractViolation with everything that is refused.
    `project` makes the v5 document, without addresses. `states` are the states that
    the document shows in `state_attribute`.

    `index`: by which columns of the store, and by which texts in the document, it is found. `references` are attributes
    that may name another resource of the API: it must be one that the caller sees, and its address depends on the one
    used. `owned_by_scope`: clients see their own ones only, and everybody's with the scope `<owned_by_scope>:all`; None
    where everybody sees all.
    `customers_named` are the customers in a payload, each with its pointer; None where no payload names any.
    `to_removal` gets the id, the version that is expected, whether only one of several versions of the resource is
    meant, and who asks. A person's reason for a change comes in the header `reason_header`, if there is one.
    `to_rejection` makes a resource that is acknowledged and then rejected; only some can be.
    Who has none of `insider_scopes` sees only what shows one of `public_states`, if these are given, and what `only`
    says; `found_by` reads from a document what `only` looks for. `scopes_of` are
    the scopes that a command needs beside those of the operation, by the state that is shown of what it changes or
    removes; None where it makes something new.
    `places`: where it has ids and words for which a partner may have its own. `promotable`: what an extension of
    a partner's may say.
    `not_in_v4` are values that make a resource invisible in v4, by attribute, each with the values to use instead.
    """

    name: str
    schema: str
    kind: Kind[A]
    to_command: Callable[[Payload, Sender], Translation]
    project: Callable[[A, Payload], Payload]
    states: Mapping[Any, str]
    state_attribute: str = "state"
    verbs: frozenset[Verb] = ALL_VERBS
    index: SearchIndex = SearchIndex()
    references: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    owned_by_scope: str | None = None
    patch: PatchRules[A] | None = None
    to_removal: Callable[[str, int | None, bool, Sender], Translation] | None = None
    to_rejection: Callable[[ErrorAnswer, Payload, Sender], Translation] | None = None
    customers_named: Callable[[Payload, Vocabulary], Mapping[str, str]] | None = None
    only: Callable[[Principal], Only] = lambda principal: ()
    found_by: Callable[[Payload], Iterable[tuple[str, str]]] = lambda document: ()
    public_states: frozenset[str] | None = None
    insider_scopes: frozenset[str] = frozenset()
    scopes_of: Callable[[Any, str | None], Collection[str]] = lambda command, shown: ()
    not_in_v4: Mapping[str, tuple[Collection[str], tuple[str, ...]]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    v4_name: str | None = None
    reason_header: str | None = None
    places: tuple[Place, ...] = ()
    promotable: Mapping[str, Promotable] = field(default_factory=lambda: MappingProxyType({}))

    def name_in(self, version: str) -> str:
        """The last part of its address in this version."""
        return self.v4_name or self.name if version == "v4" else self.name

    def schema_in(self, version: str) -> str:
        """Its class in the contract of this version."""
        return self.schema if self.name_in(version) == self.name else _capitalized(self.name_in(version))

    def operation(self, verb: Verb, version: str = "v5") -> str:
        """The operationId in this version: `createProductOrder`."""
        return f"{verb}{_capitalized(self.name_in(version))}"

    def reader(self, principal: Principal) -> Reader:
        if self.owned_by_scope is not None:
            return principal.reader(self.owned_by_scope)
        return ALL if self.sees_all(principal) else replace(ALL, only=self.only(principal))

    def sees_all(self, principal: Principal) -> bool:
        """Whether it is no outsider, who sees the public states only."""
        return self.public_states is None or any(principal.may_all((scope,)) for scope in self.insider_scopes)

    def public(self, principal: Principal) -> Criterion | None:
        """What an outsider sees; None for all."""
        return None if self.sees_all(principal) else self.outsiders_see

    @property
    def outsiders_see(self) -> Criterion | None:
        if self.public_states is None:
            return None
        return Compare((PathStep(self.state_attribute),), Operator.EQUAL, tuple(sorted(self.public_states)))

    def projection(self, aggregate: A, carried: Payload) -> Projection:
        document = self.project(aggregate, carried)
        terms = terms_of(document, self.index.terms)
        return Projection(document[self.state_attribute], jsontext.text(document), terms)

    @property
    def addresses(self) -> frozenset[str]:
        """Attributes that depend on the address used, so that nothing can be found by them."""
        return frozenset({"href", *(f"{attribute}.href" for attribute in self.references)})


@dataclass(frozen=True)
class ServedVersion:
    """One version of an API: its contract, and other addresses for the same."""

    spec: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class TmfApi:
    """An API. `versions` are those that are served, by their names (`v5`, `v4`); all speak of the same resources.

    `answers`: how the errors of its context are answered, where their nearest ancestor's answer is not enough.
    """

    name: str
    versions: Mapping[str, ServedVersion]
    bridge: Bridge
    resources: tuple[Resource[Any], ...]
    answers: AnswerTable = field(default_factory=lambda: MappingProxyType({}))

    def resource(self, name: str) -> Resource[Any]:
        return next(one for one in self.resources if one.name == name)


def _capitalized(name: str) -> str:
    return f"{name[0].upper()}{name[1:]}"


def terms_of(document: Payload, paths: Iterable[tuple[str, ...]]) -> frozenset[Term]:
    """What is found by the values that stand at the paths."""
    found = (term_of(".".join(path), value) for path in paths for value in _values(document, path))
    return frozenset(one for one in found if one is not None)


def _values(value: Any, names: tuple[str, ...]) -> Iterable[Any]:
    if isinstance(value, list):
        return [one for each in value for one in _values(each, names)]
    if not names:
        return (value,)
    return _values(value[names[0]], names[1:]) if isinstance(value, dict) and names[0] in value else ()
