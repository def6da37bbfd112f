"""TMF622 cancelProductOrder, in whichever version: a task that asks for an order to be given up."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import flask

import jsontext
from canonical.ordering.cancellation import Cancellation
from canonical.ordering.order import Order
from canonical.shared.criteria import Criterion, SortKey
from canonical.shared.errors import OrderNotFound
from canonical.shared.paging import Found, Slice
from canonical.shared.reader import Reader
from facade.address import requested_address
from facade.contract.connexion_plugin import validated_body
from facade.intake import CancellationIntake
from facade.query import only
from facade.security.principal import current_principal
from facade.tmf.query.listing import read_listing
from facade.tmf.query.selection import Selection, selection_of
from facade.tmf.tmf622.answers import answer, answer_list
from facade.tmf.tmf622.cancel_mapper import addressed, from_cancellation, to_cancel_order
from facade.tmf.tmf622.versions import CANCELLATION, Version
from facade.tmf.tmf622.words import naming_states, speaking

Kept = tuple[Cancellation, dict[str, Any]]
"""A cancellation and what was carried for it."""

KIND = "cancelProductOrder"


class CancellationReads(Protocol):
    """What `reader` sees of orders, and of their cancellations."""

    def order(self, order_id: str, reader: Reader) -> Order:
        """Raises OrderNotFound."""
        ...

    def cancellation(self, cancellation_id: str, reader: Reader) -> Kept:
        """Raises CancellationNotFound."""
        ...

    def cancellations(
        self,
        reader: Reader,
        part: Slice,
        criterion: Criterion | None = None,
        sort: tuple[SortKey, ...] = (),
    ) -> Found[tuple[str, str]]:
        """Ids and documents without addresses of those that meet the criterion, newest first unless sorted.

        Raises InvalidCommand when that takes too long.
        """
        ...


@dataclass(frozen=True)
class CancelProductOrders:
    version: Version
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
        selection = self._selection()
        principal = current_principal()
        sent = validated_body()
        body = self.version.lifted(CANCELLATION, "createCancelProductOrder", sent).body
        with speaking(lambda pointer: self.version.spoken(CANCELLATION, pointer, sent)):
            command = to_cancel_order(body, principal.client_id)
        order = self.reads.order(command.order_id, principal.reader())
        if not self.version.knows(order):
            raise OrderNotFound("Order not found", orderId=order.id)
        with naming_states():
            cancellation = self.intake.accept(replace(command, order_id=order.id), sent, body)
        document = addressed(from_cancellation(cancellation, body), requested_address())
        return self._answer(document, selection, 201, {"Location": document["href"], "ETag": '"1"'})

    def retrieve_cancel_product_order(self, id: str) -> flask.Response:
        selection = self._selection()
        cancellation, carried = self.reads.cancellation(id, current_principal().reader())
        document = addressed(from_cancellation(cancellation, carried), requested_address().rpartition("/")[0])
        return self._answer(document, selection, 200, {"ETag": f'"{cancellation.version}"'})

    def list_cancel_product_order(self) -> flask.Response:
        """A page of the tasks that match, found as orders are."""
        wanted = read_listing(flask.request.query_string, self.version.searchable(CANCELLATION), CANCELLATION)
        selection = selection_of(wanted.fields, self.version.selectable(CANCELLATION))
        page, collection = wanted.page, requested_address()
        found = self.reads.cancellations(current_principal().reader(), page.slice, wanted.criterion, wanted.sort)
        documents = (addressed(jsontext.read_kept(document), collection) for _, document in found.members)
        shown = [self.version.written(CANCELLATION, document, selection) for document in documents]
        headers = page.headers(collection, found, wanted.kept)
        return answer_list(shown, KIND, page, wanted.kept, page.status(len(shown), found.total), headers)

    def _answer(
        self, document: dict[str, Any], selection: Selection | None, status: int, headers: dict[str, str]
    ) -> flask.Response:
        shown = self.version.written(CANCELLATION, document, selection)
        return answer(shown, KIND, document["id"], status, headers)

    def _selection(self) -> Selection | None:
        only(flask.request.args, ("fields",))
        return selection_of(flask.request.args.get("fields"), self.version.selectable(CANCELLATION))
