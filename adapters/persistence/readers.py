"""What a reader sees, as SQL."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from adapters.persistence.prepared import Prepared
from adapters.persistence.tables import documents
from canonical.shared.reader import CustomerSet, Reader


def seen(reader: Reader, owner: sa.Column[str], order_id: sa.Column[str]) -> list[sa.ColumnElement[bool]]:
    """The conditions under which a row is seen; `owner` and `order_id` are columns of it."""
    found = [] if reader.everybody else [owner == reader.client]
    if reader.customers is not None:
        order = documents if order_id.table is documents else documents.alias()
        unnamed = sa.and_(order.c.customer_id == "", order.c.owner == reader.client)
        known = sa.or_(_among(reader.customers, order.c.customer_id), unnamed)
        if order is not documents:
            known = sa.exists().where(order.c.order_id == order_id, known)
        found.append(known)
    return found


def _among(customers: CustomerSet, customer: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    begins = (sa.func.substr(customer, 1, len(prefix)) == prefix for prefix in customers.prefixes)
    return sa.or_(customer.in_(sorted(customers.ids)), *begins)


class Readable:
    """A statement with named values that finds what a reader sees. It is prepared for readers of all customers."""

    def __init__(self, statement: sa.Select[*tuple[Any, ...]], owner: sa.Column[str], order_id: sa.Column[str]) -> None:
        self._statement = statement
        self._columns = owner, order_id
        self._everybodys = Prepared(statement)
        self._own = Prepared(statement.where(owner == sa.bindparam("owner")))

    def execute(self, connection: sa.Connection, reader: Reader, values: Mapping[str, Any]) -> sa.CursorResult[Any]:
        if reader.customers is not None:
            return connection.execute(self._statement.where(*seen(reader, *self._columns)), values)
        if reader.everybody:
            return self._everybodys.execute(connection, values)
        return self._own.execute(connection, {**values, "owner": reader.client})
