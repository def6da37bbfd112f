"""The orders that a reader sees, as SQL conditions."""

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa

from adapters.persistence.prepared import Prepared
from adapters.persistence.search_index import term
from adapters.persistence.tables import documents, terms
from canonical.shared.reader import CustomerSet, Reader


def seen(reader: Reader) -> list[sa.ColumnElement[bool]]:
    """The conditions under which a row of `documents` is seen."""
    found = [] if reader.everybody else [documents.c.owner == reader.client]
    if reader.customers is not None:
        unnamed = sa.and_(documents.c.customer_id == "", documents.c.owner == reader.client)
        found.append(sa.or_(_among(reader.customers), unnamed))
    return found + [_found_by(path, texts) for path, texts in reader.only]


def _found_by(path: str, texts: Collection[str]) -> sa.ColumnElement[bool]:
    of = terms.c.resource == documents.c.resource, terms.c.id == documents.c.id
    with_text = terms.c.path == path, terms.c.value.in_(sorted(map(term, texts)))
    return sa.exists(sa.select(sa.literal_column("1")).where(*of, *with_text))


def _among(customers: CustomerSet) -> sa.ColumnElement[bool]:
    customer = documents.c.customer_id
    begins = (sa.func.substr(customer, 1, len(prefix)) == prefix for prefix in customers.prefixes)
    return sa.or_(customer.in_(sorted(customers.ids)), *begins)


class Readable:
    """A statement with named values that finds the rows that a reader sees. It is prepared for readers of all
    customers.
    """

    def __init__(self, statement: sa.Select[*tuple[Any, ...]]) -> None:
        self._statement = statement
        self._everybodys = Prepared(statement)
        self._own = Prepared(statement.where(documents.c.owner == sa.bindparam("owner")))

    def execute(self, connection: sa.Connection, reader: Reader, values: Mapping[str, Any]) -> sa.CursorResult[Any]:
        if reader.customers is not None or reader.only:
            return connection.execute(self._statement.where(*seen(reader)), values)
        if reader.everybody:
            return self._everybodys.execute(connection, values)
        return self._own.execute(connection, {**values, "owner": reader.client})
