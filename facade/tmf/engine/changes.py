"""A PATCH becomes a command: it is applied to the document as its client sees it, and what then differs says what."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from typing import Any

from werkzeug.datastructures import ETags

from canonical.audit.record import Mapped
from canonical.shared.editions import Named
from canonical.shared.overtaken import unless_overtaken
from canonical.shared.projection import StoredDocument
from facade.application.requests import Request, Result, Translation
from facade.application.turns import Turns
from facade.application.use_cases import Application
from facade.contract.nulls import refused
from facade.contract.pointers import escaped
from facade.contract.violations import Code, ContractViolation, Violation
from facade.security.principal import Principal
from facade.tmf.bridge import COMPLEMENT, Bridged, with_complement, without_complement
from facade.tmf.engine.addresses import entity_tag
from facade.tmf.engine.declaration import PatchRules, Sender, Verb
from facade.tmf.engine.error_translation import client_pointers
from facade.tmf.engine.extensions import added, with_extensions
from facade.tmf.engine.mapping import carried as carried_at
from facade.tmf.engine.mapping import left_out
from facade.tmf.engine.payload import Payload
from facade.tmf.engine.reads import Reads
from facade.tmf.engine.senders import sender_of
from facade.tmf.engine.versions import Version
from facade.tmf.engine.wording import ReadWords
from facade.web.conditions import check_version


@dataclass(frozen=True, slots=True)
class Patch:
    """A patch, and the address of the resource that its client knows. `read`: how it was sent in words of the
    partner's. `nulls` of it were read as absent.
    """

    media_type: str
    body: Any
    href: str
    read: ReadWords | None = None
    nulls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """Who wants which resource changed, by its id or as one of several versions. `if_match` are the versions that the
    caller named, None without If-Match; `tag` is what entity tags end with for it.
    """

    resource_id: str | Named
    request: Request
    principal: Principal
    if_match: ETags | None
    tag: str = ""


@dataclass(frozen=True)
class ResourceChanges:
    """Changes of resources that are there, each planned on what it is then and made only of that.

    A change that somebody else overtook is planned anew. `turns` keeps changes that come to this server process from
    being planned in vain because of each other. Both methods raise what the resource's core raises, and NotFound,
    VersionMismatch and ConcurrentChange.
    """

    version: Version
    application: Application
    reads: Reads
    turns: Turns

    def patch(self, patch: Patch, asked: ChangeRequest) -> Result:
        """The document afterwards and its version."""
        named = asked.resource_id
        with self.turns.turn(named if isinstance(named, str) else named.reference):
            return unless_overtaken(lambda: self._patch_once(patch, asked))

    def remove(self, asked: ChangeRequest) -> Result:
        return unless_overtaken(lambda: self._remove_once(asked))

    def _patch_once(self, patch: Patch, asked: ChangeRequest) -> Result:
        resource, rules, principal = self.version.resource, self.version.resource.patch, asked.principal
        assert rules is not None, "a resource that can be patched says how"
        aggregate, carried, kept = self.reads.to_change(
            resource.kind, asked.resource_id, resource.reader(asked.principal)
        )
        self._check(kept, asked)
        translation = planned(self.version, rules, patch, aggregate, carried, self._sender(asked))
        if translation is None:
            answer = {"document": kept.document, "version": kept.version}
            return self.application.unchanged(asked.request, (resource.kind.name, kept.id), answer)
        if translation.customer_id is not None:
            principal.check_customer(translation.customer_id, translation.source_of("/customer_id"))
        principal.require(resource.scopes_of(translation.command, kept.state))
        return self.application.execute(asked.request, translation, 200)

    def _remove_once(self, asked: ChangeRequest) -> Result:
        resource = self.version.resource
        assert resource.to_removal is not None, "a resource that can be deleted says how"
        named = asked.resource_id
        kept = self.reads.document(resource.kind, named, resource.reader(asked.principal))
        self._check(kept, asked)
        expected = None if asked.if_match is None else kept.version
        one_version = isinstance(named, Named) and named.edition is not None
        translation = resource.to_removal(kept.id, expected, one_version, self._sender(asked))
        asked.principal.require(resource.scopes_of(translation.command, kept.state))
        return self.application.execute(asked.request, translation, 204)

    def _sender(self, asked: ChangeRequest) -> Sender:
        principal, reader = asked.principal, self.version.resource.reader(asked.principal)
        return sender_of(principal.client_id, principal.profile, reason=asked.request.reason, reader=reader)

    def _check(self, kept: StoredDocument, asked: ChangeRequest) -> None:
        """Raises NotFound for what this version of the API does not have or the caller does not see, or
        VersionMismatch.
        """
        if not is_seen(self.version, kept.state, asked.principal):
            raise self.version.resource.kind.missing(kept.id)
        plain = kept.edition is None and not asked.tag
        check_version(asked.if_match, kept.version if plain else entity_tag(kept.version, kept.edition) + asked.tag)


def is_seen(version: Version, state: str, principal: Principal) -> bool:
    """Whether a resource that shows this state is there for the caller in this version of the API."""
    public = version.resource.public_states
    return version.is_visible(state) and (public is None or state in public or version.resource.sees_all(principal))


def planned(
    version: Version, rules: PatchRules[Any], patch: Patch, aggregate: Any, carried: Payload, sender: Sender
) -> Translation | None:
    """What the patch asks for; None for nothing.

    Raises ContractViolation for what is never changed and for a result that could not have been created,
    InvalidTransition for what the state does not allow, TestFailed for a `test` that does not hold.
    """
    resource = version.resource
    before = {"href": patch.href, **resource.project(aggregate, carried)}
    bridged = _patched(version, before, patch)
    after = bridged.body
    names = version.changed(before, after)
    with client_pointers(lambda pointer: version.client_pointer(pointer, patch.body, after)):
        _refuse_what_never_changes(names, rules)
        asked = rules.asked(aggregate, names, after, sender)
        if not asked:
            return None
        created = rules.as_created(without_complement(after), aggregate)
        checked = version.contract.check_request(resource.operation(Verb.CREATE), created)
        absent = (*bridged.nulls, *(version.client_pointer(at, patch.body, after) for at in checked.nulls))
        if wrong := (*checked.violations, *(refused(absent) if sender.refuses_nulls else ())):
            raise ContractViolation(wrong)
        body = with_complement(checked.body, after.get(COMPLEMENT, ()))
        translation = rules.to_change(asked, aggregate, names, body, sender)
        read = (*translation.trail, *_not_read(names, translation.trail, after, resource.state_attribute))
        trail = (*version.client_trail(read, bridged, patch.body), *left_out((*patch.nulls, *absent)))
        trail = trail if patch.read is None else patch.read.trail(trail)
        changes = None if rules.replaces(aggregate, translation.command) else aggregate.id
        told = _of_changed(read, names, trail)
        changed = replace(translation, trail=trail, told=told, changes=changes, replannable=True)
        return with_extensions(changed, added(version, before, after), sender.extensions, version)


def _patched(version: Version, before: Payload, patch: Patch) -> Bridged:
    body, read = patch.body, patch.read
    if read is not None:
        read.check(before)
        if read.promoted.sent:
            body, before = read.promoted.onto(body, before, version.as_shown(before))
    return version.patched(before, patch.media_type, body)


def _not_read(names: Collection[str], trail: Sequence[Mapped], after: Payload, state: str) -> Iterator[Mapped]:
    """What is to be told of changed attributes that the command does not have."""
    told = {_attribute(one.source) for one in trail}
    for name in names:
        place = f"/{escaped(name)}"
        if place in told:
            continue
        if name == state:
            yield Mapped(place, place, "the state that is asked for")
        elif name in after:
            yield carried_at(place)
        else:
            yield Mapped(place, f"/carried{place}", "removed")


def _attribute(pointer: str) -> str:
    """The pointer of the attribute of the resource in which a place is."""
    return "/".join(pointer.split("/", 2)[:2])


def _of_changed(read: Sequence[Mapped], names: Collection[str], trail: Sequence[Mapped]) -> tuple[Mapped, ...]:
    """What `trail` tells of the changed attributes; `read` has the same fields as v5 names them. The other attributes
    were not sent.
    """
    changed = {f"/{escaped(name)}" for name in names}
    sent = (_attribute(one.source) in changed for one in read)
    return (*compress(trail, sent), *trail[len(read) :])


def _refuse_what_never_changes(names: Collection[str], rules: PatchRules[Any]) -> None:
    found = [
        Violation(f"/{name}", Code.UNEXPECTED_PROPERTY, f"{name} cannot be changed: {rules.never[name]}")
        for name in names
        if name in rules.never
    ]
    if found:
        raise ContractViolation(found)
