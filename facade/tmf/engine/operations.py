"""The operations of one declared resource in one version: one method for each."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import flask

from canonical.shared import jsontext
from canonical.shared.criteria import Criterion, all_of
from canonical.shared.editions import Named
from canonical.shared.errors import InvalidCommand
from canonical.shared.projection import Listed
from facade.answers import ErrorAnswer
from facade.application.requests import Request, Result
from facade.application.turns import Turns
from facade.application.use_cases import Application
from facade.contract.connexion_plugin import (
    allowances,
    body_media_type,
    nulls_left_out,
    reworded_body,
    validated_body,
)
from facade.contract.violations import ContractViolation
from facade.evidence import refused_places
from facade.partners.profiles import Validation
from facade.security.principal import Principal, current_principal
from facade.tmf.engine.addresses import addressed, entity_tag, last_part, named, pinned
from facade.tmf.engine.answers import Shown, answer, answer_list
from facade.tmf.engine.changes import ChangeRequest, Patch, ResourceChanges, is_seen
from facade.tmf.engine.declaration import Verb
from facade.tmf.engine.extensions import headers_of
from facade.tmf.engine.mapping import left_out
from facade.tmf.engine.reads import Reads
from facade.tmf.engine.translator import ResourceTranslator
from facade.tmf.engine.versions import Version
from facade.tmf.engine.wording import ReadWords, Wording, in_our_words
from facade.tmf.patch import require_form
from facade.tmf.query.listing import read_listing
from facade.tmf.query.selection import Selection, selection_of
from facade.web.address import requested_address
from facade.web.conditions import known_versions, not_modified, required_versions
from facade.web.json import nothing
from facade.web.keyed import keyed_request, repeated
from facade.web.paging import only


@dataclass(frozen=True)
class ResourceOperations:
    version: Version
    application: Application
    reads: Reads
    turns: Turns
    answer_to: Callable[[Exception], ErrorAnswer]

    def operations(self) -> dict[str, Callable[..., Any]]:
        methods: dict[Verb, Callable[..., Any]] = {
            Verb.CREATE: self.create,
            Verb.RETRIEVE: self.retrieve,
            Verb.LIST: self.list,
            Verb.PATCH: self.patch,
            Verb.DELETE: self.delete,
        }
        resource, spoken = self.version.resource, self.version.name
        return {resource.operation(verb, spoken): methods[verb] for verb in methods if verb in resource.verbs}

    def create(self) -> flask.Response:
        """Keep what is asked for and answer it as it is then; it may be carried out afterwards.

        Raises CustomerNotFound before the key is looked up, so that nobody learns by it what was asked for others;
        NotFound where the caller no longer sees what an earlier request with the same key made: it was removed, or
        handed over to a customer of others.
        """
        selection = self._selection()
        body, principal, read = validated_body(), current_principal(), _read()
        wording = self._wording(principal)
        with self._told(wording, read):
            self._translator.check_customers(body, principal)
            request = self._request(Verb.CREATE, _as_sent(body, read), principal)
            result = self.application.idempotently(request, lambda: self._created(body, request, principal, read))
        if result.replayed:
            resource = self.version.resource
            self.reads.document(resource.kind, result.subject, resource.reader(principal))
        name, edition = self._names_in(result)
        shown_id = _their_id(name, wording)
        href = f"{requested_address()}/{last_part(shown_id, edition if 'id' in body else None)}"
        tag = entity_tag(result.version, edition) + _tag(wording)
        headers = {"Location": href, "ETag": f'"{tag}"'} | headers_of(result) | repeated(result)
        return self._answer(self._shown(result.document, href, selection, wording), href, 201, headers)

    def retrieve(self, id: str) -> flask.Response:
        selection = self._selection()
        resource, principal = self.version.resource, current_principal()
        wording = self._wording(principal)
        reader, asked = resource.reader(principal), self._named(id, wording)
        with self._told(wording):
            if known := known_versions():
                now = self.reads.revision(resource.kind, asked, reader)
                tag = entity_tag(now.version, now.edition) + _tag(wording)
                if known.contains_weak(tag) and is_seen(self.version, now.state, principal):
                    return not_modified(tag)
            kept = self.reads.document(resource.kind, asked, reader)
        if not is_seen(self.version, kept.state, principal):
            raise resource.kind.missing(id)
        href, tag = _href(_address_of(asked, kept.id, wording)), entity_tag(kept.version, kept.edition) + _tag(wording)
        return self._answer(self._shown(kept.document, href, selection, wording), href, 200, {"ETag": f'"{tag}"'})

    def list(self) -> flask.Response:
        """A page of the resources that match: filters, JSONPath, sorting and selection as in TMF630.

        Of several versions of a resource the present one is listed; all of them for an insider who asks for one id, and
        the one that is asked for by its name.
        """
        version, resource, principal = self.version, self.version.resource, current_principal()
        name = resource.name_in(version.name)
        wording = self._wording(principal)
        searchable = version.searchable if wording is None else wording.searchable(version.searchable)
        wanted = read_listing(flask.request.query_string, searchable, name)
        selection = selection_of(wanted.fields, version.selectable)
        every_version = self._lists_every_version(wanted.criterion, principal)
        page, collection = wanted.page, requested_address()
        found = self.reads.documents(
            resource.kind,
            resource.index,
            resource.reader(principal),
            page.slice,
            all_of(version.visible, resource.public(principal), wanted.criterion),
            wanted.sort,
            self.application.clock.now() if resource.kind.versioned and not every_version else None,
        )
        shown = [
            self._shown(
                one.document, f"{collection}/{self._address_in_list(one, every_version, wording)}", selection, wording
            )
            for one in found.members
        ]
        headers = page.headers(collection, found, wanted.kept)
        return answer_list(shown, name, page, wanted.kept, page.status(len(shown), found.total), headers)

    def patch(self, id: str) -> flask.Response:
        """Change the resource as the patch asks, where its state allows that.

        Raises NotFound where an earlier answer, kept with the key, is of a time when the resource was for others.
        """
        selection = self._selection()
        body, media_type, principal = validated_body(), body_media_type(), current_principal()
        require_form(media_type, body)
        wording, read = self._wording(principal), _read()
        asked_for = self._named(id, wording)
        with self._told(wording):
            kept = self.reads.document(self.version.resource.kind, asked_for, self.version.resource.reader(principal))
        href = _href(_address_of(asked_for, kept.id, wording))
        patch = Patch(media_type, body, href, read, nulls_left_out())
        payload = {"id": _address_of(asked_for, kept.id), "patch": _as_sent(body, read), "as": media_type}
        request = self._request(Verb.PATCH, payload, principal)
        named = asked_for if self.version.resource.kind.versioned else kept.id
        asked = ChangeRequest(named, request, principal, required_versions(), _tag(wording))
        with self._told(wording, read):
            result = self.application.idempotently(request, lambda: self._changes.patch(patch, asked))
        if result.replayed and not self._translator.may_see(result.document, principal):
            raise self.version.resource.kind.missing(kept.id)
        name, edition = self._names_in(result)
        href = _href(last_part(_their_id(name, wording), edition)) if result.is_new else patch.href
        tag = entity_tag(result.version, edition) + _tag(wording)
        headers = {"ETag": f'"{tag}"'} | headers_of(result)
        return self._answer(self._shown(result.document, href, selection, wording), href, 200, headers)

    def delete(self, id: str) -> flask.Response:
        """Remove the resource for good, where its state allows that."""
        only(flask.request.args, ())
        principal = current_principal()
        wording = self._wording(principal)
        request = self._request(Verb.DELETE, {"id": id}, principal, keeps_answer=False)
        asked = ChangeRequest(self._named(id, wording), request, principal, required_versions(), _tag(wording))
        with self._told(wording):
            self.application.idempotently(request, lambda: self._changes.remove(asked))
        return nothing()

    @property
    def _translator(self) -> ResourceTranslator:
        return ResourceTranslator(self.version, self.reads)

    @property
    def _changes(self) -> ResourceChanges:
        return ResourceChanges(self.version, self.application, self.reads, self.turns)

    def _wording(self, principal: Principal) -> Wording | None:
        return self.version.wording(principal.profile)

    def _told(self, wording: Wording | None, read: ReadWords | None = None) -> AbstractContextManager[None]:
        return self._translator.told(wording, read)

    def _created(self, body: Any, request: Request, principal: Principal, read: ReadWords | None) -> Result:
        try:
            translation = self._translator.translate(body, principal, request.reason, read, allowances())
            translation = replace(translation, trail=(*translation.trail, *left_out(nulls_left_out())))
            return self.application.execute(request, translation, 201)
        except (ContractViolation, InvalidCommand) as refusal:
            told, reject = self.answer_to(refusal), self.version.resource.to_rejection
            if reject is None or principal.profile.validation is Validation.BEFORE_ACKNOWLEDGEMENT:
                raise
            bridged = self.version.lifted(body)
            rejection = reject(told, bridged.body, self._translator.sender(principal))
            trail = self.version.client_trail((), bridged, body)
            trail = (*(trail if read is None else read.trail(trail)), *refused_places(told.errors))
            return self.application.execute(request, replace(rejection, trail=trail), 201, told.code)

    def _named(self, part: str, wording: Wording | None) -> str | Named:
        resource = self.version.resource
        return in_our_words(named(resource, part, self.application.clock.now()), wording, resource)

    def _names_in(self, result: Result) -> tuple[str, str | None]:
        """The id that clients know, and the version of what has several."""
        if not self.version.resource.kind.versioned:
            return result.subject, None
        document = jsontext.read_kept(result.document)
        return document["id"], document.get("version")  # answers of 0.2.0, which are kept with their keys, have none

    def _lists_every_version(self, criterion: Criterion | None, principal: Principal) -> bool:
        names = pinned(criterion)
        return "version" in names or ("id" in names and self.version.resource.sees_all(principal))

    def _address_in_list(self, listed: Listed, every_version: bool, wording: Wording | None) -> str:
        if listed.reference is None or not self.version.resource.kind.versioned:
            return listed.id if wording is None else last_part(wording.their_id(listed.id))
        return last_part(_their_id(listed.reference, wording), listed.edition if every_version else None)

    def _request(self, verb: Verb, payload: Any, principal: Principal, *, keeps_answer: bool = True) -> Request:
        header = self.version.resource.reason_header
        reason = None if header is None else flask.request.headers.get(header)
        name = self.version.operation_name(verb)
        return keyed_request(principal, name, payload, keeps_answer=keeps_answer, reason=reason)

    def _shown(self, document: str, href: str, selection: Selection | None, wording: Wording | None) -> Shown:
        resource = self.version.resource
        if not resource.references:
            return self.version.shown(document, href, selection, wording)
        return self.version.written(addressed(resource, jsontext.read_kept(document), href), selection, wording)

    def _answer(self, shown: Shown, href: str, status: int, headers: dict[str, str]) -> flask.Response:
        return answer(shown, self.version.resource.name_in(self.version.name), href, status, headers)

    def _selection(self) -> Selection | None:
        only(flask.request.args, ("fields",))
        return selection_of(flask.request.args.get("fields"), self.version.selectable)


def _href(last: str) -> str:
    """The address of the resource whose id or reference ends the address of the request."""
    return f"{requested_address().rpartition('/')[0]}/{last}"


def _address_of(asked: str | Named, kept_id: str, wording: Wording | None = None) -> str:
    """The last part of an address, in the words of the client if `wording` is given."""
    if isinstance(asked, str):
        return kept_id if wording is None else last_part(wording.their_id(kept_id))
    return last_part(_their_id(asked.reference, wording), asked.edition)


def _read() -> ReadWords | None:
    """How the body of the request was sent in the client's own words."""
    found = reworded_body()
    return found if isinstance(found, ReadWords) else None


def _as_sent(body: Any, read: ReadWords | None) -> Any:
    """What requests are told apart by: the same whatever the profile says today."""
    return body if read is None else read.sent(body)


def _their_id(ours: str, wording: Wording | None) -> str:
    return ours if wording is None else wording.their_id(ours)


def _tag(wording: Wording | None) -> str:
    return "" if wording is None else wording.tag
