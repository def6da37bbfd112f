"""One run of an import: chunks are prepared and written, one after the other."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from adapters.persistence.database import Database
from adapters.persistence.prepared import Prepared
from adapters.persistence.staged_changes import PreparedChanges
from adapters.persistence.staged_items import StagedItems
from adapters.persistence.tables import import_errors, imports
from canonical.catalog.commands import CreateItem
from canonical.catalog.errors import ImportRefused
from canonical.processes.catalog_files import LineError
from canonical.processes.import_catalog import Cursor
from canonical.shared.aggregates import A, Kind, Link, Repository
from canonical.shared.errors import ConcurrentChange
from canonical.shared.projection import Projector

MOST_ERRORS = 1_000
"""Of one import that are kept; all are counted."""


class StagingRun:
    """The core's `StagingRun`. Rows are made before the transaction begins that writes them.

    On PostgreSQL a thread of the run writes a chunk while the next one is prepared. On SQLite the run does nothing else
    meanwhile: all other writers wait for the end of that transaction, and it would compete with them for
    the interpreter.
    """

    def __init__(self, database: Database, projectors: Mapping[str, Projector], job_id: str) -> None:
        self.projectors = projectors
        self.job_id = job_id
        self.dialect = database.engine.dialect.name
        self._database = database
        self._writer = ThreadPoolExecutor(1, "staging")
        self._under_way: Future[None] | None = None
        self._changing: Sequence[PreparedChanges] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._writer:
            if error is None:
                self.settle()

    def chunk(self, cursor: Cursor) -> "StagedChunk":
        return StagedChunk(self, cursor)

    def settle(self) -> None:
        """Wait until everything is written. Raises what is wrong with that."""
        under_way, self._under_way, self._changing = self._under_way, None, ()
        if under_way is not None:
            under_way.result()

    def read(
        self, resource: str, references: Collection[str], statement: Prepared, values: Mapping[str, Any]
    ) -> Sequence[Any]:
        if any(one.resource == resource and not one.references.isdisjoint(references) for one in self._changing):
            self.settle()
        with self._database.reading() as connection:
            return statement.execute(connection, values).all()

    def write(
        self, changes: Sequence[PreparedChanges], before: Cursor, cursor: Cursor, errors: Collection[LineError]
    ) -> None:
        """Raises what is wrong with the chunk before."""
        self.settle()
        if self.dialect == "sqlite":
            self._write(changes, before, cursor, errors)
        else:
            self._changing = changes
            self._under_way = self._writer.submit(self._write, changes, before, cursor, errors)

    def _write(
        self, changes: Sequence[PreparedChanges], before: Cursor, cursor: Cursor, errors: Collection[LineError]
    ) -> None:
        self._database.let_others_write()
        with self._database.writing() as connection:
            _advance(connection, self.job_id, before, cursor)
            try:
                for one in changes:
                    one.write(connection)
            except IntegrityError as error:
                text = "somebody else adds the same versions at this moment: import the file again when that has ended"
                raise ImportRefused(text) from error
            if errors:
                _keep(connection, self.job_id, errors)
            connection.commit()


class _Unheard:
    """The turns of changes of the catalog: what is staged takes none, since nobody sees it."""

    def take_turn(self) -> None:
        pass

    def count(self) -> None:
        pass


class StagedChunk:
    """The core's `StagingWork`: a chunk is staged and its import goes on, or neither."""

    def __init__(self, run: StagingRun, cursor: Cursor) -> None:
        self._run = run
        self._cursor = cursor
        self._items: dict[str, StagedItems] = {}
        self.publications = _Unheard()

    def repository(self, kind: Kind[A]) -> Repository[A]:
        return self.items(kind)

    def items(self, kind: Kind[Any]) -> StagedItems:
        if kind.name not in self._items:
            project = self._run.projectors[kind.name]
            self._items[kind.name] = StagedItems(self._run.read, kind, project, self._run.job_id)
        return self._items[kind.name]

    def expect(self, commands: Collection[CreateItem]) -> None:
        """Read what is there of the items, in a few statements for all."""
        for kind in {command.kind.name: command.kind for command in commands}.values():
            ids = {one.item_id for one in commands if one.kind.name == kind.name and one.item_id is not None}
            self.items(kind).expect(sorted(ids))

    def referring(self, link: Link, kinds: Iterable[str], but: Collection[str]) -> str | None:
        """Nothing is removed by an import."""
        return None

    def keep(self, cursor: Cursor, errors: Collection[LineError]) -> None:
        changes = [items.changes().prepared(self._run.dialect) for items in self._items.values()]
        self._run.write(changes, self._cursor, cursor, errors)


def _advance(connection: sa.Connection, job_id: str, before: Cursor, cursor: Cursor) -> None:
    """First of all, so that a run which another one has overtaken writes nothing. Raises ConcurrentChange."""
    counts = cursor.counts
    values = {"offset": cursor.offset, "line": cursor.line, "ended": cursor.ended, "wrong": counts.wrong}
    values |= {"added": counts.added, "changed": counts.changed, "unchanged": counts.unchanged}
    mine = (imports.c.job == job_id, imports.c.offset == before.offset, sa.not_(imports.c.ended))
    if connection.execute(sa.update(imports).where(*mine).values(values)).rowcount != 1:
        raise ConcurrentChange("another run of this import was first")


def _keep(connection: sa.Connection, job_id: str, errors: Collection[LineError]) -> None:
    known = connection.scalar(sa.select(sa.func.count()).where(import_errors.c.job == job_id)) or 0
    rows = [
        {"job": job_id, "number": known + index, "line": one.line, "pointer": one.pointer}
        | {"code": one.code, "message": one.message}
        for index, one in enumerate(errors)
    ][: max(0, MOST_ERRORS - known)]
    if rows:
        connection.execute(sa.insert(import_errors), rows)
