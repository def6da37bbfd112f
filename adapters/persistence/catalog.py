"""The catalog as orders read it: inside their transaction, so that what they remember was so when they were made."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from adapters.persistence.encoding import decoded, timestamp
from adapters.persistence.prepared import Prepared, among
from adapters.persistence.rows import LINK
from adapters.persistence.search_index import term
from adapters.persistence.tables import documents, terms
from adapters.persistence.visibility import is_visible
from canonical.catalog.item import Item
from canonical.catalog.offering import OFFERING, SKU
from canonical.catalog.references import Reference
from canonical.catalog.rule import RULE, RULES
from canonical.shared import jsontext
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
_ASKED = among(documents.c.reference, "asked")
_EXPECTED = Prepared(
    sa.select(documents.c.reference, documents.c.aggregate)
    .where(documents.c.resource == sa.bindparam("resource"), _ASKED, *_NOT_ENDED, is_visible())
    .order_by(documents.c.shown_from.desc())
)
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
_NAMING_ANY = Prepared(
    sa.select(terms.c.value, terms.c.id).where(
        terms.c.resource == sa.bindparam("resource"),
        terms.c.path == sa.bindparam("path"),
        among(terms.c.value, "values"),
    )
)
"""Without a join, for which SQLite would go through all rules. Few offerings have any."""
_REFERENCES = Prepared(
    sa.select(documents.c.id, documents.c.reference).where(
        documents.c.resource == sa.bindparam("resource"),
        among(documents.c.id, "ids"),
        *_NOT_ENDED,
        is_visible(),
    )
)


class SqlShelf:
    """The core's `Shelf` inside `connection`'s transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._found: dict[tuple[str, str], Item | None] = {}
        self._rules: dict[str, set[str]] = {}

    def expect(self, kind: Kind[Any], item_ids: Collection[str], at: datetime) -> None:
        if not item_ids:
            return
        made: Any = kind.type
        self._found |= {(kind.name, one): None for one in item_ids}
        asked = {"resource": kind.name, "asked": jsontext.text(list(item_ids)), "at": timestamp(at)}
        for row in _EXPECTED.execute(self._connection, asked):
            self._found[kind.name, row.reference] = _item(row.aggregate, made)

    def expect_rules_about(self, offering_ids: Collection[str], at: datetime) -> None:
        by_term = {term(one): one for one in offering_ids}
        asked = {"resource": RULE, "path": f"{LINK}{OFFERING}", "values": jsontext.text(list(by_term))}
        naming = _NAMING_ANY.execute(self._connection, asked).all() if by_term else []
        self._rules |= {one: set() for one in offering_ids}
        if not naming:
            return
        values = {"resource": RULE, "ids": jsontext.text([row.id for row in naming]), "at": timestamp(at)}
        references = {row.id: row.reference for row in _REFERENCES.execute(self._connection, values)}
        for row in naming:
            if row.id in references:
                self._rules[by_term[row.value]].add(references[row.id])
        self.expect(RULES, sorted(set(references.values())), at)

    def find(self, kind: Kind[Any], reference: Reference, at: datetime) -> Item | None:
        if reference.edition is None and (kind.name, reference.id) in self._found:
            return self._found[kind.name, reference.id]
        values = {"resource": kind.name, "asked": reference.id, "edition": reference.edition, "at": timestamp(at)}
        statement = _BY_MOMENT if reference.edition is None else _BY_EDITION
        body = statement.execute(self._connection, values).scalar()
        made: Any = kind.type
        return None if body is None else _item(body, made)

    def with_sku(self, sku: str, at: datetime) -> Sequence[str]:
        values = {"resource": OFFERING, "path": f"{LINK}{SKU}", "value": term(sku), "at": timestamp(at)}
        return list(_NAMING.execute(self._connection, values).scalars())

    def rules_about(self, offering_id: str, at: datetime) -> Sequence[Item]:
        if offering_id not in self._rules:
            self.expect_rules_about([offering_id], at)
        found = (self.find(RULES, Reference(one), at) for one in sorted(self._rules[offering_id]))
        return [rule for rule in found if rule is not None]


def _item(body: str, kind: Any) -> Any:
    return _remembered(body, kind) if len(body) <= LONGEST_REMEMBERED else decoded(body, kind)


@lru_cache(maxsize=4096)
def _remembered(body: str, kind: Any) -> Any:
    return decoded(body, kind)
