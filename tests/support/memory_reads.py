"""What the edge reads of a store in memory."""

import copy
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from canonical.listeners.errors import ListenerNotFound
from canonical.listeners.listener import Listener
from canonical.shared.aggregates import A, Kind
from canonical.shared.editions import Named
from canonical.shared.idempotency import KeptAnswer
from canonical.shared.paging import Found, Slice
from canonical.shared.projection import Listed, StoredDocument
from canonical.shared.reader import ALL, Reader
from tests.support.memory import Memory
from tests.support.memory_rows import Row, is_shown, row_of, rows_of, slice_of


@dataclass(frozen=True)
class ListenersFromMemory:
    """The edge's reads of listeners over a Memory."""

    memory: Memory

    def find(self, listener_id: str, owner: str) -> Listener:
        found = self.memory.listeners.get(listener_id)
        if found is None or found.owner != owner:
            raise ListenerNotFound("Listener not found", listenerId=listener_id)
        return found


class ReadsFromMemory:
    """The edge's reads over a Memory."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def aggregate(self, kind: Kind[A], asked: str | Named, reader: Reader) -> A:
        found: A = copy.deepcopy(row_of(self._memory.rows, kind, asked, reader).aggregate)
        return found

    def aggregates(self, kind: Kind[A], reader: Reader, part: Slice) -> Found[A]:
        return slice_of(rows_of(self._memory.rows, kind, reader), part, lambda row: copy.deepcopy(row.aggregate))

    def document(self, kind: Kind[A], asked: str | Named, reader: Reader) -> StoredDocument:
        return _shown(row_of(self._memory.rows, kind, asked, reader))

    def revision(self, kind: Kind[A], asked: str | Named, reader: Reader) -> StoredDocument:
        return self.document(kind, asked, reader)

    def documents(
        self,
        kind: Kind[A],
        index: Any,
        reader: Reader,
        part: Slice,
        criterion: Any = None,
        sort: Any = (),
        at: datetime | None = None,
    ) -> Found[Listed]:
        rows = [row for row in rows_of(self._memory.rows, kind, reader) if at is None or is_shown(row.aggregate, at)]
        return slice_of(rows, part, lambda row: _listed(kind, row))

    def to_change(self, kind: Kind[A], asked: str | Named, reader: Reader) -> tuple[A, dict[str, Any], StoredDocument]:
        with self._memory.turn:
            row = row_of(self._memory.rows, kind, asked, reader)
            return copy.deepcopy(row.aggregate), copy.deepcopy(row.carried), _shown(row)

    def state_of(self, kind: Kind[A], aggregate_id: str) -> str:
        row = self._memory.rows.get((kind.name, aggregate_id))
        if row is None:
            raise kind.missing(aggregate_id)
        return str(row.aggregate.state)

    def newest(self, kind: Kind[A], reference: str, but: Collection[str]) -> A | None:
        found = (
            row.aggregate
            for row in rows_of(self._memory.rows, kind, ALL)
            if kind.reference(row.aggregate) == reference and row.aggregate.state not in but
        )
        return copy.deepcopy(next(found, None))

    def kept_answer(self, owner: str, key: str) -> KeptAnswer | None:
        return self._memory.keys.get((owner, key))


def _shown(row: Row) -> StoredDocument:
    edition = getattr(row.aggregate, "edition", None)
    return StoredDocument(
        row.projection.state, row.aggregate.version, edition, row.aggregate.id, row.projection.document
    )


def _listed(kind: Kind[Any], row: Row) -> Listed:
    edition = getattr(row.aggregate, "edition", None)
    aggregate = row.aggregate
    return Listed(aggregate.id, row.projection.document, kind.reference(aggregate), edition, aggregate.version)
