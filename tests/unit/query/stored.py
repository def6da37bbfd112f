"""Documents put into a database past the product, so that a test may choose them freely."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

import jsontext
from adapters.persistence.database import Database
from adapters.persistence.search import PRODUCT_ORDERS
from adapters.persistence.tables import documents, terms
from adapters.persistence.terms import terms_of


def store(database: Database, sample: Iterable[dict[str, Any]]) -> None:
    with database.writing() as connection:
        for document in sample:
            connection.execute(sa.insert(documents), a_row(document))
            found = terms_of(document, PRODUCT_ORDERS.indexed)
            if found:
                rows = [{"path": path, "value": value, "order_id": document["id"]} for path, value in found]
                connection.execute(sa.insert(terms), rows)
        connection.commit()


def a_row(document: dict[str, Any]) -> dict[str, Any]:
    return {
        "order_id": document["id"],
        "owner": document["description"][:1] if document.get("description", "").startswith("o") else "acme",
        "customer_id": "C1",
        "state": document["state"],
        "ordered_at": document["creationDate"].replace("Z", "000Z"),
        "version": 1,
        "carried": "{}",
        "document": jsontext.text(document),
    }
