"""TMF622 v4: the same orders and cancellations as v5, behind the bridge.

What a client sends is held against the v4 contract, lifted, held against the v5 contract and mapped as v5 is; what is
answered is lowered. Pointers in errors and records are v4's. `X-Bridge-Losses` counts what differs between the body
and its v5 form; each difference stands in the audit record's translation, and in the dry run.
"""

from collections.abc import Callable, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import flask
import orjson

from canonical.audit.record import Mapped
from canonical.shared.errors import OrderNotFound
from facade.address import requested_address
from facade.cancellations import CancellationIntake
from facade.contract.connexion_plugin import validated_body
from facade.contract.validator import Contract
from facade.contract.violations import ContractViolation
from facade.intake import OrderIntake, Request, Translation
from facade.json import answer_json
from facade.query import only, page_of
from facade.security.principal import current_principal
from facade.tmf.bridge import Bridged, Loss, NotVisible, lift, lift_path, lower, lower_pointer
from facade.tmf.query.attributes import Attribute, Names, SchemaAttributes
from facade.tmf.query.listing import read_listing
from facade.tmf.query.selection import Selection, selected
from facade.tmf.query.selection import selection_of as selected_fields
from facade.tmf.tmf622.cancel_handlers import CancellationReads
from facade.tmf.tmf622.cancel_mapper import from_cancellation, to_cancel_order
from facade.tmf.tmf622.handlers import Documents
from facade.tmf.tmf622.mapper import to_submit_order

ORDER = "ProductOrder"
CANCELLATION = "CancelProductOrder"
LOSSES = "X-Bridge-Losses"


@dataclass(frozen=True)
class LiftedAttributes:
    """v4's names of a resource, as steps in the v5 documents that are kept."""

    resource: str
    v4: SchemaAttributes
    v5: SchemaAttributes

    def find(self, parameter: str, names: Names) -> Attribute:
        self.v4.find(parameter, names)
        return self.v5.find(parameter, tuple(lift_path(self.resource, ".".join(names)).split(".")) if names else ())


def to_v4_submit_order(body: Any, owner: str, v5: Contract) -> Translation:
    """What a valid v4 `ProductOrder_Create` asks for; its trail names v4's attributes and the differences to v5.

    Raises ContractViolation with v4's pointers.
    """
    bridged = lift(ORDER, body)
    with _pointers_lowered(ORDER):
        translation = to_submit_order(_checked(v5, "createProductOrder", bridged), owner)
    trail = (replace(mapped, source=lower_pointer(ORDER, mapped.source)) for mapped in translation.trail)
    return replace(translation, trail=(*trail, *_told(bridged.losses)))


@dataclass(frozen=True)
class ProductOrdersV4:
    intake: OrderIntake
    documents: Documents
    v5: Contract
    attributes: LiftedAttributes

    def operations(self) -> dict[str, Callable[..., Any]]:
        return {
            "createProductOrder": self.create_product_order,
            "retrieveProductOrder": self.retrieve_product_order,
            "listProductOrder": self.list_product_order,
        }

    def create_product_order(self) -> flask.Response:
        only(flask.request.args, ("fields",))
        selection = self._selection()
        body, principal = validated_body(), current_principal()
        key = flask.request.headers.get("Idempotency-Key")
        request = Request(principal.client_id, "v4 createProductOrder", key, body)
        accepted = self.intake.repeated(request) or self.intake.accept(
            to_v4_submit_order(body, principal.client_id, self.v5),
            request,
            lambda order_id, document: {"document": document},
        )
        assert accepted.answer is not None, "a key of this operation keeps its document"
        href = f"{requested_address()}/{accepted.order_id}"
        return _answer(accepted.answer["document"], href, selection, 201, {"Location": href, "ETag": '"1"'})

    def retrieve_product_order(self, id: str) -> flask.Response:
        only(flask.request.args, ("fields",))
        selection = self._selection()
        document, version = self.documents.document(id, current_principal().owner_filter())
        return _answer(document, requested_address(), selection, 200, {"ETag": f'"{version}"'})

    def list_product_order(self) -> flask.Response:
        wanted = read_listing(flask.request.query_string, self.attributes)
        selection = selected_fields(wanted.fields, self.attributes.v4)
        page, collection = wanted.page, requested_address()
        found, total = self.documents.documents(
            current_principal().owner_filter(), page.offset, page.limit, wanted.criterion, wanted.sort
        )
        shown = [_shown(document, f"{collection}/{order_id}", selection)[0] for order_id, document in found]
        status = 206 if page.asked and len(found) < total else 200
        return answer_json(shown, status, page.headers(collection, len(found), total, wanted.kept))

    def _selection(self) -> Selection | None:
        return selected_fields(flask.request.args.get("fields"), self.attributes.v4)


