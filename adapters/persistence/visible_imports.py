"""The end of an import: what it has staged becomes visible, all in the transaction at hand."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from adapters.persistence.aggregates import UPDATE
from adapters.persistence.encoding import decoded
from adapters.persistence.prepared import Prepared
from adapters.persistence.rows import LINK
from adapters.persistence.tables import documents, imports, publications, staged_rows, terms
from adapters.persistence.visibility import is_visible
from canonical.catalog.errors import ImportRefused
from canonical.shared import jsontext
from canonical.shared.aggregates import Kind

MANY = 1_000
"""Rows in one statement."""
_OVERTAKEN = (
    "somebody changed the catalog while the file was imported, so that it does not fit any more: import it again"
)
_FORGET_TERMS = Prepared(
    sa.delete(terms).where(terms.c.resource == sa.bindparam("of_resource"), terms.c.id == sa.bindparam("of_id"))
)
_LAST = sa.select(documents.c.reference, documents.c.aggregate).where(
    documents.c.resource == sa.bindparam("resource"),
    documents.c.reference.in_(sa.bindparam("asked", expanding=True)),
    documents.c.shown_from.is_not(None),
    documents.c.shown_until.is_(None),
    is_visible(),
)
_INSERT_TERM = Prepared(sa.insert(terms))


def make_visible(connection: sa.Connection, job_id: str) -> Mapping[str, Collection[str]]:
    """The references, by their kinds, of items that name others of their kind, if the catalog was changed meanwhile.
    Raises ImportRefused when it was changed so that what is staged does not fit any more.
    """
    connection.execute(sa.update(publications).values(turns=publications.c.turns + 1, count=publications.c.count + 1))
    others_changed = _others_changed(connection, job_id)
    if others_changed:
        _check(connection, job_id)
    _change(connection, job_id)
    connection.execute(sa.delete(imports).where(imports.c.job == job_id))
    return _naming_their_kind(connection, job_id) if others_changed else {}


def current(connection: sa.Connection, kind: Kind[Any], references: Collection[str]) -> Mapping[str, Any]:
    """The contents, by reference, of the versions that will be found by their references in the end."""
    asked, found = sorted(references), dict[str, Any]()
    for begin in range(0, len(asked), MANY):
        some = {"resource": kind.name, "asked": asked[begin : begin + MANY]}
        found |= {row.reference: decoded(row.aggregate, kind.type).contents for row in connection.execute(_LAST, some)}
    return found


def _naming_their_kind(connection: sa.Connection, job_id: str) -> Mapping[str, Collection[str]]:
    of_item = sa.and_(terms.c.resource == staged_rows.c.resource, terms.c.id == staged_rows.c.id)
    this_item = sa.and_(documents.c.resource == staged_rows.c.resource, documents.c.id == staged_rows.c.id)
    query = sa.select(documents.c.resource, documents.c.reference).distinct().join_from(staged_rows, terms, of_item)
    mine = (staged_rows.c.job == job_id, terms.c.path == sa.literal(LINK) + staged_rows.c.resource)
    found: dict[str, list[str]] = {}
    for row in connection.execute(query.join(documents, this_item).where(*mine)):
        found.setdefault(row.resource, []).append(row.reference)
    return found


def _others_changed(connection: sa.Connection, job_id: str) -> bool:
    """Whether the catalog was changed since the import began, but for the turn that is ours."""
    begun = sa.select(imports.c.turns).where(imports.c.job == job_id).scalar_subquery()
    return bool(connection.scalar(sa.select(publications.c.turns > begun + 1)))


def _check(connection: sa.Connection, job_id: str) -> None:
    """Each version that was relied on is as it was, and no item that was added to has another one."""
    now, noted = documents.alias("now"), staged_rows.alias("noted")
    mine = sa.and_(staged_rows.c.job == job_id, staged_rows.c.version == 0)
    same_item = sa.and_(
        documents.c.resource == now.c.resource, documents.c.reference == now.c.reference, documents.c.id != now.c.id
    )
    relied_on = sa.and_(
        noted.c.job == job_id,
        noted.c.resource == documents.c.resource,
        noted.c.id == documents.c.id,
        noted.c.version == documents.c.version,
    )
    # Inside, so that SQLite looks for other versions of each item by its reference, not among all of its kind.
    other = sa.exists().where(same_item, is_visible(), ~sa.exists().where(relied_on)).correlate(now)
    query = (
        sa.select(staged_rows.c.id)
        .join(now, sa.and_(now.c.resource == staged_rows.c.resource, now.c.id == staged_rows.c.id))
        .where(mine, other)
    )
    gone = (
        sa.select(staged_rows.c.id)
        .outerjoin(
            documents,
            sa.and_(
                documents.c.resource == staged_rows.c.resource,
                documents.c.id == staged_rows.c.id,
                documents.c.version == staged_rows.c.version,
            ),
        )
        .where(staged_rows.c.job == job_id, staged_rows.c.version > 0, documents.c.id.is_(None))
    )
    if connection.execute(query.limit(1)).first() or connection.execute(gone.limit(1)).first():
        raise ImportRefused(_OVERTAKEN)


def _change(connection: sa.Connection, job_id: str) -> None:
    after = ("", "")
    key = sa.tuple_(staged_rows.c.resource, staged_rows.c.id)
    page = sa.select(staged_rows.c.resource, staged_rows.c.id, staged_rows.c.version, staged_rows.c.image).where(
        staged_rows.c.job == job_id, staged_rows.c.image.is_not(None)
    )
    page = page.order_by(staged_rows.c.resource, staged_rows.c.id).limit(MANY)
    while rows := connection.execute(page.where(key > sa.tuple_(*map(sa.literal, after)))).all():
        _change_some(connection, rows)
        after = (rows[-1].resource, rows[-1].id)


def _change_some(connection: sa.Connection, rows: Sequence[Any]) -> None:
    updates, indexed = [], []
    for row in rows:
        image = jsontext.read_kept(row.image)
        indexed += [
            {"resource": row.resource, "id": row.id, "path": path, "value": value} for path, value in image.pop("terms")
        ]
        updates.append(image | {"of_resource": row.resource, "of_id": row.id, "read": row.version})
    if UPDATE.execute_many(connection, updates) != len(updates):
        raise ImportRefused(_OVERTAKEN)
    _FORGET_TERMS.execute_many(connection, updates)
    _INSERT_TERM.execute_many(connection, indexed)
