"""TMF622 product orders: one method for each operation, in whichever version."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import flask

from canonical.ordering.order import Order
from canonical.shared import tracing
from canonical.shared.criteria import Criterion, SortKey, all_of
from canonical.shared.errors import InvalidCommand
from canonical.shared.paging import Found, Slice
from canonical.shared.reader import ALL, Reader
from facade.address import requested_address
from facade.conditions import required_versions
from facade.contract.connexion_plugin import validated_body
from facade.contract.violations import ContractViolation
from facade.intake import Accepted, Asked, OrderChanges, OrderIntake, Plan, Request, Translation
from facade.json import nothing
from facade.partners.profiles import Profiles, Validation
from facade.query import only
from facade.security.principal import Principal, current_principal
from facade.tmf.patch import require_form
from facade.tmf.query.listing import read_listing
from facade.tmf.query.selection import Selection, selection_of
from facade.tmf.tmf622.account import ORDER_REFUSED
from facade.tmf.tmf622.answers import answer, answer_list
from facade.tmf.tmf622.changes import Patch, plan_of
from facade.tmf.tmf622.mapper import customer_of, customers_named, to_submit_order
from facade.tmf.tmf622.versions import ORDER, Version
from facade.tmf.tmf622.words import naming_states, speaking

KIND = "productOrder"


class Documents(Protocol):
    """TMF622 v5 documents as JSON text without their href, as far as `reader` sees their orders."""

    def document(self, order_id: str, reader: Reader) -> tuple[str, str, int]:
        """Of the order by our id or by its BSS number: our id, the document, its version. Raises OrderNotFound."""
        ...

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
        ...


@dataclass(frozen=True)
class OrderTranslator:
    """What a partner's payload asks for, in the version and the words that it speaks."""

    version: Version
    profiles: Profiles

    def __call__(self, body: Any, client: str) -> Translation:
        """Raises ContractViolation with pointers into the payload."""
        with tracing.span("translate"):
            bridged = self.version.lifted(ORDER, "createProductOrder", body)
            with speaking(lambda pointer: self.version.spoken(ORDER, pointer, body)):
                translation = to_submit_order(bridged.body, client, self.profiles.of(client).vocabulary)
            return replace(translation, trail=self.version.retold(ORDER, translation.trail, bridged, body))

    def check_customers(self, body: Any, principal: Principal) -> None:
        """Raises CustomerNotFound, with its pointer, for a customer that the client may not act for."""
        if principal.customers is None:
            return
        meant = self.version.meant(ORDER, body)
        for customer, pointer in customers_named(meant, self.profiles.of(principal.client_id).vocabulary).items():
            if customer.strip():
                principal.check_customer(customer, self.version.spoken(ORDER, pointer, body))


