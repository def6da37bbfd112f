"""Orders kept as JSON bodies beside the columns they are found by."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

import jsontext
from adapters.persistence.encoding import converter, decoded, milliseconds
from adapters.persistence.outbox import insert_event
from adapters.persistence.prepared import Prepared
from adapters.persistence.readers import Readable
from adapters.persistence.tables import cancellations, documents, orders, process_steps, processes, terms
from adapters.persistence.terms import PRODUCT_ORDER_TERMS, terms_of
from canonical.ordering.events import OrderRemoved
from canonical.ordering.order import Order
from canonical.shared.errors import ConcurrentChange, OrderNotFound
from canonical.shared.reader import ALL, Reader


@dataclass(frozen=True, slots=True)
class Document:
    """How something kept looks from outside: the outward state and the resource as JSON text without its href."""

    state: str
    text: str


_INSERT_ORDER = Prepared(sa.insert(orders))
_INSERT_DOCUMENT = Prepared(sa.insert(documents))
_INSERT_TERM = Prepared(sa.insert(terms))
_UPDATE_ORDER = Prepared(
    sa.update(orders)
    .where(orders.c.id == sa.bindparam("of_order"), orders.c.version == sa.bindparam("read"))
    .values({name: sa.bindparam(name) for name in ("state", "bss_order_id", "version", "body")})
)
_UPDATE_DOCUMENT = Prepared(
    sa.update(documents)
    .where(documents.c.order_id == sa.bindparam("of_order"))
    .values({name: sa.bindparam(name) for name in ("customer_id", "state", "version", "document")})
)
_UPDATE_CARRIED = Prepared(
    sa.update(documents)
    .where(documents.c.order_id == sa.bindparam("of_order"))
    .values({"carried": sa.bindparam("carried")})
)
_CARRIED = Prepared(sa.select(documents.c.carried).where(documents.c.order_id == sa.bindparam("of_order")))
BY_NUMBER = orders.c.bss_order_id == sa.bindparam("order_id")
"""BSS might give a number twice, or one that looks like an id of ours: our id counts first, then the newest order."""
_BY_ID = orders.c.id == sa.bindparam("order_id")
_ORDER = (
    sa.select(orders.c.body, orders.c.version)
    .where(sa.or_(_BY_ID, BY_NUMBER))
    .order_by(_BY_ID.desc(), orders.c.id.desc())
)
_FIND_ORDER = Readable(_ORDER, orders.c.owner, orders.c.id)
_TERMS = sa.select(terms.c.path, terms.c.value).where(terms.c.order_id == sa.bindparam("order_id"))
_DELETE_TERM = sa.delete(terms).where(
    terms.c.path == sa.bindparam("old_path"),
    terms.c.value == sa.bindparam("old_value"),
    terms.c.order_id == sa.bindparam("of_order"),
)

OF_AN_ORDER = (
    documents.c.order_id,
    terms.c.order_id,
    cancellations.c.order_id,
    processes.c.subject,
    process_steps.c.subject,
)
"""Where an order's id stands in what goes with the order."""

Projector = Callable[[Order, dict[str, Any]], Document]
"""Makes the document of an order and of what was carried for it."""