@dataclass(frozen=True)
class CancelProductOrdersV4:
    intake: CancellationIntake
    reads: CancellationReads
    v5: Contract

    def operations(self) -> dict[str, Callable[..., Any]]:
        return {
            "createCancelProductOrder": self.create_cancel_product_order,
            "retrieveCancelProductOrder": self.retrieve_cancel_product_order,
            "listCancelProductOrder": self.list_cancel_product_order,
        }

    def create_cancel_product_order(self) -> flask.Response:
        only(flask.request.args, ())
        principal = current_principal()
        bridged = lift(CANCELLATION, validated_body())
        with _pointers_lowered(CANCELLATION):
            body = _checked(self.v5, "createCancelProductOrder", bridged)
            command = to_cancel_order(body, principal.client_id)
        order = self.reads.order(command.order_id, principal.owner_filter())
        cancellation = self.intake.accept(replace(command, order_id=order.id), body)
        lowered = lower(CANCELLATION, from_cancellation(cancellation, body, requested_address()))
        headers = {"Location": lowered.body["href"], "ETag": '"1"', LOSSES: str(len(bridged.losses))}
        return answer_json(lowered.body, 201, headers)

    def retrieve_cancel_product_order(self, id: str) -> flask.Response:
        only(flask.request.args, ())
        cancellation, carried = self.reads.cancellation(id, current_principal().owner_filter())
        collection = requested_address().rpartition("/")[0]
        lowered = lower(CANCELLATION, from_cancellation(cancellation, carried, collection))
        return answer_json(lowered.body, 200, {"ETag": f'"{cancellation.version}"', LOSSES: str(len(lowered.losses))})

    def list_cancel_product_order(self) -> flask.Response:
        query = flask.request.args
        only(query, ("offset", "limit"))
        page, collection = page_of(query), requested_address()
        found, total = self.reads.cancellations(current_principal().owner_filter(), page.offset, page.limit)
        shown = [lower(CANCELLATION, from_cancellation(*kept, collection)).body for kept in found]
        status = 206 if page.asked and len(found) < total else 200
        return answer_json(shown, status, page.headers(collection, len(found), total))


def _checked(v5: Contract, operation: str, bridged: Bridged) -> Any:
    """The lifted body as the v5 contract understands it: v4 is open where v5 is not. Raises ContractViolation."""
    checked = v5.check_request(operation, bridged.body)
    if checked.violations:
        raise ContractViolation(checked.violations)
    return checked.body


@contextmanager
def _pointers_lowered(resource: str) -> Any:
    try:
        yield
    except ContractViolation as error:
        lowered = [replace(found, pointer=lower_pointer(resource, found.pointer)) for found in error.violations]
        raise ContractViolation(lowered) from error


def _told(losses: Iterable[Loss]) -> Iterable[Mapped]:
    return (Mapped(loss.pointer, "", f"{loss.kind.value} in v5: {loss.reason}") for loss in losses)


def _answer(
    document: str, href: str, selection: Selection | None, status: int, headers: dict[str, str]
) -> flask.Response:
    shown, losses = _shown(document, href, selection)
    return answer_json(shown, status, headers | {LOSSES: str(losses)})


def _shown(document: str, href: str, selection: Selection | None) -> tuple[dict[str, Any], int]:
    """The order as v4 shows it, and how many differences to v5 that makes. Raises OrderNotFound for a draft."""
    try:
        lowered = lower(ORDER, {"href": href} | orjson.loads(document))
    except NotVisible as error:
        raise OrderNotFound("Order not found") from error
    return (lowered.body if selection is None else selected(lowered.body, selection)), len(lowered.losses)
