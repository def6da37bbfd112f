"""TMF622 v5: one method for each operation."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import flask
import orjson

from canonical.shared.criteria import Criterion, SortKey
from facade.address import requested_address
from facade.contract.connexion_plugin import validated_body
from facade.contract.loading import load_spec
from facade.intake import OrderIntake, Request
from facade.query import only, select, selection_of
from facade.security.principal import current_principal
from facade.tmf.query.attributes import SchemaAttributes
from facade.tmf.query.listing import read_listing
from facade.tmf.query.selection import Selection, selected
from facade.tmf.query.selection import selection_of as selected_fields
from facade.tmf.tmf622.account import ORDER_ATTRIBUTES
from facade.tmf.tmf622.mapper import to_submit_order

JSON = "application/json"
SPEC = Path(__file__).parents[3] / "specs" / "tmf" / "tmf622-v5.yaml"


class Documents(Protocol):
    """TMF622 v5 documents as JSON text without their href, and their versions; `owner` None sees everybody's."""

    def document(self, order_id: str, owner: str | None) -> tuple[str, int]:
        """Raises OrderNotFound."""
        ...

    def documents(
        self,
        owner: str | None,
        offset: int,
        limit: int,
        criterion: Criterion | None = None,
        sort: tuple[SortKey, ...] = (),
    ) -> tuple[list[tuple[str, str]], int]:
        """A page of ids and documents that meet the criterion, newest first unless sorted, and how many meet it.

        Raises InvalidCommand when that takes too long.
        """
        ...


@dataclass(frozen=True)
class ProductOrders:
    intake: OrderIntake
    documents: Documents

    def operations(self) -> dict[str, Callable[..., Any]]:
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
        shown = _with_href(document, requested_address())
        return flask.Response(_selected(shown, names), 200, {"ETag": f'"{version}"'}, content_type=JSON)

    def list_product_order(self) -> flask.Response:
        """A page of the orders that match: filters, JSONPath, sorting and selection as in TMF630."""
        wanted = read_listing(flask.request.query_string, _attributes())
        selection = selected_fields(wanted.fields, _attributes())
        page = wanted.page
        found, total = self.documents.documents(
            current_principal().owner_filter(), page.offset, page.limit, wanted.criterion, wanted.sort
        )
        collection = _collection()
        documents = (_with_href(document, f"{collection}/{order_id}") for order_id, document in found)
        shown = [document if selection is None else _part(document, selection) for document in documents]
        status = 206 if page.asked and len(found) < total else 200
        headers = page.headers(collection, len(found), total, wanted.kept)
        return flask.Response(f"[{','.join(shown)}]", status, headers, content_type=JSON)


@cache
def _attributes() -> SchemaAttributes:
    return SchemaAttributes(load_spec(SPEC), "ProductOrder")


def _part(document: str, selection: Selection) -> str:
    return orjson.dumps(selected(orjson.loads(document), selection)).decode()


def _collection() -> str:
    """The address of the collection as the client reached it: behind an alias, hrefs stay behind the alias."""
    return requested_address()


def _with_href(document: str, href: str) -> str:
    """Documents are kept without href and as text, so that a read neither parses nor writes JSON."""
    return f'{{"href":{orjson.dumps(href).decode()},{document[1:]}'


def _selected(document: str, names: frozenset[str] | None) -> str:
    return document if names is None else orjson.dumps(select(orjson.loads(document), names)).decode()
