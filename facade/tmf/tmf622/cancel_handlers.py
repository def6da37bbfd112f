"""TMF622 v5 cancelProductOrder: a task that asks for an order to be given up, and tells what became of that."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import flask

from canonical.ordering.cancellation import Cancellation
from canonical.ordering.order import Order
from facade.address import requested_address
from facade.cancellations import CancellationIntake
from facade.contract.connexion_plugin import validated_body
from facade.json import answer_json
from facade.query import only, page_of, select, selection_of
from facade.security.principal import current_principal
from facade.tmf.tmf622.cancel_mapper import CANCEL_ATTRIBUTES, from_cancellation, to_cancel_order

Kept = tuple[Cancellation, dict[str, Any]]
"""A cancellation and what was carried for it."""


class CancellationReads(Protocol):
    """`owner` limits every read to that client's things; None sees all."""

    def order(self, order_id: str, owner: str | None) -> Order:
        """Raises OrderNotFound."""
        ...

    def cancellation(self, cancellation_id: str, owner: str | None) -> Kept:
        """Raises CancellationNotFound."""
        ...

    def cancellations(self, owner: str | None, offset: int, limit: int) -> tuple[list[Kept], int]:
        """A page, newest first, and how many there are in all."""
        ...


@dataclass(frozen=True)
class CancelProductOrders:
    intake: CancellationIntake
    reads: CancellationReads

    def operations(self) -> dict[str, Callable[..., Any]]:
        return {
            "createCancelProductOrder": self.create_cancel_product_order,
            "retrieveCancelProductOrder": self.retrieve_cancel_product_order,
            "listCancelProductOrder": self.list_cancel_product_order,
        }

    def create_cancel_product_order(self) -> flask.Response:
        """Record the task; the process at work on the order assesses it. Raises InvalidTransition if it has ended."""
        only(flask.request.args, ("fields",))
        names = selection_of(flask.request.args, CANCEL_ATTRIBUTES)
        body, principal = validated_body(), current_principal()
        command = to_cancel_order(body, principal.client_id)
        order = self.reads.order(command.order_id, principal.owner_filter())
        cancellation = self.intake.accept(replace(command, order_id=order.id), body)
        document = from_cancellation(cancellation, body, requested_address())
        return answer_json(select(document, names), 201, {"Location": document["href"], "ETag": '"1"'})

    def retrieve_cancel_product_order(self, id: str) -> flask.Response:
        only(flask.request.args, ("fields",))
        names = selection_of(flask.request.args, CANCEL_ATTRIBUTES)
        cancellation, carried = self.reads.cancellation(id, current_principal().owner_filter())
        collection = requested_address().rpartition("/")[0]
        document = from_cancellation(cancellation, carried, collection)
        return answer_json(select(document, names), 200, {"ETag": f'"{cancellation.version}"'})

    def list_cancel_product_order(self) -> flask.Response:
        query = flask.request.args
        only(query, ("fields", "offset", "limit"))
        page, names = page_of(query), selection_of(query, CANCEL_ATTRIBUTES)
        found, total = self.reads.cancellations(current_principal().owner_filter(), page.offset, page.limit)
        collection = requested_address()
        shown = [select(from_cancellation(*kept, collection), names) for kept in found]
        status = 206 if page.asked and len(found) < total else 200
        return answer_json(shown, status, page.headers(collection, len(found), total))
