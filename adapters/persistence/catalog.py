"""The catalog as orders read it: inside their transaction, so that what they remember was so when they were made."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from adapters.persistence.encoding import decoded, timestamp
from adapters.persistence.prepared import Prepared
from adapters.persistence.rows import LINK
from adapters.persistence.search_index import term
from adapters.persistence.tables import documents, terms
from adapters.persistence.visibility import is_visible
from canonical.catalog.item import Item
from canonical.catalog.offering import OFFERING, SKU
from canonical.catalog.references import Reference
from canonical.catalog.rule import RULE, RULES
from canonical.shared.aggregates import Kind

LONGEST_REMEMBERED = 16_384
"""Characters of an item that stays in memory: larger ones could fill it."""
_UNTIL = documents.c.shown_until
_NOT_ENDED = (documents.c.shown_from.is_not(None), sa.or_(_UNTIL.is_(None), sa.bindparam("at") < _UNTIL))
"""Versions that are found by their item's id at the moment, or will be. The first of them counts: of an item just
published, also for a node whose clock is behind.
"""
_FOUND = sa.select(documents.c.aggregate).where(
    documents.c.resource == sa.bindparam("resource"), documents.c.reference == sa.bindparam("asked"), is_visible()
)
_BY_MOMENT = Prepared(_FOUND.where(*_NOT_ENDED).order_by(documents.c.shown_from))
_BY_EDITION = Prepared(_FOUND.where(documents.c.edition == sa.bindparam("edition")))
_NAMING = Prepared(
    sa.select(documents.c.reference)
    .join(terms, sa.and_(terms.c.resource == documents.c.resource, terms.c.id == documents.c.id))
    .where(
        terms.c.resource == sa.bindparam("resource"),
        terms.c.path == sa.bindparam("path"),
        terms.c.value == sa.bindparam("value"),
        *_NOT_ENDED,
        is_visible(),
    )
    .distinct()
    .order_by(documents.c.reference)
)


class SqlShelf:
    """The core's `Shelf` inside `connection`'s transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def find(self, kind: Kind[Any], reference: Reference, at: datetime) -> Item | None:
        values = {"resource": kind.name, "asked": reference.id, "edition": reference.edition, "at": timestamp(at)}
        statement = _BY_MOMENT if reference.edition is None else _BY_EDITION
        body = statement.execute(self._connection, values).scalar()
        made: Any = kind.type
        return None if body is None else _item(body, made)

    def with_sku(self, sku: str, at: datetime) -> Sequence[str]:
        values = {"resource": OFFERING, "path": f"{LINK}{SKU}", "value": term(sku), "at": timestamp(at)}
        return list(_NAMING.execute(self._connection, values).scalars())

    def rules_about(self, offering_id: str, at: datetime) -> Sequence[Item]:
        values = {"resource": RULE, "path": f"{LINK}{OFFERING}", "value": term(offering_id), "at": timestamp(at)}
        named = _NAMING.execute(self._connection, values).scalars().all()
        found = (self.find(RULES, Reference(one), at) for one in named)
        return [rule for rule in found if rule is not None]


def _item(body: str, kind: Any) -> Any:
    return _remembered(body, kind) if len(body) <= LONGEST_REMEMBERED else decoded(body, kind)


@lru_cache(maxsize=4096)
def _remembered(body: str, kind: Any) -> Any:
    return decoded(body, kind)