class SqlOrderRepository:
    """Orders of one transaction, and with each its document and what was carried for it."""

    def __init__(self, connection: sa.Connection, project: Projector) -> None:
        self._connection = connection
        self._project = project
        self._seen: dict[str, Order] = {}
        self._carried: dict[str, dict[str, Any]] = {}
        self._recarried: set[str] = set()
        self._shown: dict[str, tuple[int, Document]] = {}

    def add(self, order: Order) -> None:
        self._seen[order.id] = order

    def get(self, order_id: str) -> Order:
        if order_id in self._seen:
            return self._seen[order_id]
        order = find_order(self._connection, order_id)
        # By its BSS number it may have been got before.
        return self._seen.setdefault(order.id, order)

    def carry(self, order_id: str, carried: dict[str, Any]) -> str:
        """Keep `carried` with an order added or changed here. Returns the text of its document."""
        self._carried[order_id] = carried
        self._recarried.add(order_id)
        self._shown.pop(order_id, None)
        return self._document(self._seen[order_id]).text

    def _carried_for(self, order_id: str) -> dict[str, Any]:
        if order_id not in self._carried:
            kept = _CARRIED.execute(self._connection, {"of_order": order_id}).scalar()
            self._carried[order_id] = jsontext.read_kept(kept or "{}")
        return self._carried[order_id]

    def save(self) -> None:
        """Write every order with new events, its events and its document. Raises ConcurrentChange."""
        for order in self._seen.values():
            if order.events:
                self._write(order)
                for event in order.events:
                    insert_event(self._connection, order.id, event)
                order.events.clear()

    def _write(self, order: Order) -> None:
        if isinstance(order.events[-1], OrderRemoved):
            self._remove(order)
        elif order.version == 0:
            self._insert(order)
        else:
            self._update(order)

    def _document(self, order: Order) -> Document:
        """Made once for each stage that the order reaches here."""
        stage, document = self._shown.get(order.id, (-1, None))
        if document is None or stage != len(order.timeline):
            document = self._project(order, self._carried_for(order.id))
            self._shown[order.id] = len(order.timeline), document
        return document

    def _insert(self, order: Order) -> None:
        order.version = len(order.timeline)
        carried = self._carried.setdefault(order.id, {})
        document = self._document(order)
        _INSERT_ORDER.execute(self._connection, _row(order) | {"id": order.id, "owner": order.owner})
        _INSERT_DOCUMENT.execute(
            self._connection,
            {
                "order_id": order.id,
                "owner": order.owner,
                "customer_id": order.customer_id,
                "ordered_at": milliseconds(order.submitted_at),
                "carried": jsontext.text(carried),
                "state": document.state,
                "version": order.version,
                "document": document.text,
            },
        )
        self._add_terms(order.id, _terms(document))

    def _update(self, order: Order) -> None:
        read, order.version = order.version, order.version + 1
        changed = _UPDATE_ORDER.execute(self._connection, _row(order) | {"of_order": order.id, "read": read})
        if changed.rowcount != 1:
            raise ConcurrentChange(f"order {order.id} was changed by somebody else")
        document = self._document(order)
        shown = {"state": document.state, "version": order.version, "document": document.text}
        _UPDATE_DOCUMENT.execute(self._connection, {"of_order": order.id, "customer_id": order.customer_id, **shown})
        if order.id in self._recarried:
            carried = jsontext.text(self._carried_for(order.id))
            _UPDATE_CARRIED.execute(self._connection, {"of_order": order.id, "carried": carried})
        self._replace_terms(order.id, _terms(document))

    def _remove(self, order: Order) -> None:
        """With everything that is kept for it, but its events and the evidence of what was asked."""
        removed = sa.delete(orders).where(orders.c.id == order.id, orders.c.version == order.version)
        if self._connection.execute(removed).rowcount != 1:
            raise ConcurrentChange(f"order {order.id} was changed by somebody else")
        for column in OF_AN_ORDER:
            self._connection.execute(sa.delete(column.table).where(column == order.id))

    def _replace_terms(self, order_id: str, wanted: frozenset[tuple[str, str]]) -> None:
        kept = {(row.path, row.value) for row in self._connection.execute(_TERMS, {"order_id": order_id})}
        gone = [{"old_path": path, "old_value": value, "of_order": order_id} for path, value in kept - wanted]
        if gone:
            self._connection.execute(_DELETE_TERM, gone)
        self._add_terms(order_id, wanted - kept)

    def _add_terms(self, order_id: str, added: frozenset[tuple[str, str]]) -> None:
        for path, value in sorted(added):
            _INSERT_TERM.execute(self._connection, {"path": path, "value": value, "order_id": order_id})


def find_order(connection: sa.Connection, order_id: str, reader: Reader = ALL) -> Order:
    """The order by our id or its BSS number, if the reader sees it. Raises OrderNotFound."""
    row = _FIND_ORDER.execute(connection, reader, {"order_id": order_id}).first()
    if row is None:
        raise OrderNotFound("Order not found", orderId=order_id)
    return load_order(row.body, row.version)


def load_order(body: str, version: int) -> Order:
    order = decoded(body, Order)
    order.version = version
    return order


def _terms(document: Document) -> frozenset[tuple[str, str]]:
    """Made of the very text that is stored: an index that lacks something would hide orders."""
    return terms_of(jsontext.read_kept(document.text), PRODUCT_ORDER_TERMS)


def _row(order: Order) -> dict[str, Any]:
    kept = converter.unstructure(order)
    del kept["events"], kept["version"]
    return {
        "state": order.state.value,
        "bss_order_id": order.bss_order_id,
        "version": order.version,
        "body": jsontext.text(kept),
    }
