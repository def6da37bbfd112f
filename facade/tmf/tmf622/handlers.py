"""TMF622 v5: one method for each operation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import flask
import orjson

from facade.contract.connexion_plugin import validated_body
from facade.intake import OrderIntake, Request
from facade.query import only, page_of, select, selection_of
from facade.security.principal import current_principal
from facade.tmf.tmf622.account import ORDER_ATTRIBUTES
from facade.tmf.tmf622.mapper import to_submit_order

JSON = "application/json"


class Documents(Protocol):
    """TMF622 v5 documents as JSON text without their href, and their versions; `owner` None sees everybody's."""

    def document(self, order_id: str, owner: str | None) -> tuple[str, int]:
        """Raises OrderNotFound."""
        ...

    def documents(self, owner: str | None, offset: int, limit: int) -> tuple[list[tuple[str, str]], int]:
        """A page of ids and documents, newest first, and how many there are in all."""
        ...


@dataclass(frozen=True)
class ProductOrders:
    intake: OrderIntake
    documents: Documents

    def operations(self) -> Mapping[str, Callable[..., Any]]:
        return {
            "createProductOrder": self.create_product_order,
            "retrieveProductOrder": self.retrieve_product_order,
            "listProductOrder": self.list_product_order,
        }

    def create_product_order(self) -> flask.Response:
        """Record the order and answer it as acknowledged; it is carried out afterwards."""
        query = flask.request.args
        only(query, ("fields",))
        names = selection_of(query, ORDER_ATTRIBUTES)
        body, principal = validated_body(), current_principal()
        request = Request(principal.client_id, "createProductOrder", flask.request.headers.get("Idempotency-Key"), body)
        accepted = self.intake.repeated(request) or self.intake.accept(
            to_submit_order(body, principal.client_id), request, lambda order_id, document: {"document": document}
        )
        assert accepted.answer is not None, "a key of this operation keeps its document"
        href = f"{_collection()}/{accepted.order_id}"
        shown = _with_href(accepted.answer["document"], href)
        headers = {"Location": href, "ETag": '"1"'}
        return flask.Response(_selected(shown, names), 201, headers, content_type=JSON)

    def retrieve_product_order(self, id: str) -> flask.Response:
        query = flask.request.args
        only(query, ("fields",))
        names = selection_of(query, ORDER_ATTRIBUTES)
        document, version = self.documents.document(id, current_principal().owner_filter())
        shown = _with_href(document, flask.request.base_url)
        return flask.Response(_selected(shown, names), 200, {"ETag": f'"{version}"'}, content_type=JSON)

    def list_product_order(self) -> flask.Response:
        query = flask.request.args
        only(query, ("fields", "offset", "limit"))
        page, names = page_of(query), selection_of(query, ORDER_ATTRIBUTES)
        found, total = self.documents.documents(current_principal().owner_filter(), page.offset, page.limit)
        collection = _collection()
        shown = [_selected(_with_href(document, f"{collection}/{order_id}"), names) for order_id, document in found]
        status = 206 if page.asked and len(found) < total else 200
        headers = page.headers(collection, len(found), total)
        return flask.Response(f"[{','.join(shown)}]", status, headers, content_type=JSON)


def _collection() -> str:
    """The address of the collection as the client reached it: behind an alias, hrefs stay behind the alias."""
    return flask.request.base_url


def _with_href(document: str, href: str) -> str:
    """Documents are kept without href and as text, so that a read neither parses nor writes JSON."""
    return f'{{"href":{orjson.dumps(href).decode()},{document[1:]}'


def _selected(document: str, names: frozenset[str] | None) -> str:
    return document if names is None else orjson.dumps(select(orjson.loads(document), names)).decode()
