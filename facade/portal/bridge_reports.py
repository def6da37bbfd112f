"""Bridge reports: the differences between v4 and v5 of one resource, or of the page of a list in v4."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import flask

from canonical.audit.record import Mapped, Outcome
from canonical.shared import jsontext
from canonical.shared.criteria import all_of
from canonical.shared.ports import Clock
from facade.contract.violations import Code, ContractViolation, Violation
from facade.security.principal import current_principal
from facade.tmf.engine.addresses import named
from facade.tmf.engine.changes import is_seen
from facade.tmf.engine.declaration import Verb
from facade.tmf.engine.reads import Reads
from facade.tmf.engine.versions import V4
from facade.tmf.engine.wording import in_our_words
from facade.tmf.query.listing import read_listing
from facade.web.json import answer_json
from facade.web.paging import only


class Trails(Protocol):
    def translations_of(self, subject: str) -> list[Mapped]:
        """The translations of all requests about a subject, oldest first."""
        ...


@dataclass(frozen=True)
class BridgeReports:
    """`v4`: the resources that v4 shows, by their names."""

    reads: Reads
    clock: Clock
    trails: Trails
    v4: Mapping[str, V4]

    def operations(self) -> dict[str, Callable[..., Any]]:
        return {"getBridgeReport": self.of_one, "listBridgeReports": self.of_page}

    def of_page(self, resource: str) -> flask.Response:
        """The reports of the page that a v4 list shows for the same query."""
        v4, principal = self._known(resource, Verb.LIST), current_principal()
        wording = v4.wording(principal.profile)
        searchable = v4.searchable if wording is None else wording.searchable(v4.searchable)
        wanted = read_listing(flask.request.query_string, searchable, v4.resource.name_in(v4.name))
        part = wanted.page.slice
        criterion = all_of(v4.visible, v4.resource.public(principal), wanted.criterion)
        reader = v4.resource.reader(principal)
        kind, at = v4.resource.kind, self.clock.now()
        moment = at if kind.versioned else None
        found = self.reads.documents(kind, v4.resource.index, reader, part, criterion, wanted.sort, moment)
        listed = ((one.reference if kind.versioned else one.id, one.document) for one in found.members)
        shown = ((one if wording is None else wording.their_id(str(one)), document) for one, document in listed)
        return answer_json([{"id": one, "lowered": _lowered(v4, document)} for one, document in shown])

    def of_one(self, resource: str, id: str) -> flask.Response:
        only(flask.request.args, ())
        v4 = self._known(resource, Verb.RETRIEVE)
        principal = current_principal()
        wording = v4.wording(principal.profile)
        asked = in_our_words(named(v4.resource, id, self.clock.now()), wording, v4.resource)
        kept = self.reads.document(v4.resource.kind, asked, v4.resource.reader(principal))
        if not is_seen(v4, kept.state, principal):
            raise v4.resource.kind.missing(id)
        trail = self.trails.translations_of(kept.id)
        told = [mapped for mapped in trail if not mapped.target and mapped.outcome is not Outcome.REFUSED]
        lifted = [{"pointer": mapped.source, "difference": mapped.rule} for mapped in told]
        return answer_json({"lowered": _lowered(v4, kept.document), "lifted": lifted})

    def _known(self, resource: str, verb: Verb) -> V4:
        """Raises ScopeMissing for a resource that the caller may not read in v4."""
        if resource not in self.v4:
            text = f"v4 has no resource {resource[:60]}"
            raise ContractViolation([Violation("/resource", Code.INVALID_VALUE, text, tuple(self.v4))])
        v4 = self.v4[resource]
        current_principal().require(v4.own.scopes(v4.resource.operation(verb, v4.name)))
        return v4


def _lowered(v4: V4, document: str) -> list[dict[str, Any]]:
    return [loss.as_document() for loss in v4.lowered({"href": "", **jsontext.read_kept(document)}).losses]
