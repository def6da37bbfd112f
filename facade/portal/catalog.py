"""The canonical API's catalog: each kind of item listed, read, changed, published and retired in the same way."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any

import flask
from werkzeug.datastructures import ETags

from canonical.catalog.commands import ChangeItem, CreateItem, RemoveItem
from canonical.catalog.item import Definition, Item
from canonical.catalog.lifecycle import PUBLISHED, LifecycleStatus
from canonical.catalog.named import unresolved
from canonical.catalog.words import having
from canonical.shared.criteria import Compare, Criterion, Operator, PathStep, all_of
from canonical.shared.editions import Named
from canonical.shared.ports import Clock
from canonical.shared.reader import ALL, Reader
from facade.application.requests import Request, Result, Translation
from facade.application.use_cases import Application
from facade.clock import instant
from facade.contract.connexion_plugin import validated_body
from facade.contract.messages import not_one_of
from facade.contract.violations import Code, ContractViolation, Violation
from facade.portal.catalog_documents import Section, definition_of, document_of, tag_of, trail_of, with_status
from facade.portal.catalog_reads import INDEX, CatalogReads
from facade.portal.pages import page_document
from facade.security.principal import Principal, current_principal
from facade.tmf.engine.addresses import last_part
from facade.web.address import requested_address
from facade.web.conditions import check_version, required_versions
from facade.web.cursors import Course
from facade.web.json import answer_json, nothing
from facade.web.keyed import keyed_request
from facade.web.paging import PAGING, only, page_of

INSIDERS = ("catalog:write", "catalog:publish")
"""Scopes whose holders see what is not published, too."""
PUBLISH = "catalog:publish"
NO_HEADERS: Mapping[str, str] = MappingProxyType({})
FILTERS = ("text", "status", "at")


@dataclass(frozen=True)
class PortalCatalog:
    application: Application
    reads: CatalogReads
    clock: Clock
    sections: tuple[Section, ...]

    def operations(self) -> dict[str, Callable[..., Any]]:
        methods: dict[str, Callable[..., Any]] = {
            "get": self.get,
            "create": self.create,
            "replace": self.replace,
            "publish": self.publish,
            "retire": self.retire,
            "delete": self.delete,
        }
        found: dict[str, Callable[..., Any]] = {}
        for section in self.sections:
            found |= {f"{verb}{section.noun}": partial(method, section) for verb, method in methods.items()}
            found |= {
                f"list{section.plural}": partial(self.list_items, section),
                f"list{section.noun}Versions": partial(self.list_versions, section),
            }
        return found

    def list_items(self, section: Section) -> flask.Response:
        """Of each item the version that counts at the moment `at`, now without it."""
        query = flask.request.args
        only(query, (*PAGING, *FILTERS, *section.filters))
        page = page_of(query, Course(f"catalog {section.kind.name}"))
        moment = self.moment()
        asked = [*section.criteria(query, moment), _seen(current_principal(), query.get("status"))]
        asked += [having(query["text"])] if "text" in query else []
        found = self.reads.found(section.kind, INDEX, self._reader(section), page.slice, all_of(*asked), moment)
        documents = [document_of(section, item.as_of(moment)) for item in found.members]
        return answer_json(page_document(documents, page, found))

    def get(self, section: Section, id: str) -> flask.Response:
        only(flask.request.args, ("at", "version"))
        moment = self.moment()
        item = self.item(section, id)
        shown = item.as_of(moment) if "at" in flask.request.args else item
        return self._answer(section, shown, 200)

    def list_versions(self, section: Section, id: str) -> flask.Response:
        """All versions of an item, newest first."""
        only(flask.request.args, PAGING)
        page = page_of(flask.request.args, Course(f"catalog {section.kind.name} {id}"))
        of_it = Compare((PathStep("item_id"),), Operator.EQUAL, (id,))
        found = self.reads.found(
            section.kind,
            INDEX,
            self._reader(section),
            page.slice,
            all_of(of_it, _seen(current_principal(), None)),
            None,
        )
        if not found.total:
            raise section.kind.missing(id)
        return answer_json(page_document([document_of(section, item) for item in found.members], page, found))

    def create(self, section: Section) -> flask.Response:
        only(flask.request.args, ())
        body, principal = validated_body(), current_principal()
        definition = definition_of(section, body)
        _require_publish(principal, definition.status)
        tolerated = principal.profile.tolerated
        command = CreateItem(section.kind, principal.client_id, definition, body.get("id"), tolerated)
        request = keyed_request(principal, f"create{section.noun}", body, keeps_answer=False)
        translation = Translation(command, carried={}, trail=trail_of(body))
        result = self.application.idempotently(request, lambda: self.application.execute(request, translation, 201))
        item = self._made(section, result)
        return self._answer(section, item, 201, {"Location": f"{requested_address()}/{last_part(item.item_id)}"})

    def replace(self, section: Section, id: str) -> flask.Response:
        """Have the item as the body says: in place while it is not published, as a new version afterwards."""
        body = validated_body()
        return self._changed(section, id, "replace", body, lambda item: definition_of(section, body))

    def publish(self, section: Section, id: str) -> flask.Response:
        body = validated_body()
        status = LifecycleStatus(body.get("lifecycleStatus", LifecycleStatus.LAUNCHED))
        return self._changed(section, id, "publish", body, lambda item: with_status(item, status, body.get("reason")))

    def retire(self, section: Section, id: str) -> flask.Response:
        body = validated_body()
        retired = LifecycleStatus.RETIRED
        return self._changed(section, id, "retire", body, lambda item: with_status(item, retired, body.get("reason")))

    def delete(self, section: Section, id: str) -> flask.Response:
        only(flask.request.args, ("version",))
        principal, wanted, named = current_principal(), required_versions(), self._named(id)
        payload = {"id": id, "version": named.edition}
        request = keyed_request(principal, f"delete{section.noun}", payload, keeps_answer=False)

        def act() -> Result:
            item = self.item(section, id)
            check_version(wanted, tag_of(item))
            _require_publish(principal, item.state)
            command = RemoveItem(section.kind, item.id, item.version, whole=named.edition is None)
            return self.application.execute(request, Translation(command, changes=item.id, replannable=True), 204)

        self.application.idempotently(request, act)
        return nothing()

    def _changed(
        self, section: Section, id: str, verb: str, body: Any, define: Callable[[Item], Definition]
    ) -> flask.Response:
        only(flask.request.args, ("version",))
        principal, wanted, named = current_principal(), required_versions(), self._named(id)
        payload = {"id": id, "version": named.edition, "body": body}
        request = keyed_request(principal, f"{verb}{section.noun}", payload, keeps_answer=False)

        def act() -> Result:
            item, carried, _ = self.reads.to_change(section.kind, named, ALL)
            return self._change(request, section, item, carried, define(item), wanted, principal)

        item = self._made(section, self.application.idempotently(request, act))
        return self._answer(section, item, 200)

    def _change(
        self,
        request: Request,
        section: Section,
        item: Item,
        carried: dict[str, Any],
        definition: Definition,
        wanted: ETags | None,
        principal: Principal,
    ) -> Result:
        check_version(wanted, tag_of(item))
        status = definition.status or item.state
        _require_publish(principal, status)
        tolerated = principal.profile.tolerated
        command = ChangeItem(section.kind, item.id, item.version, definition, principal.client_id, tolerated=tolerated)
        changes = None if item.is_published and not item.says_the_same(definition) else item.id
        translation = Translation(command, carried, trail_of(request.payload), changes=changes, replannable=True)
        return self.application.execute(request, translation, 200)

    def item(self, section: Section, id: str, version: str | None = None) -> Item:
        """The version that the request or `version` names. Raises ItemNotFound, also for what is hidden."""
        named = self._named(id) if version is None else Named(id, self.clock.now(), version)
        item: Item = self.reads.aggregate(section.kind, named, self._reader(section))
        if item.state not in PUBLISHED and not _is_insider(current_principal()):
            raise section.kind.missing(id)
        return item

    def _made(self, section: Section, result: Result) -> Item:
        item: Item = self.reads.aggregate(section.kind, result.subject, ALL)
        return item

    def _named(self, id: str) -> Named:
        return Named(id, self.moment(), flask.request.args.get("version"))

    def _reader(self, section: Section) -> Reader:
        principal = current_principal()
        if not section.by_market or _is_insider(principal):
            return ALL
        return replace(ALL, only=principal.profile.market.terms)

    def moment(self) -> datetime:
        """The moment that the request asks about."""
        asked = flask.request.args.get("at")
        try:
            return self.clock.now() if asked is None else instant(asked)
        except ValueError as error:
            raise ContractViolation([Violation("/at", Code.INVALID_FORMAT, f"at {error}")]) from error

    def _answer(
        self, section: Section, item: Item, status: int, headers: Mapping[str, str] = NO_HEADERS
    ) -> flask.Response:
        moment = self.moment()
        document = document_of(section, item) | dict(section.more(item, moment))
        known = partial(self.reads.editions, at=moment)
        document["unresolved"] = unresolved(section.kind.name, item.contents, known)
        return answer_json(document, status, {"ETag": f'"{tag_of(item)}"', **headers})


def _seen(principal: Principal, asked: str | None) -> Criterion | None:
    """The states that the caller sees, of those that it asks for."""
    names = list(LifecycleStatus) if asked is None else asked.split(",")
    if unknown := [name for name in names if name not in LifecycleStatus.__members__]:
        raise ContractViolation([not_one_of(("status",), tuple(LifecycleStatus), unknown[0])])
    asked_for = set(map(LifecycleStatus, names))
    states = asked_for if _is_insider(principal) else asked_for & PUBLISHED
    if states == set(LifecycleStatus):
        return None
    return Compare((PathStep("state"),), Operator.EQUAL, tuple(sorted(states)))


def _is_insider(principal: Principal) -> bool:
    return any(principal.may_all((scope,)) for scope in INSIDERS)


def _require_publish(principal: Principal, status: LifecycleStatus | None) -> None:
    if status in PUBLISHED:
        principal.require((PUBLISH,))
