"""External ids that several orders of a client have, from times when they were not unique or as agreed with it."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from adapters.persistence.database import Database
from adapters.persistence.search_index import term
from adapters.persistence.tables import documents, external_id_claims, terms
from canonical.ordering.order import ORDERS
from canonical.ordering.states import UNSUCCESSFUL
from canonical.shared import jsontext
from canonical.shared.external_identifier import ExternalIdentifier

AT_ONCE = 200
"""Ids that are looked up by one statement."""
_SHARED = (terms.c.resource == ORDERS.name, terms.c.path == "externalId.id")


@dataclass(frozen=True, slots=True)
class Duplicate:
    """`orders` of the client `owner` that have the identifier, oldest first. It belongs to the order `holder`, or to
    none of them.
    """

    owner: str
    identifier: ExternalIdentifier
    orders: tuple[str, ...]
    holder: str


def duplicates(database: Database) -> Iterator[Duplicate]:
    """Orders of which nothing came do not count."""
    after = ""
    while True:
        shared = sa.select(terms.c.value).where(*_SHARED, terms.c.value > after).group_by(terms.c.value)
        shared = shared.having(sa.func.count() > 1).order_by(terms.c.value).limit(AT_ONCE)
        with database.reading() as connection:
            values = list(connection.scalars(shared))
            found = list(_duplicates(connection, values)) if values else []
        if not values:
            return
        yield from found
        after = values[-1]


def _duplicates(connection: sa.Connection, values: Sequence[str]) -> Iterator[Duplicate]:
    ids = sa.select(terms.c.id).where(*_SHARED, terms.c.value.in_(values))
    query = sa.select(documents.c.id, documents.c.owner, documents.c.aggregate).where(
        documents.c.resource == ORDERS.name, documents.c.state.not_in(UNSUCCESSFUL), documents.c.id.in_(ids)
    )
    having: dict[tuple[str, ExternalIdentifier], list[str]] = defaultdict(list)
    for row in connection.execute(query.order_by(documents.c.id)):
        known = jsontext.read_kept(row.aggregate).get("external_identifiers", ())
        for one in sorted({ExternalIdentifier(**identifier) for identifier in known}):
            having[row.owner, one].append(row.id)
    for (owner, one), orders in having.items():
        # An order may share another of its ids, too: that one is listed with the values that it belongs to.
        if len(orders) > 1 and term(one.id) in values:
            yield Duplicate(owner, one, tuple(orders), _holder(connection, owner, one))


def _holder(connection: sa.Connection, owner: str, one: ExternalIdentifier) -> str:
    key = external_id_claims.c
    named = (key.owner == owner, key.system == one.owner, key.type == one.type, key.external_id == one.id)
    return connection.scalar(sa.select(key.order_id).where(*named)) or "none of them"
