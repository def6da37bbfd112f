"""The evidence of requests: one record, or those of an order, an external id, a client or a time."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

import flask

from canonical.audit.errors import AuditRecordNotFound
from canonical.audit.ports import AuditSearch, AuditTrail
from canonical.audit.record import AuditRecord
from canonical.inventory.asset import ASSETS
from canonical.ordering.cancellation import CANCELLATIONS
from canonical.ordering.order import ORDERS
from canonical.shared.aggregates import Kind
from canonical.shared.errors import NotFound
from canonical.shared.paging import Slice
from canonical.shared.reader import Reader
from canonical.subscriptions.plan_change import PLAN_CHANGES
from facade.answers import AnswerRow, AnswerTable
from facade.clock import instant
from facade.contract.violations import Code, ContractViolation, Violation
from facade.portal.assets import READ as ASSETS_READ
from facade.portal.handlers import OrderReads
from facade.portal.order_filters import INDEX, with_external_id
from facade.portal.schemas import audit_document
from facade.security.principal import Principal, current_principal
from facade.web.address import requested_address
from facade.web.cursors import CURSOR, Course
from facade.web.json import answer_json
from facade.web.paging import only, page_of

ANSWERS: AnswerTable = MappingProxyType({AuditRecordNotFound: AnswerRow(404, "Audit record not found")})

FILTERS = ("orderId", "externalId", "externalSystem", "client", "from", "to")
PAGING = ("limit", CURSOR)
MOST_ORDERS = 100
"""Orders with one external id whose records are listed."""
KINDS: Mapping[str, tuple[Kind[Any], str]] = MappingProxyType(
    {kind.name: (kind, "order") for kind in (ORDERS, CANCELLATIONS, PLAN_CHANGES)}
    | {ASSETS.name: (ASSETS, ASSETS_READ)}
)
"""Kinds of aggregates that belong to customers, each with the scope that everybody's are seen by, without `:all`."""


@dataclass(frozen=True)
class PortalAudit:
    """A client sees the records of its own requests; with `order:all` it sees everybody's. A client that is bound to
    customers does not see records about what belongs to others.
    """

    reads: OrderReads
    audit: AuditTrail

    def operations(self) -> dict[str, Callable[..., Any]]:
        return {"getAuditRecord": self.get, "listAuditRecords": self.list}

    def get(self, recordId: str) -> flask.Response:
        only(flask.request.args, ())
        principal = current_principal()
        record = self.audit.find(recordId.removeprefix("urn:uuid:"), _own(principal.reader()))
        if not self._sees(record, principal):
            raise AuditRecordNotFound("Audit record not found", recordId=record.id)
        return answer_json(audit_document(record))

    def list(self) -> flask.Response:
        """Newest first. Records that a client bound to customers does not see are left out of their page."""
        query, principal = flask.request.args, current_principal()
        only(query, (*FILTERS, *PAGING))
        kept = urlencode([(name, query[name]) for name in FILTERS if name in query])
        page = page_of(query, Course(f"audit records {kept}"))
        found = self.audit.search(self._wanted(query, principal.reader()), page.slice)
        following = page.next_query(found)
        address = f"{requested_address()}?{'&'.join(filter(None, (kept, following)))}"
        items = [audit_document(record) for record in found.members if self._sees(record, principal)]
        return answer_json({"items": items, "limit": page.limit, "next": address if following else None})

    def _wanted(self, query: Mapping[str, str], reader: Reader) -> AuditSearch:
        subjects = [self._orders(query, reader)] if {"orderId", "externalId", "externalSystem"} & query.keys() else []
        own, client = _own(reader), query.get("client")
        if own is not None and client not in (None, own):
            subjects = [set()]
        return AuditSearch(
            own or client,
            tuple(sorted(subjects[0])) if subjects else None,
            _time(query, "from"),
            _time(query, "to"),
        )

    def _orders(self, query: Mapping[str, str], reader: Reader) -> set[str]:
        """The orders that are meant: by an id of theirs, which may be that of an order that was removed."""
        found = [set(self._named(query["orderId"], reader))] if "orderId" in query else []
        asked = with_external_id(query.get("externalId"), query.get("externalSystem"))
        if asked is not None:
            orders = self.reads.found(ORDERS, INDEX, reader, Slice(0, MOST_ORDERS), asked, None)
            found.append({order.id for order in orders.members})
        return set.intersection(*found)

    def _named(self, order_id: str, reader: Reader) -> Iterator[str]:
        yield order_id
        try:
            yield self.reads.aggregate(ORDERS, order_id, reader).id
        except NotFound:
            return

    def _sees(self, record: AuditRecord, principal: Principal) -> bool:
        """Whether a client that is bound to customers sees what the record is about."""
        of_customers = KINDS.get(record.subject_type or ORDERS.name)
        if principal.reader().customers is None or record.subject is None or of_customers is None:
            return True
        kind, scope = of_customers
        try:
            self.reads.aggregate(kind, record.subject, principal.reader(scope))
        except NotFound:
            return False
        return True


def _own(reader: Reader) -> str | None:
    """The client whose records the reader sees; None for everybody's."""
    return None if reader.unbounded else reader.client


def _time(query: Mapping[str, str], name: str) -> datetime | None:
    try:
        return instant(query[name]) if name in query else None
    except ValueError as error:
        raise ContractViolation([Violation(f"/{name}", Code.INVALID_FORMAT, f"{name} {error}")]) from error
