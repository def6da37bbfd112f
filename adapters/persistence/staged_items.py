"""Items as one import sees them: those of the catalog, changed by what it has staged so far."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from adapters.persistence.aggregates import Seen, aggregate_of
from adapters.persistence.prepared import Prepared, among
from adapters.persistence.rows import Rows
from adapters.persistence.staged_changes import ADDED, Changes
from adapters.persistence.tables import documents, staged_rows
from adapters.persistence.visibility import is_visible
from canonical.catalog.item import Item
from canonical.shared import jsontext
from canonical.shared.aggregates import Kind
from canonical.shared.projection import Projector

AT_ONCE = 500
"""Items in one statement."""
_ASKED = Prepared(
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
        among(documents.c.reference, "asked"),
    )
)
"""Not in order: SQLite would go through all items of the kind to have them in the order of their ids."""

ReadStaged = Callable[[str, Collection[str], Prepared, Mapping[str, Any]], Sequence[Any]]
"""Rows of the kind with this name and these references, as they are once everything that was staged is written."""


@dataclass(slots=True)
class _Known:
    """What was there of an item: the version of its row, what it shows, and whether this import wrote it."""

    version: int
    document: str
    added: bool
    staged: bool


class StagedItems:
    """The core's `ImportedItems`: what one chunk reads and changes. `changes` are what has to be written then."""

    def __init__(self, read: ReadStaged, kind: Kind[Any], project: Projector, job_id: str) -> None:
        self._read_rows = read
        self._kind = kind
        self._rows = Rows(kind, project)
        self._job_id = job_id
        self._seen: dict[str, Seen[Any]] = {}
        self._known: dict[str, _Known] = {}
        self._by_reference: dict[str, list[Item]] = {}
        self._carried_for_new: dict[str, Any] = {}

    def add(self, aggregate: Any) -> None:
        self._seen[aggregate.id] = Seen(aggregate, self._carried_for_new)
        self.versions(aggregate.item_id).append(aggregate)

    def get(self, aggregate_id: str) -> Any:
        """One of those that `versions` gave."""
        return self._seen[aggregate_id].aggregate

    def forget(self, aggregate_id: str) -> None:
        del self._by_reference[self._seen.pop(aggregate_id).aggregate.item_id]

    def versions(self, reference: str) -> list[Any]:
        if reference not in self._by_reference:
            self.expect([reference])
        return self._by_reference[reference]

    def expect(self, references: Sequence[str]) -> None:
        """Read the versions of many at once."""
        for begin in range(0, len(references), AT_ONCE):
            some = [one for one in references[begin : begin + AT_ONCE] if one not in self._by_reference]
            asked = {"resource": self._kind.name, "asked": jsontext.text(some), "job": self._job_id}
            self._by_reference |= {one: [] for one in some}
            found = self._read_rows(self._kind.name, some, _ASKED, asked)
            for row in sorted(found, key=lambda row: str(row.id)):
                self._by_reference[row.reference].append(self._read(row))

    def carry(self, item_id: str | None, carried: dict[str, Any]) -> None:
        if item_id is None:
            self._carried_for_new = carried
        else:
            self._seen[item_id].carried, self._seen[item_id].carried_changed = carried, True

    def shows_the_same(self, item: Item, carried: Mapping[str, Any]) -> bool:
        seen = self._seen[item.id]
        known = None if seen.has_changed() else self._known.get(item.id)
        kept = self._rows.projection(item, seen.carried).document if known is None else known.document
        shown = self._rows.projection(item, dict(carried)).document
        return shown == kept or jsontext.read_kept(shown) == jsontext.read_kept(kept)

    def is_staged(self, item: Item) -> bool:
        known = self._known.get(item.id)
        return known is None or known.staged or self._seen[item.id].has_changed()

    def changes(self) -> Changes:
        made = Changes(self._kind.name, self._job_id)
        changed, touched = set[str](), set[str]()
        for seen in self._seen.values():
            item = seen.aggregate
            if item.version == ADDED:
                touched.add(item.item_id)
                self._add(seen, made)
            elif seen.has_changed():
                changed.add(item.id)
                self._change(seen, made)
        self._rely_on_the_rest(changed, touched, made)
        made.references = frozenset(touched | {self._seen[one].aggregate.item_id for one in changed})
        return made

    def _read(self, row: Any) -> Item:
        image = {} if row.image is None else jsontext.read_kept(row.image)
        text, carried = image.get("aggregate", row.aggregate), image.get("carried", row.carried)
        item: Item = aggregate_of(self._kind, text, row.version)
        added = row.staged_by == self._job_id
        self._known[item.id] = _Known(row.version, image.get("document", row.document), added, added or bool(image))
        self._seen[item.id] = Seen(item, jsontext.read_kept(carried), read=text)
        return item

    def _add(self, seen: Seen[Any], made: Changes) -> None:
        item = seen.aggregate
        _silence(item)
        projection = self._rows.projection(item, seen.carried)
        row = self._rows.next_row(item, seen.carried, projection) | self._rows.new(item, self._job_id)
        made.add(item.id, row, self._rows.terms(item, projection))

    def _change(self, seen: Seen[Any], made: Changes) -> None:
        item, known = seen.aggregate, self._known[seen.aggregate.id]
        _silence(item)
        projection = self._rows.projection(item, seen.carried)
        row, indexed = self._rows.next_row(item, seen.carried, projection), self._rows.terms(item, projection)
        if known.added:
            made.replace(item.id, row, indexed)
        else:
            made.note(item.id, known.version, jsontext.text(row | {"terms": sorted(indexed)}))

    def _rely_on_the_rest(self, changed: set[str], touched: set[str], made: Changes) -> None:
        """Note the versions of what was added to that stay as they are: they must still be so in the end."""
        for reference in sorted(touched):
            for item in self._by_reference[reference]:
                known = self._known.get(item.id)
                if known is not None and item.id not in changed and not known.staged:
                    made.note(item.id, known.version, None)


def _silence(item: Item) -> None:
    """An import tells of all it brings by one event: those of the items are not kept, and not counted either."""
    item.recorded -= len(item.events)
    item.events.clear()
