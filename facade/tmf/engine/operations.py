"""The operations of one declared resource in one version: one method for each."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import flask

from canonical.shared import jsontext
from canonical.shared.criteria import all_of
from canonical.shared.errors import InvalidCommand
from facade.answers import ErrorAnswer
from facade.application.requests import Request, Result
from facade.application.turns import Turns
from facade.application.use_cases import Application
from facade.contract.connexion_plugin import body_media_type, validated_body
from facade.contract.violations import ContractViolation
from facade.partners.profiles import Profiles, Validation
from facade.security.principal import Principal, current_principal
from facade.tmf.engine.answers import Shown, answer, answer_list
from facade.tmf.engine.changes import ChangeRequest, Patch, ResourceChanges
from facade.tmf.engine.declaration import Verb
from facade.tmf.engine.error_translation import client_states
from facade.tmf.engine.reads import Reads
from facade.tmf.engine.translator import ResourceTranslator
from facade.tmf.engine.versions import Version
from facade.tmf.patch import require_form
from facade.tmf.query.listing import read_listing
from facade.tmf.query.selection import Selection, selection_of
from facade.web.address import requested_address
from facade.web.conditions import known_versions, not_modified, required_versions
from facade.web.json import nothing
from facade.web.paging import only


@dataclass(frozen=True)
class ResourceOperations:
    version: Version
    application: Application
    reads: Reads
    profiles: Profiles
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
        resource = self.version.resource
        return {resource.operation(verb): methods[verb] for verb in methods if verb in resource.verbs}

    def create(self) -> flask.Response:
        """Keep what is asked for and answer it as it is then; it may be carried out afterwards.

        Raises CustomerNotFound before the key is looked up, so that nobody learns by it what was asked for others;
        NotFound where the caller no longer sees what an earlier request with the same key made: it was removed, or
        handed over to a customer of others.
        """
        selection = self._selection()
        body, principal = validated_body(), current_principal()
        self._translator.check_customers(body, principal)
        request = self._request(Verb.CREATE, body, principal)
        with client_states(self.version.resource.states):
            result = self.application.once(request, lambda: self._created(body, request, principal))
        if result.replayed:
            resource = self.version.resource
            self.reads.document(resource.kind, result.subject, resource.reader(principal))
        href = f"{requested_address()}/{result.subject}"
        headers = {"Location": href, "ETag": f'"{result.version}"'}
        return self._answer(self._shown(result.document, href, selection), result.subject, 201, headers)

    def retrieve(self, id: str) -> flask.Response:
        selection = self._selection()
        resource, principal = self.version.resource, current_principal()
        reader = resource.reader(principal)
        if known := known_versions():
            now = self.reads.standing(resource.kind, id, reader)
            if known.contains_weak(str(now.version)) and self.version.is_visible(now.state):
                return not_modified(now.version)
        kept = self.reads.document(resource.kind, id, reader)
        shown = self._shown(kept.document, _href(kept.id), selection)
        return self._answer(shown, kept.id, 200, {"ETag": f'"{kept.version}"'})

    def list(self) -> flask.Response:
        """A page of the resources that match: filters, JSONPath, sorting and selection as in TMF630."""
        version, resource = self.version, self.version.resource
        wanted = read_listing(flask.request.query_string, version.searchable, resource.name)
        selection = selection_of(wanted.fields, version.selectable)
        page, criterion, collection = wanted.page, all_of(version.visible, wanted.criterion), requested_address()
        reader = resource.reader(current_principal())
        found = self.reads.documents(resource.kind, resource.index, reader, page.slice, criterion, wanted.sort)
        shown = [self._shown(document, f"{collection}/{one}", selection) for one, document in found.members]
        headers = page.headers(collection, found, wanted.kept)
        return answer_list(shown, resource.name, page, wanted.kept, page.status(len(shown), found.total), headers)

    def patch(self, id: str) -> flask.Response:
        """Change the resource as the patch asks, where its state allows that.

        Raises NotFound where an earlier answer, kept with the key, is of a time when the resource was for others.
        """
        selection = self._selection()
        body, media_type, principal = validated_body(), body_media_type(), current_principal()
        require_form(media_type, body)
        resource_id = self._id_of(id, principal)
        patch = Patch(media_type, body, _href(resource_id))
        request = self._request(Verb.PATCH, {"id": resource_id, "patch": body, "as": media_type}, principal)
        asked = ChangeRequest(resource_id, request, principal, required_versions())
        with client_states(self.version.resource.states):
            result = self.application.once(request, lambda: self._changes.patch(patch, asked))
        if result.replayed and not self._translator.may_see(result.document, principal):
            raise self.version.resource.kind.missing(resource_id)
        shown = self._shown(result.document, patch.href, selection)
        return self._answer(shown, resource_id, 200, {"ETag": f'"{result.version}"'})

    def delete(self, id: str) -> flask.Response:
        """Remove the resource for good, where its state allows that."""
        only(flask.request.args, ())
        principal = current_principal()
        request = self._request(Verb.DELETE, {"id": id}, principal, keeps_answer=False)
        asked = ChangeRequest(id, request, principal, required_versions())
        with client_states(self.version.resource.states):
            self.application.once(request, lambda: self._changes.remove(asked))
        return nothing()

    @property
    def _translator(self) -> ResourceTranslator:
        return ResourceTranslator(self.version, self.profiles, self.reads)

    @property
    def _changes(self) -> ResourceChanges:
        return ResourceChanges(self.version, self.application, self.reads, self.profiles, self.turns)

    def _created(self, body: Any, request: Request, principal: Principal) -> Result:
        try:
            return self.application.execute(request, self._translator.translate(body, principal), 201)
        except (ContractViolation, InvalidCommand) as refusal:
            told, profile = self.answer_to(refusal), self.profiles.of(principal.client_id)
            reject = self.version.resource.to_rejection
            if reject is None or profile.validation is Validation.BEFORE_ACKNOWLEDGEMENT:
                raise
            bridged = self.version.lifted(body)
            rejection = reject(told, bridged.body, self._translator.sender(principal.client_id))
            trail = self.version.client_trail((), bridged, body)
            return self.application.execute(request, replace(rejection, trail=trail), 201, told.code)

    def _id_of(self, id: str, principal: Principal) -> str:
        """Our id of the resource. Raises NotFound before anybody waits for a turn."""
        resource = self.version.resource
        return self.reads.document(resource.kind, id, resource.reader(principal)).id

    def _request(self, verb: Verb, payload: Any, principal: Principal, *, keeps_answer: bool = True) -> Request:
        return Request(
            principal.client_id,
            self.version.operation_name(verb),
            flask.request.headers.get("Idempotency-Key"),
            payload,
            bound=principal.customers is not None,
            keeps_answer=keeps_answer,
        )

    def _shown(self, document: str, href: str, selection: Selection | None) -> Shown:
        references = self.version.resource.references
        if not references:
            return self.version.shown(document, href, selection)
        whole, api = jsontext.read_kept(document), href.rsplit("/", 2)[0]
        named = {
            name: whole[name] | {"href": f"{api}/{to}/{whole[name]['id']}"}
            for name, to in references.items()
            if name in whole
        }
        return self.version.written(whole | {"href": href} | named, selection)

    def _answer(self, shown: Shown, resource_id: str, status: int, headers: dict[str, str]) -> flask.Response:
        return answer(shown, self.version.resource.name, resource_id, status, headers)

    def _selection(self) -> Selection | None:
        only(flask.request.args, ("fields",))
        return selection_of(flask.request.args.get("fields"), self.version.selectable)


def _href(resource_id: str) -> str:
    """The address of the resource whose id or reference ends the address of the request."""
    return f"{requested_address().rpartition('/')[0]}/{resource_id}"
