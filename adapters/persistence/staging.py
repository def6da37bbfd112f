"""What imports stage: rows that nobody sees, changes that are not made yet, and how far each import is.

What an import adds stands in `documents` from the start, and is seen once the import's row in `imports` is gone. What
it changes stands in `staged_rows` as the row is to be. So making all of it visible is one short transaction.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from adapters.persistence.database import Database, insert_once
from adapters.persistence.staged_items import StagedItems
from adapters.persistence.tables import documents, import_errors, imports, publications, staged_rows, terms
from canonical.catalog.commands import CreateItem
from canonical.catalog.errors import ImportRefused
from canonical.catalog.jobs import Counts
from canonical.processes.catalog_files import LineError
from canonical.processes.import_catalog import Cursor
from canonical.shared.aggregates import A, Kind, Link, Repository
from canonical.shared.errors import ConcurrentChange
from canonical.shared.projection import Projector

MOST_ERRORS = 1_000
"""Of one import that are kept; all are counted."""
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

    def chunk(self, job_id: str, cursor: Cursor) -> "SqlStagingWork":
        return SqlStagingWork(self._database, self._projectors, job_id, cursor)

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


class _Unheard:
    """The turns of changes of the catalog: what is staged takes none, since nobody sees it."""

    def take_turn(self) -> None:
        pass

    def count(self) -> None:
        pass


class SqlStagingWork:
    """The core's `StagingWork`: a chunk is staged and its import goes on, or neither."""

    def __init__(self, database: Database, projectors: Mapping[str, Projector], job_id: str, cursor: Cursor) -> None:
        self._database = database
        self._projectors = projectors
        self._job_id = job_id
        self._cursor = cursor
        self._items: dict[str, StagedItems] = {}
        self.publications = _Unheard()
        self._transaction: AbstractContextManager[sa.Connection]
        self._connection: sa.Connection

    def __enter__(self) -> Self:
        self._transaction = self._database.writing()
        self._connection = self._transaction.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transaction.__exit__(kind, error, trace)

    def repository(self, kind: Kind[A]) -> Repository[A]:
        return self.items(kind)

    def items(self, kind: Kind[Any]) -> StagedItems:
        if kind.name not in self._items:
            self._items[kind.name] = StagedItems(self._connection, kind, self._projectors[kind.name], self._job_id)
        return self._items[kind.name]

    def expect(self, commands: Collection[CreateItem]) -> None:
        """Read what is there of the items, in a few statements for all."""
        for kind in {command.kind.name: command.kind for command in commands}.values():
            ids = {one.item_id for one in commands if one.kind.name == kind.name and one.item_id is not None}
            self.items(kind).expect(sorted(ids))

    def referring(self, link: Link, kinds: Iterable[str], but: Collection[str]) -> str | None:
        """Nothing is removed by an import."""
        return None

    def advance(self, cursor: Cursor, errors: Collection[LineError]) -> None:
        """Raises ConcurrentChange."""
        self.save()
        counts = cursor.counts
        values = {"offset": cursor.offset, "line": cursor.line, "ended": cursor.ended, "wrong": counts.wrong}
        values |= {"added": counts.added, "changed": counts.changed, "unchanged": counts.unchanged}
        before = (imports.c.job == self._job_id, imports.c.offset == self._cursor.offset, sa.not_(imports.c.ended))
        if self._connection.execute(sa.update(imports).where(*before).values(values)).rowcount != 1:
            raise ConcurrentChange("another run of this import was first")
        self._keep(errors)

    def _keep(self, errors: Collection[LineError]) -> None:
        kept = sa.select(sa.func.count()).where(import_errors.c.job == self._job_id)
        known = self._connection.scalar(kept) or 0 if errors else 0
        rows = [
            {"job": self._job_id, "number": known + index, "line": one.line, "pointer": one.pointer}
            | {"code": one.code, "message": one.message}
            for index, one in enumerate(errors)
        ][: max(0, MOST_ERRORS - known)]
        if rows:
            self._connection.execute(sa.insert(import_errors), rows)

    def save(self) -> None:
        try:
            for items in self._items.values():
                items.save()
        except IntegrityError as error:
            text = "somebody else adds the same versions at this moment: import the file again when that has ended"
            raise ImportRefused(text) from error

    def commit(self) -> None:
        self._connection.commit()
