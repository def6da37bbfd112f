"""The canonical API: one method for each operation."""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Protocol

import flask

from canonical.audit.record import Mapped
from canonical.ordering.commands import CancelOrder
from canonical.ordering.errors import ExternalIdTaken, OrderWasCancelled
from canonical.ordering.handlers import PLACE_ORDER
from canonical.ordering.order import ORDERS, Order
from canonical.processes.engine import ProcessEngine
from canonical.processes.errors import InsufficientStock, PaymentDeclined, StillWorking
from canonical.shared import tracing
from canonical.shared.deadline import seconds_left
from canonical.shared.ports import AggregateReads
from canonical.shared.reader import ALL, Reader
from facade.answers import AnswerRow, AnswerTable
from facade.application.requests import Request, Result, Translation
from facade.application.use_cases import Application
from facade.contract.connexion_plugin import validated_body
from facade.contract.lenient_defaults import Allowance
from facade.contract.violations import Code, ContractViolation, Violation
from facade.partners.profiles import DEFAULT, Profile
from facade.portal.failures import error_of, going_on
from facade.portal.order_filters import FILTERS, INDEX, filters_of
from facade.portal.pages import page_document
from facade.portal.reads import FoundReads
from facade.portal.schemas import OrderRequest, order_document
from facade.security.principal import Principal, current_principal
from facade.web.address import requested_address
from facade.web.cursors import Course
from facade.web.json import answer_json
from facade.web.keyed import keyed_request, repeated
from facade.web.paging import PAGING, only, page_of
from facade.web.preferences import RESPOND_ASYNC, preferences

ANSWERS: AnswerTable = MappingProxyType(
    {
        ExternalIdTaken: AnswerRow(409, "External id taken"),
        OrderWasCancelled: AnswerRow(409, "Order cancelled"),
        InsufficientStock: AnswerRow(409, "Insufficient stock"),
        PaymentDeclined: AnswerRow(402, "Payment failure"),
        StillWorking: AnswerRow(503, "Still working"),
    }
)

GOES_ON = "the order was accepted and goes on; read it later"
LIST = Course("orders")
ASK_AGAIN_SECONDS = "1"
LEFT_TO_ANSWER = 1.0
"""The last seconds of a request's deadline, in which it no longer waits for a process."""


ITEM_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "sku": "sku",
        "offeringId": "offering_id",
        "quantity": "quantity",
        "assetId": "product_id",
        "action": "action",
        "newCustomerId": "wishes/customer_id",
        "reason": "reason",
    }
)
"""Members of an item that are one field of a line, by their names."""


class OrderReads(FoundReads, AggregateReads, Protocol):
    """What is read of orders and of what belongs to them."""


class Waiters:
    """Lets requests wait for the end of their process, for `seconds` or until shortly before their deadline.

    Only a limited number may wait, because each uses a thread: one slow backend and one busy client would use up all
    threads.
    """

    def __init__(self, engine: ProcessEngine, seconds: float, at_once: int) -> None:
        self._engine = engine
        self._seconds = seconds
        self._places = threading.BoundedSemaphore(at_once)

    def wait(self, process: str, subject: str, *, patient: bool = True) -> bool:
        """Whether the process ended. If no place to wait is free, or the client is not `patient`, whether it has ended
        by now.
        """
        if not patient or not self._places.acquire(blocking=False):
            return self._engine.wait(process, subject, 0)
        try:
            return self._engine.wait(process, subject, min(self._seconds, max(0.0, seconds_left() - LEFT_TO_ANSWER)))
        finally:
            self._places.release()


@dataclass(frozen=True)
class PortalOrders:
    application: Application
    reads: OrderReads
    waiters: Waiters

    def operations(self) -> dict[str, Callable[..., Any]]:
        return {
            "placeOrder": self.place_order,
            "listOrders": self.list_orders,
            "cancelOrder": self.cancel_order,
        }

    def place_order(self) -> flask.Response:
        """Place the order and wait for it, unless the client prefers not to. Raises its failure.

        An order that has not ended in time is answered as it is. Raises StillWorking if it cannot be read now, and
        CustomerNotFound before the key is looked up, so that a client cannot learn from the key what was ordered for
        others.
        """
        body, principal = validated_body(), current_principal()
        principal.check_customer(body["customerId"], "/customerId")
        request = keyed_request(principal, "placeOrder", body, keeps_answer=False)
        accepted = self.application.idempotently(request, lambda: self._placed(request, principal))
        # An order that was removed meanwhile never ends; one that was handed over is not visible to the caller; the
        # process of one that finished may be deleted.
        over = accepted.replayed and self.reads.aggregate(ORDERS, accepted.subject, principal.reader()).finished
        patient = RESPOND_ASYNC not in preferences(flask.request.headers.get("Prefer", ""))
        with going_on(GOES_ON, id=accepted.subject):
            ended = self.waiters.wait(PLACE_ORDER, accepted.subject, patient=patient and not over)
            order = self.reads.aggregate(ORDERS, accepted.subject, principal.reader())
        headers = {"Location": f"{requested_address()}/{order.id}"} | repeated(accepted)
        if not ended and not order.finished:
            applied = {} if patient else {"Preference-Applied": RESPOND_ASYNC}
            return _answer(order, 202, headers | {"Retry-After": ASK_AGAIN_SECONDS} | applied)
        if order.failure is not None:
            raise error_of(order.failure, id=order.id, orderId=order.bss_order_id)
        return _answer(order, 201, headers)

    def list_orders(self) -> flask.Response:
        query = flask.request.args
        only(query, (*PAGING, *FILTERS))
        page, reader = page_of(query, LIST), current_principal().reader()
        asked = filters_of(query)
        if asked is None:
            found = self.reads.aggregates(ORDERS, reader, page.slice)
        else:
            found = self.reads.found(ORDERS, INDEX, reader, page.slice, asked, None)
        return answer_json(page_document([order_document(order) for order in found.members], page, found))

    def cancel_order(self, orderId: str) -> flask.Response:
        """Request the cancellation of the order. Raises InvalidTransition if its state does not allow it."""
        only(flask.request.args, ())
        principal = current_principal()
        order = self.reads.aggregate(ORDERS, orderId, principal.reader())
        body = validated_body()
        request = keyed_request(principal, "cancelOrder", {"orderId": order.id} | body, keeps_answer=False)
        command = CancelOrder(principal.client_id, order.id, body["reason"])
        translation = Translation(command, carried={})
        self.application.idempotently(request, lambda: self.application.execute(request, translation, 202))
        with going_on("the request to cancel was accepted; read the order later", id=order.id):
            order = self.reads.aggregate(ORDERS, order.id, ALL)
        return _answer(order, 202, {})

    def _placed(self, request: Request, principal: Principal) -> Result:
        with tracing.span("translate"):
            translation = _submit_order(request.payload, principal)
        return self.application.execute(request, translation, 201)


