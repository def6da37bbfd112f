"""Documents put into a database past the product, so that a test may choose them freely."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from adapters.persistence.database import Database
from adapters.persistence.search_index import term
from adapters.persistence.tables import documents, terms
from canonical.ordering.order import ORDERS
from canonical.shared import jsontext
from facade.tmf.engine.declaration import terms_of
from facade.tmf.tmf622.api import PRODUCT_ORDER

VALUES = ("productOrderItem", "product", "productCharacteristic", "value")
INDEX = replace(PRODUCT_ORDER.index, terms=PRODUCT_ORDER.index.terms | {VALUES})
"""That of orders, and the values of characteristics, which may be of any type."""


def store(database: Database, sample: Iterable[dict[str, Any]]) -> None:
    with database.writing() as connection:
        for document in sample:
            insert(connection, document)
        connection.commit()


def insert(connection: sa.Connection, document: dict[str, Any]) -> None:
    connection.execute(sa.insert(documents), a_row(document))
    found = {(path, term(text)) for path, text in terms_of(document, INDEX.terms)}
    of = {"resource": ORDERS.name, "id": document["id"]}
    if found:
        connection.execute(sa.insert(terms), [of | {"path": path, "value": value} for path, value in found])


def a_row(document: dict[str, Any]) -> dict[str, Any]:
    return {
        "resource": ORDERS.name,
        "id": document["id"],
        "owner": document["description"][:1] if document.get("description", "").startswith("o") else "acme",
        "customer_id": "C1",
        "state": document["state"],
        "shown_state": document["state"],
        "created_at": document["creationDate"].replace("Z", "000Z"),
        "changed_at": document["creationDate"].replace("Z", "000Z"),
        "version": 1,
        "carried": "{}",
        "aggregate": "{}",
        "document": jsontext.text(document),
    }