@dataclass(frozen=True)
class ProductOrders:
    version: Version
    intake: OrderIntake
    changes: OrderChanges
    documents: Documents
    profiles: Profiles

    def operations(self) -> dict[str, Callable[..., Any]]:
        return {
            "createProductOrder": self.create_product_order,
            "retrieveProductOrder": self.retrieve_product_order,
            "listProductOrder": self.list_product_order,
            "patchProductOrder": self.patch_product_order,
            "deleteProductOrder": self.delete_product_order,
        }

    def create_product_order(self) -> flask.Response:
        """Record the order and answer it as acknowledged; it is carried out afterwards.

        Repeated by its key, the same answer. Raises CustomerNotFound before the key is looked up, so that nobody
        learns by it what was ordered for others; OrderNotFound where the order was removed since.
        """
        selection = self._selection()
        body, principal = validated_body(), current_principal()
        OrderTranslator(self.version, self.profiles).check_customers(body, principal)
        operation = self.version.recorded("createProductOrder")
        key, bound = flask.request.headers.get("Idempotency-Key"), principal.customers is not None
        request = Request(principal.client_id, operation, key, body, bound=bound)
        accepted = self.intake.repeated(request) or self._accept(body, request)
        assert accepted.answer is not None, "a key of this operation keeps its document"
        if accepted.again:
            self.documents.document(accepted.subject, ALL)  # what was removed is not answered for ever
        href = f"{requested_address()}/{accepted.subject}"
        shown = self.version.shown(ORDER, accepted.answer["document"], href, selection)
        headers = {"Location": href, "ETag": f'"{accepted.answer["version"]}"'}
        return answer(shown, KIND, accepted.subject, 201, headers)

    def retrieve_product_order(self, id: str) -> flask.Response:
        selection = self._selection()
        order_id, document, version = self.documents.document(id, current_principal().reader())
        shown = self.version.shown(ORDER, document, _href(order_id), selection)
        return answer(shown, KIND, order_id, 200, {"ETag": f'"{version}"'})

    def list_product_order(self) -> flask.Response:
        """A page of the orders that match: filters, JSONPath, sorting and selection as in TMF630."""
        wanted = read_listing(flask.request.query_string, self.version.searchable(ORDER), ORDER)
        selection = selection_of(wanted.fields, self.version.selectable(ORDER))
        page, criterion, collection = wanted.page, all_of(self.version.visible, wanted.criterion), requested_address()
        found = self.documents.documents(current_principal().reader(), page.slice, criterion, wanted.sort)
        shown = [
            self.version.shown(ORDER, document, f"{collection}/{order_id}", selection)
            for order_id, document in found.members
        ]
        headers = page.headers(collection, found, wanted.kept)
        return answer_list(shown, KIND, page, wanted.kept, page.status(len(shown), found.total), headers)

    def patch_product_order(self, id: str) -> flask.Response:
        """Change the order as the patch asks, where its state allows that."""
        selection = self._selection()
        body, principal = validated_body(), current_principal()
        require_form(flask.request.mimetype, body)
        asked = self._asked(id, "patchProductOrder", body)
        patch = Patch(flask.request.mimetype, body, _href(asked.order_id))
        vocabulary = self.profiles.of(principal.client_id).vocabulary

        def decide(order: Order, carried: dict[str, Any]) -> Plan:
            plan = plan_of(patch, order, carried, self.version, vocabulary)
            if plan.translation is not None:
                plan.translation.check_customer(principal)
            return plan

        with naming_states():
            document, version = self.changes.change(asked, decide)
        shown = self.version.shown(ORDER, document, patch.href, selection)
        return answer(shown, KIND, asked.order_id, 200, {"ETag": f'"{version}"'})

    def delete_product_order(self, id: str) -> flask.Response:
        """Remove an order that has ended, or a draft, for good."""
        only(flask.request.args, ())
        with naming_states():
            self.changes.remove(self._asked(id, "deleteProductOrder", None))
        return nothing()

    def _accept(self, body: Any, request: Request) -> Accepted:
        translate = OrderTranslator(self.version, self.profiles)
        try:
            return self.intake.accept(translate(body, request.client), request, _kept)
        except (ContractViolation, InvalidCommand) as refusal:
            if self.profiles.of(request.client).validation is Validation.BEFORE_ACKNOWLEDGEMENT:
                raise
            bridged = self.version.lifted(ORDER, "createProductOrder", body)
            carried = {name: value for name, value in bridged.body.items() if name not in ORDER_REFUSED}
            customer = customer_of(bridged.body, self.profiles.of(request.client).vocabulary)
            lost = self.version.retold(ORDER, (), bridged, body)
            return self.intake.reject(refusal, customer, carried, lost, request, _kept)

    def _asked(self, order_id: str, operation: str, sent: Any) -> Asked:
        """A change of the order by our id or by its BSS number. Raises OrderNotFound before it waits for its turn."""
        principal = current_principal()
        order_id, _, _ = self.documents.document(order_id, principal.reader())
        request = Request(principal.client_id, operation, payload=sent)
        return Asked(order_id, request, principal.reader(), required_versions(), self.version.knows)

    def _selection(self) -> Selection | None:
        only(flask.request.args, ("fields",))
        return selection_of(flask.request.args.get("fields"), self.version.selectable(ORDER))


def _href(order_id: str) -> str:
    """The address of the order whose id or number ends the address of the request."""
    return f"{requested_address().rpartition('/')[0]}/{order_id}"


def _kept(order_id: str, document: str, version: int) -> dict[str, Any]:
    return {"document": document, "version": version}
