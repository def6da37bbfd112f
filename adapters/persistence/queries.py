"""Reads: one statement each, no aggregate loaded where a document will do."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

import jsontext
from adapters.persistence.cancellations import find_cancellation
from adapters.persistence.database import Database
from adapters.persistence.orders import BY_NUMBER, find_order, load_order
from adapters.persistence.plan_changes import find_plan_change, find_unfinished
from adapters.persistence.prepared import Prepared
from adapters.persistence.readers import Readable, seen
from adapters.persistence.search import CANCELLATIONS, LONGEST_SECONDS, PRODUCT_ORDERS, Wanted, search
from adapters.persistence.slices import sliced
from adapters.persistence.tables import cancellations, documents, idempotency_keys, orders
from canonical.ordering.cancellation import Cancellation
from canonical.ordering.order import Order
from canonical.ordering.states import State
from canonical.shared.criteria import Criterion, SortKey
from canonical.shared.errors import OrderNotFound
from canonical.shared.paging import Found, Position, Slice
from canonical.shared.reader import Reader
from canonical.subscriptions.plan_change import PlanChange


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What an idempotency key was used for. `answer` is None where it is made again from the order."""

    request_hash: str
    order_id: str
    answer: dict[str, Any] | None


class SqlQueries:
    """Orders and what comes with them, as far as `reader` sees them."""

    def __init__(self, database: Database, search_seconds: float = LONGEST_SECONDS) -> None:
        self._database = database
        self._search_seconds = search_seconds

    def order(self, order_id: str, reader: Reader) -> Order:
        """By our id or by its BSS number. Raises OrderNotFound."""
        with self._database.reading() as connection:
            return find_order(connection, order_id, reader)

    def orders(self, reader: Reader, part: Slice) -> Found[Order]:
        """Newest first."""
        mine = seen(reader, orders.c.owner, orders.c.id)
        page = sa.select(orders.c.body, orders.c.version).where(*mine).order_by(orders.c.id.desc())
        page = sliced(page, part, lambda after: orders.c.id < after.key)
        with self._database.reading() as connection:
            found = [load_order(row.body, row.version) for row in connection.execute(page)]
            total = connection.scalar(sa.select(sa.func.count()).select_from(orders).where(*mine)) or 0
        last = Position((), found[part.limit - 1].id) if len(found) > part.limit > 0 else None
        return Found(found[: part.limit], total, last)

    def document(self, order_id: str, reader: Reader) -> tuple[str, str, int]:
        """Of the order by our id or by its BSS number: our id, the TMF622 v5 document without its href, its version.

        Raises OrderNotFound.
        """
        asked = {"order_id": order_id}
        with self._database.reading() as connection:
            row = _BY_ID.execute(connection, reader, asked).first()
            row = row or _BY_NUMBER.execute(connection, reader, asked).first()
        if row is None:
            raise OrderNotFound("Order not found", orderId=order_id)
        return row.order_id, row.document, row.version

    def order_to_change(self, order_id: str, reader: Reader) -> tuple[Order, dict[str, Any], str]:
        """The order by our id, what is carried for it and its document, all of one moment. Raises OrderNotFound."""
        mine = seen(reader, documents.c.owner, documents.c.order_id)
        with self._database.reading() as connection:
            row = connection.execute(_TO_CHANGE.where(orders.c.id == order_id, *mine)).first()
        if row is None:
            raise OrderNotFound("Order not found", orderId=order_id)
        return load_order(row.body, row.version), jsontext.read_kept(row.carried), row.document

    def documents(
        self,
        reader: Reader,
        part: Slice,
        criterion: Criterion | None = None,
        sort: tuple[SortKey, ...] = (),
    ) -> Found[tuple[str, str]]:
        """Ids and documents of those that meet the criterion, newest first unless sorted.

        Raises InvalidCommand when that takes too long.
        """
        mine = seen(reader, documents.c.owner, documents.c.order_id)
        return search(self._database, PRODUCT_ORDERS, mine, Wanted(criterion, sort, part, self._search_seconds))

    def state_of(self, order_id: str) -> State:
        """Where the order with our id stands. Raises OrderNotFound."""
        with self._database.reading() as connection:
            state = _STATE.execute(connection, {"order_id": order_id}).scalar()
        if state is None:
            raise OrderNotFound("Order not found", orderId=order_id)
        return State(state)

    def cancellation(self, cancellation_id: str, reader: Reader) -> tuple[Cancellation, dict[str, Any]]:
        """The cancellation and what was carried for it. Raises CancellationNotFound."""
        with self._database.reading() as connection:
            return find_cancellation(connection, cancellation_id, reader)

    def cancellations(
        self,
        reader: Reader,
        part: Slice,
        criterion: Criterion | None = None,
        sort: tuple[SortKey, ...] = (),
    ) -> Found[tuple[str, str]]:
        """Ids and TMF622 v5 documents without addresses, as `documents` gives those of orders."""
        mine = seen(reader, cancellations.c.owner, cancellations.c.order_id)
        return search(self._database, CANCELLATIONS, mine, Wanted(criterion, sort, part, self._search_seconds))

    def plan_change(self, change_id: str) -> PlanChange:
        """Raises NotFound."""
        with self._database.reading() as connection:
            return find_plan_change(connection, change_id)

    def unfinished_plan_change(self, subscription_id: str) -> PlanChange | None:
        """The newest of the subscription's changes that is still being carried out."""
        with self._database.reading() as connection:
            return find_unfinished(connection, subscription_id)

    def kept_answer(self, owner: str, key: str) -> KeptAnswer | None:
        kept = idempotency_keys
        query = sa.select(kept.c.request_hash, kept.c.order_id, kept.c.answer)
        with self._database.reading() as connection:
            row = connection.execute(query.where(kept.c.owner == owner, kept.c.key == key)).first()
        if row is None:
            return None
        answer = None if row.answer is None else jsontext.read_kept(row.answer)
        return KeptAnswer(row.request_hash, row.order_id, answer)


_SHOWN = sa.select(documents.c.order_id, documents.c.document, documents.c.version)
_BY_ID, _BY_NUMBER = (
    Readable(statement, documents.c.owner, documents.c.order_id)
    for statement in (
        _SHOWN.where(documents.c.order_id == sa.bindparam("order_id")),
        _SHOWN.join(orders, orders.c.id == documents.c.order_id).where(BY_NUMBER).order_by(orders.c.id.desc()),
    )
)
_TO_CHANGE = sa.select(orders.c.body, orders.c.version, documents.c.carried, documents.c.document).join(
    documents, documents.c.order_id == orders.c.id
)
_STATE = Prepared(sa.select(orders.c.state).where(orders.c.id == sa.bindparam("order_id")))
