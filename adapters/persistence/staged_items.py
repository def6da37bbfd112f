"""Items as one import sees them: those of the catalog, changed by what it has staged so far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from adapters.persistence.aggregates import Seen, SqlAggregateRepository, aggregate_of
from adapters.persistence.prepared import Prepared
from adapters.persistence.tables import documents, staged_rows, terms
from adapters.persistence.visibility import is_visible
from canonical.catalog.item import Item
from canonical.shared import jsontext
from canonical.shared.aggregates import Kind
from canonical.shared.projection import Projector

ADDED = 0
AT_ONCE = 500
"""Items in one statement."""
_FOUND = (
    sa.select(
        documents.c.id,
        documents.c.reference,
        documents.c.aggregate,
        documents.c.version,
        documents.c.carried,
        documents.c.document,
        documents.c.staged_by,
        staged_rows.c.image,
    )
    .select_from(
        documents.outerjoin(
            staged_rows,
            sa.and_(
                staged_rows.c.job == sa.bindparam("job"),
                staged_rows.c.resource == documents.c.resource,
                staged_rows.c.id == documents.c.id,
            ),
        )
    )
    .where(
        documents.c.resource == sa.bindparam("resource"),
        sa.or_(is_visible(), documents.c.staged_by == sa.bindparam("job")),
    )
    .order_by(documents.c.id)
)
_VERSIONS = Prepared(_FOUND.where(documents.c.reference == sa.bindparam("asked")))
_EXPECTED = _FOUND.where(documents.c.reference.in_(sa.bindparam("asked", expanding=True)))
_INSERT, _INSERT_TERM, _NOTE = (Prepared(sa.insert(table)) for table in (documents, terms, staged_rows))
_OF = (documents.c.resource == sa.bindparam("of_resource"), documents.c.id == sa.bindparam("of_id"))


@dataclass(slots=True)
class _Known:
    """What was there of an item: the version of its row, what it shows, and whether this import wrote it."""

    version: int
    document: str
    added: bool
    staged: bool


class StagedItems(SqlAggregateRepository[Any]):
    """The core's `ImportedItems`. What is saved is staged, in few statements for all of a chunk."""

    def __init__(self, connection: sa.Connection, kind: Kind[Any], project: Projector, job_id: str) -> None:
        super().__init__(connection, kind, project)
        self._projector = project
        self._job_id = job_id
        self._known: dict[str, _Known] = {}
        self._by_reference: dict[str, list[Item]] = {}

    def add(self, aggregate: Any) -> None:
        super().add(aggregate)
        self.versions(aggregate.item_id).append(aggregate)

    def get(self, aggregate_id: str) -> Any:
        """One of those that `versions` gave."""
        return self._seen[aggregate_id].aggregate

    def versions(self, reference: str) -> list[Any]:
        found = self._by_reference.get(reference)
        if found is None:
            asked = {"resource": self._kind.name, "asked": reference, "job": self._job_id}
            rows = _VERSIONS.execute(self._connection, asked).all()
            found = self._by_reference[reference] = [self._read(row) for row in rows]
        return found

    def expect(self, references: Sequence[str]) -> None:
        """Read the versions of many at once."""
        for begin in range(0, len(references), AT_ONCE):
            some = [one for one in references[begin : begin + AT_ONCE] if one not in self._by_reference]
            asked = {"resource": self._kind.name, "asked": some, "job": self._job_id}
            self._by_reference |= {one: [] for one in some}
            for row in self._connection.execute(_EXPECTED, asked).all():
                self._by_reference[row.reference].append(self._read(row))

    def shows_the_same(self, item: Item, carried: Mapping[str, Any]) -> bool:
        seen = self._seen[item.id]
        known = None if self._has_changed(seen) else self._known.get(item.id)
        kept = self._projected(seen).document if known is None else known.document
        shown = self._projector(item, dict(carried)).document
        return shown == kept or jsontext.read_kept(shown) == jsontext.read_kept(kept)

    def is_staged(self, item: Item) -> bool:
        known = self._known.get(item.id)
        return known is None or known.staged or self._has_changed(self._seen[item.id])

    def save(self) -> None:
        added, changed = [], []
        for seen in self._seen.values():
            if seen.aggregate.version == ADDED:
                added.append(seen)
            elif self._has_changed(seen):
                changed.append(seen)
            _silence(seen.aggregate)
        self._insert_all(added)
        for seen in changed:
            self._change(seen)
        self._rely_on_the_rest({seen.aggregate.id for seen in changed}, {seen.aggregate.item_id for seen in added})

    def _read(self, row: Any) -> Item:
        image = {} if row.image is None else jsontext.read_kept(row.image)
        text, carried = image.get("aggregate", row.aggregate), image.get("carried", row.carried)
        item: Item = aggregate_of(self._kind, text, row.version)
        added = row.staged_by == self._job_id
        self._known[item.id] = _Known(row.version, image.get("document", row.document), added, added or bool(image))
        self._seen[item.id] = Seen(item, jsontext.read_kept(carried), read=text)
        return item

    def _insert_all(self, added: list[Seen[Any]]) -> None:
        rows, indexed, notes = [], [], []
        for seen in added:
            item, projection = seen.aggregate, self._projected(seen)
            rows.append(self._next_row(seen, projection) | self._new(item, self._job_id))
            key = {"resource": self._kind.name, "id": item.id}
            indexed += [key | {"path": path, "value": value} for path, value in self._terms(item, projection)]
            notes.append(key | {"job": self._job_id, "version": ADDED, "image": None})
        for statement, values in ((_INSERT, rows), (_INSERT_TERM, indexed), (_NOTE, notes)):
            statement.execute_many(self._connection, values)

    def _change(self, seen: Seen[Any]) -> None:
        item = seen.aggregate
        projection, known = self._projected(seen), self._known[item.id]
        row, indexed = self._next_row(seen, projection), sorted(self._terms(item, projection))
        of = {"of_resource": self._kind.name, "of_id": item.id}
        if known.added:
            self._connection.execute(sa.update(documents).where(*_OF).values(row), of)
            mine = (terms.c.resource == self._kind.name, terms.c.id == item.id)
            self._connection.execute(sa.delete(terms).where(*mine))
            key = {"resource": self._kind.name, "id": item.id}
            _INSERT_TERM.execute_many(
                self._connection, [key | {"path": path, "value": value} for path, value in indexed]
            )
        else:
            self._note(item.id, known.version, jsontext.text(row | {"terms": indexed}))

    def _rely_on_the_rest(self, changed: set[str], touched: set[str]) -> None:
        """Note the versions of what was added to that stay as they are: they must still be so in the end."""
        for reference in sorted(touched):
            for item in self._by_reference[reference]:
                known = self._known.get(item.id)
                if known is not None and item.id not in changed and not known.staged:
                    self._note(item.id, known.version, None)

    def _note(self, item_id: str, version: int, image: str | None) -> None:
        key = {"job": self._job_id, "resource": self._kind.name, "id": item_id}
        mine = [staged_rows.c[name] == value for name, value in key.items()]
        self._connection.execute(sa.delete(staged_rows).where(*mine))
        _NOTE.execute(self._connection, key | {"version": version, "image": image})


def _silence(item: Item) -> None:
    """An import tells of all it brings by one event: those of the items are not kept, and not counted either."""
    item.recorded -= len(item.events)
    item.events.clear()
