"""What one chunk of an import writes of one kind of aggregate."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from adapters.persistence.bulk import Bulk
from adapters.persistence.rows import DOCUMENT_COLUMNS, TERM_COLUMNS
from adapters.persistence.tables import documents, staged_rows, terms
from canonical.shared.projection import Term

ADDED = 0
"""The version of what is not there yet."""
_NOTE = ("job", "resource", "id", "version", "image")


@dataclass(slots=True)
class Changes:
    """`references` are those of which something is added or changed."""

    resource: str
    job_id: str
    references: frozenset[str] = frozenset()
    _added: list[list[Any]] = field(default_factory=list)
    _replaced: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _terms: defaultdict[Term, list[str]] = field(default_factory=lambda: defaultdict(list))
    _notes: dict[str, list[Any]] = field(default_factory=dict)

    def add(self, item_id: str, row: Mapping[str, Any], indexed: Iterable[Term]) -> None:
        """A row that nobody sees before the import is visible."""
        self._added.append([row[name] for name in DOCUMENT_COLUMNS])
        self._index(item_id, indexed)
        self.note(item_id, ADDED, None)

    def replace(self, item_id: str, row: Mapping[str, Any], indexed: Iterable[Term]) -> None:
        """What a row that the import has added before becomes."""
        self._replaced[item_id] = row
        self._index(item_id, indexed)

    def note(self, item_id: str, version: int, image: str | None) -> None:
        """The version of a row that the import relies on, and what the row becomes, if it changes."""
        self._notes[item_id] = [self.job_id, self.resource, item_id, version, image]

    def prepared(self, dialect: str) -> "PreparedChanges":
        # Equal terms beside one another: they are written to the same pages of the index.
        indexed = [(self.resource, path, value, one) for (path, value), ids in self._terms.items() for one in ids]
        inserts = (
            Bulk(documents, DOCUMENT_COLUMNS, self._added, dialect),
            Bulk(terms, TERM_COLUMNS, indexed, dialect),
            Bulk(staged_rows, _NOTE, self._notes.values(), dialect),
        )
        noted = [item_id for item_id, note in self._notes.items() if note[3] != ADDED]
        return PreparedChanges(self.resource, self.job_id, self.references, self._replaced, noted, inserts)

    def _index(self, item_id: str, indexed: Iterable[Term]) -> None:
        for one in indexed:
            self._terms[one].append(item_id)


@dataclass(frozen=True, slots=True)
class PreparedChanges:
    """The same, so that writing it takes few statements. `noted` are rows of which something may be noted already."""

    resource: str
    job_id: str
    references: frozenset[str]
    replaced: Mapping[str, Mapping[str, Any]]
    noted: Collection[str]
    inserts: Sequence[Bulk]

    def write(self, connection: sa.Connection) -> None:
        """Raises IntegrityError for a version that somebody else added."""
        for item_id, row in self.replaced.items():
            one = (documents.c.resource == self.resource, documents.c.id == item_id)
            connection.execute(sa.update(documents).where(*one).values(row))
        self._forget(connection, terms, self.replaced)
        self._forget(connection, staged_rows, self.noted, staged_rows.c.job == self.job_id)
        for bulk in self.inserts:
            bulk.insert(connection)

    def _forget(
        self, connection: sa.Connection, table: sa.Table, ids: Collection[str], *mine: sa.ColumnElement[bool]
    ) -> None:
        if ids:
            connection.execute(sa.delete(table).where(*mine, table.c.resource == self.resource, table.c.id.in_(ids)))
