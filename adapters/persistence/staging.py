"""What imports stage: rows that nobody sees, changes that are not made yet, and how far each import is.

What an import adds stands in `documents` from the start, and is seen once the import's row in `imports` is gone. What
it changes stands in `staged_rows` as the row is to be. So making all of it visible is one short transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from adapters.persistence.database import Database, insert_once
from adapters.persistence.staging_run import StagingRun
from adapters.persistence.tables import documents, import_errors, imports, publications, staged_rows, terms
from canonical.catalog.jobs import Counts
from canonical.processes.catalog_files import LineError
from canonical.processes.import_catalog import Cursor
from canonical.shared.projection import Projector

MANY = 1_000
"""Rows that are removed in one transaction."""


class SqlStaging:
    """The core's `Staging`."""

    def __init__(self, database: Database, projectors: Mapping[str, Projector]) -> None:
        self._database = database
        self._projectors = projectors

    def open(self, job_id: str) -> None:
        with self._database.writing() as connection:
            turns = connection.scalar(sa.select(publications.c.turns))
            begun = dict.fromkeys(("offset", "line", "added", "changed", "unchanged", "wrong"), 0)
            insert_once(connection, imports, {"job": job_id, "turns": turns, **begun, "ended": False})
            connection.commit()

    def cursor(self, job_id: str) -> Cursor | None:
        with self._database.reading() as connection:
            row = connection.execute(sa.select(imports).where(imports.c.job == job_id)).first()
        if row is None:
            return None
        counts = Counts(row.added, row.changed, row.unchanged, row.wrong)
        return Cursor(row.offset, row.line, row.ended, counts)

    def run(self, job_id: str) -> StagingRun:
        return StagingRun(self._database, self._projectors, job_id)

    def errors(self, job_id: str) -> Sequence[LineError]:
        found = import_errors.c
        query = sa.select(found.line, found.pointer, found.code, found.message).where(found.job == job_id)
        with self._database.reading() as connection:
            return [LineError(*row) for row in connection.execute(query.order_by(found.number))]

    def discard(self, job_id: str) -> None:
        """The row in `imports` last: until then nobody sees what is left."""
        added = sa.select(staged_rows.c.resource, staged_rows.c.id).where(staged_rows.c.job == job_id)
        while rows := self._some(added):
            with self._database.writing() as connection:
                for resource in {row.resource for row in rows}:
                    ids = [row.id for row in rows if row.resource == resource]
                    mine = (documents.c.resource == resource, documents.c.id.in_(ids), documents.c.staged_by == job_id)
                    gone = list(connection.scalars(sa.select(documents.c.id).where(*mine)))
                    connection.execute(sa.delete(documents).where(*mine))
                    connection.execute(sa.delete(terms).where(terms.c.resource == resource, terms.c.id.in_(gone)))
                _forget_rows(connection, job_id, rows)
                connection.commit()
        with self._database.writing() as connection:
            connection.execute(sa.delete(imports).where(imports.c.job == job_id))
            connection.commit()

    def forget(self, job_id: str) -> None:
        kept = sa.select(staged_rows.c.resource, staged_rows.c.id).where(staged_rows.c.job == job_id)
        while rows := self._some(kept):
            with self._database.writing() as connection:
                _forget_rows(connection, job_id, rows)
                connection.commit()

    def _some(self, query: sa.Select[Any]) -> Sequence[Any]:
        with self._database.reading() as connection:
            return connection.execute(query.limit(MANY)).all()


def _forget_rows(connection: sa.Connection, job_id: str, rows: Iterable[Any]) -> None:
    for resource in {row.resource for row in rows}:
        ids = [row.id for row in rows if row.resource == resource]
        these = (staged_rows.c.job == job_id, staged_rows.c.resource == resource, staged_rows.c.id.in_(ids))
        connection.execute(sa.delete(staged_rows).where(*these))