@dataclass(frozen=True)
class PortalTranslator:
    """Reads orders as `PortalOrders.place_order` does."""

    def read(self, body: Any, principal: Principal) -> None:
        """Orders of the canonical API are in our words."""

    def translate(
        self,
        body: Any,
        principal: Principal,
        reason: str | None = None,
        read: Any = None,
        allowances: Collection[Allowance] = (),
    ) -> Translation:
        return _submit_order(body, principal)

    def told(self, wording: Any, read: Any = None) -> AbstractContextManager[None]:
        return nullcontext()

    def check_customers(self, body: Any, principal: Principal) -> None:
        principal.check_customer(body["customerId"], "/customerId")


def _submit_order(body: dict[str, Any], principal: Principal) -> Translation:
    return to_submit_order(body, principal.reader(), principal.profile)


def to_submit_order(body: dict[str, Any], reader: Reader, profile: Profile = DEFAULT) -> Translation:
    """The command of a valid `PlaceOrder`. Raises ContractViolation for an external id of two systems."""
    _check_systems(body)
    trail = [
        Mapped("/customerId", "/customer_id", "as sent"),
        Mapped("/items", "/lines", "one line for each item, numbered from 1"),
    ]
    for index, item in enumerate(body["items"]):
        at, to = f"/items/{index}", f"/lines/{index}"
        trail += [
            Mapped(at, to, "a line"),
            *(
                Mapped(f"{at}/{name}", f"{to}/{field}", "as sent")
                for name, field in ITEM_FIELDS.items()
                if name in item
            ),
            *_numbered(item, "places", at, to),
            *_numbered(item, "terms", at, to),
            *_characteristics_trail(item.get("characteristics"), f"{at}/characteristics", f"{to}/characteristics"),
        ]
    trail += [
        Mapped(f"/externalIdentifiers/{index}", f"/external_identifiers/{index}", "system, type and id as sent")
        for index in range(len(body.get("externalIdentifiers", ())))
    ]
    command = OrderRequest().to_command(body, reader)
    command = replace(
        command,
        markets=profile.markets,
        tolerated=profile.tolerated,
        excusable=profile.excusable,
        external_id_rules=profile.external_ids,
        agreed_version=profile.version,
    )
    return Translation(command, carried={}, trail=tuple(trail), customer_id=command.customer_id)


def _numbered(item: dict[str, Any], name: str, at: str, to: str) -> Iterator[Mapped]:
    """What is wished in several parts."""
    for index in range(len(item.get(name, ()))):
        yield Mapped(f"{at}/{name}/{index}", f"{to}/wishes/{name}/{index}", "as sent")


def _check_systems(body: dict[str, Any]) -> None:
    wrong = [
        Violation(f"/externalIdentifiers/{index}/owner", Code.INVALID_VALUE, "owner and system are the same: send one")
        for index, one in enumerate(body.get("externalIdentifiers", ()))
        if one.get("owner", one.get("system")) != one.get("system", one.get("owner"))
    ]
    if wrong:
        raise ContractViolation(wrong)


def _characteristics_trail(sent: list[Any] | None, at: str, to: str) -> Iterator[Mapped]:
    """Where the characteristics of an item stand, of one that names some."""
    if sent is None:
        return
    yield Mapped(at, to, "one for each")
    for index in range(len(sent)):
        yield Mapped(f"{at}/{index}/name", f"{to}/{index}/name", "as sent")
        yield Mapped(f"{at}/{index}/value", f"{to}/{index}/text", "by its JSON type")


def _answer(order: Order, status: int, headers: dict[str, str]) -> flask.Response:
    return answer_json(order_document(order), status, headers | {"ETag": f'"{order.version}"'})
